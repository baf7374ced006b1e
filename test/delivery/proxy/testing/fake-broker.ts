import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { APIS, createFrameSplitter, readCorrelationId, readRequestHead, type ApiName } from '../frames.ts'

/** A request with a text for its body. */
export function requestFrame({
  api,
  clientId = 'client',
  id,
  body = '',
}: {
  api: ApiName
  clientId?: string
  id: number
  body?: string
}): Buffer {
  const client = Buffer.from(clientId)
  const head = Buffer.alloc(14)
  head.writeInt16BE(APIS[api], 4)
  head.writeInt16BE(3, 6)
  head.writeInt32BE(id, 8)
  head.writeInt16BE(client.length, 12)
  const frame = Buffer.concat([head, client, Buffer.from(body)])
  frame.writeInt32BE(frame.length - 4)
  return frame
}

export interface FakeBroker extends AsyncDisposable {
  readonly address: string
  /** The numbers of the requests that came, in order. */
  readonly got: number[]
  /** So many connections have ended. */
  readonly ended: number
}

/** Answers every request with its number and the text `answer <number>`. */
export async function startFakeBroker(port = 0): Promise<FakeBroker> {
  const got: number[] = []
  const sockets = new Set<Socket>()
  let ended = 0
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      ended++
      sockets.delete(socket)
    })
    const split = createFrameSplitter(frame => {
      const { correlationId } = readRequestHead(frame)
      got.push(correlationId)
      socket.write(answerFrame(correlationId))
    })
    socket.on('data', split)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    get ended() {
      return ended
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

function answerFrame(id: number): Buffer {
  const text = Buffer.from(`answer ${id}`)
  const frame = Buffer.alloc(8 + text.length)
  frame.writeInt32BE(frame.length - 4)
  frame.writeInt32BE(id, 4)
  frame.set(text, 8)
  return frame
}

export interface FakeClient {
  send(frame: Buffer): void
  /** The number of the next answer; 'closed' when the connection ends before. */
  next(): Promise<number | 'closed'>
  close(): void
}

export async function connectTo(address: string): Promise<FakeClient> {
  const [host, port] = address.split(':') as [string, string]
  const socket = connect({ host, port: Number(port) })
  const answers: (number | 'closed')[] = []
  let came = Promise.withResolvers<void>()
  const add = (answer: number | 'closed'): void => {
    answers.push(answer)
    came.resolve()
    came = Promise.withResolvers()
  }
  const split = createFrameSplitter(frame => add(readCorrelationId(frame)))
  socket.on('data', split)
  socket.on('error', () => {})
  socket.on('close', () => add('closed'))
  await once(socket, 'connect')
  return {
    send: frame => void socket.write(frame),
    async next() {
      while (answers.length === 0) await came.promise
      return answers.shift()!
    },
    close: () => void socket.destroy(),
  }
}
