import { connect, type Socket } from 'node:net'

// A client that sends the very bytes a test wants and reads answers off the wire: what a well-behaved HTTP client
// hides (when a connection ends, what came before it did) is what the tests of the server are about.

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Client extends Disposable {
  readonly socket: Socket
  send(...bytes: readonly (string | Uint8Array)[]): void
  /** The next answer; rejects when the connection ends before it is complete. */
  answer(): Promise<Answer>
  /** Sends a request and gives its answer. */
  ask(bytes: string | Uint8Array): Promise<Answer>
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>
}

export async function openClient(port: number): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let received = Buffer.alloc(0)
  let isClosed = false
  let wake = (): void => {}
  socket.on('data', chunk => {
    received = Buffer.concat([received, chunk])
    wake()
  })
  // A reset is an end like any other; a test that still waits for an answer learns it from `answer`.
  socket.on('error', () => {})
  const closed = new Promise<void>(resolve => {
    socket.on('close', () => {
      isClosed = true
      wake()
      resolve()
    })
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })

  function take(): Answer | undefined {
    const end = received.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    const [first = '', ...lines] = received.toString('latin1', 0, end).split('\r\n')
    if (first.startsWith('HTTP/1.1 100 ')) {
      received = received.subarray(end + 4)
      return { status: 100, headers: {}, body: '' }
    }
    const headers = Object.fromEntries(
      lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
    )
    const length = Number(headers['content-length'] ?? 0)
    if (received.length < end + 4 + length) return undefined
    const body = received.toString('utf8', end + 4, end + 4 + length)
    received = received.subarray(end + 4 + length)
    return { status: Number(first.split(' ')[1]), headers, body }
  }

  async function answer(): Promise<Answer> {
    for (;;) {
      const taken = take()
      if (taken !== undefined) return taken
      if (isClosed)
        throw new Error(`the connection ended without an answer; received: ${received.toString('latin1')}`)
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
  const send = (...bytes: readonly (string | Uint8Array)[]): void => {
    for (const each of bytes) socket.write(each)
  }

  return {
    socket,
    send,
    answer,
    closed,
    ask(bytes) {
      send(bytes)
      return answer()
    },
    [Symbol.dispose]() {
      socket.destroy()
    },
  }
}

/** Asks once, on a connection of its own. */
export async function ask(port: number, bytes: string | Uint8Array): Promise<Answer> {
  using client = await openClient(port)
  return await client.ask(bytes)
}
