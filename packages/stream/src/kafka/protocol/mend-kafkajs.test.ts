import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createRequire } from 'node:module'
import { expect, test, vi } from 'vitest'
import './mend-kafkajs.ts'

const require = createRequire(import.meta.url)
const Connection = require('kafkajs/src/network/connection.js') as new (options: object) => {
  socket: Socket | null
  connect(): Promise<void>
  disconnect(): Promise<void>
}
const RequestQueue = require('kafkajs/src/network/requestQueue/index.js') as new (options: object) => {
  throttledUntil: number
  checkPendingRequests(): void
  destroy(): void
}
const createSocketFactory = require('kafkajs/src/network/socketFactory.js') as () => unknown
const logger = { debug() {}, error() {} }

test('a connection that the broker has closed is disconnected any number of times, and its socket is let go', async () => {
  await using server = createServer(socket => socket.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const connection = new Connection({
    host: '127.0.0.1',
    port,
    connectionTimeout: 10_000,
    requestTimeout: 10_000,
    logger: { namespace: () => logger },
    socketFactory: createSocketFactory(),
  })
  await connection.connect()
  const socket = connection.socket!
  if (!socket.closed) await once(socket, 'close')
  for (let times = 0; times < 20; times++) await connection.disconnect()
  expect(socket.listenerCount('connect')).toBe(0)
})

test.each([
  ['no timer while nothing waits', -1, 0],
  ['a timer until the broker takes requests again', 1000, 1],
])('a queue of requests sets %s', (_name, throttledMs, timers) => {
  vi.useFakeTimers({ now: 1_000_000 })
  const queue = new RequestQueue({
    maxInFlightRequests: null,
    requestTimeout: 1000,
    enforceRequestTimeout: false,
    clientId: 'x',
    broker: 'b',
    logger,
  })
  if (throttledMs > 0) queue.throttledUntil = Date.now() + throttledMs
  queue.checkPendingRequests()
  expect(vi.getTimerCount()).toBe(timers)
  queue.destroy()
  vi.useRealTimers()
})
