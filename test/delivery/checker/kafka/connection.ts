import { once } from 'node:events'
import { connect } from 'node:net'
import { createFrameSplitter } from '../../proxy/frames.ts'
import { createByteReader, int16, int32, text, type ByteReader } from './bytes.ts'

/** One connection to one broker, one request at a time. */
export interface BrokerConnection {
  request(apiKey: number, version: number, body: Buffer): Promise<ByteReader>
  close(): void
}

const CLIENT_ID = 'checker'
const TIMEOUT_MS = 20_000

export async function connectToBroker(address: string): Promise<BrokerConnection> {
  const at = address.lastIndexOf(':')
  const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) })
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`${address} did not answer`)))
  await once(socket, 'connect')
  let waiting: PromiseWithResolvers<Buffer> | undefined
  let lastId = 0

  socket.on(
    'data',
    createFrameSplitter(frame => waiting?.resolve(frame.subarray(4))),
  )
  socket.on('error', error => waiting?.reject(error))
  socket.on('close', () => waiting?.reject(new Error(`${address} closed the connection`)))

  return {
    async request(apiKey, version, body) {
      waiting = Promise.withResolvers()
      const id = ++lastId
      const message = Buffer.concat([int16(apiKey), int16(version), int32(id), text(CLIENT_ID), body])
      socket.write(Buffer.concat([int32(message.length), message]))
      const answer = createByteReader(await waiting.promise)
      if (answer.int32() !== id) throw new Error(`${address} answered another request`)
      return answer
    },
    close: () => void socket.destroy(),
  }
}
