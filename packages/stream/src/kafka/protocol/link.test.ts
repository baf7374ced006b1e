import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LostError } from './errors.ts'
import { createLink, sendEncoded, type Link } from './link.ts'

// A broker that returns the body of each request, or what `respond` makes of it.
const API = { apiKey: 1, apiVersion: 11, apiName: 'Fetch' }
const CLIENT = 'tests'
/** Length, key, version, correlation id and client, in front of the body. */
const HEAD_BYTES = 14 + CLIENT.length

let server: Server
let sockets: Socket[]
let link: Link
let respond: (socket: Socket, response: Buffer) => void

beforeEach(async () => {
  sockets = []
  respond = (socket, response) => socket.write(response)
  server = createServer(socket => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', bytes => {
      for (const request of requestsIn(bytes)) respond(socket, responseTo(request))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  link = createLink('127.0.0.1', port, { clientId: CLIENT, requestTimeoutMs: 200 })
})
afterEach(async () => {
  await link.close()
  for (const socket of sockets) socket.destroy()
  server.close()
})

/** Requests are short, so that none arrives in pieces. */
function requestsIn(bytes: Buffer): Buffer[] {
  const requests: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 4 + bytes.readInt32BE(at))
    requests.push(bytes.subarray(at, at + 4 + bytes.readInt32BE(at)))
  return requests
}

function responseTo(request: Buffer): Buffer {
  const body = request.subarray(HEAD_BYTES)
  const head = Buffer.alloc(8)
  head.writeInt32BE(4 + body.length, 0)
  request.copy(head, 4, 8, 12)
  return Buffer.concat([head, body])
}

const echo = (text: string): Promise<string> => sendEncoded(link, API, Buffer.from(text), String)

test('one connection for all requests, opened by the first', async () => {
  expect(sockets).toEqual([])
  expect(await Promise.all([echo('a'), echo('b'), echo('c')])).toEqual(['a', 'b', 'c'])
  expect(sockets.length).toBe(1)
  expect(link.socket()).toBe(link.socket())
})

test('a response in many pieces', async () => {
  respond = (socket, response) => {
    for (const byte of response) socket.write(Buffer.of(byte))
  }
  expect(await echo('in pieces')).toBe('in pieces')
})

test('a request without a response is lost, and the next one goes over another connection', async () => {
  await echo('a')
  const before = link.socket()
  const answer = respond
  let late: (() => void) | undefined
  respond = (socket, response) => {
    late = () => answer(socket, response)
  }
  await expect(echo('b')).rejects.toThrow(LostError)
  respond = answer
  late!()
  expect(await echo('c')).toBe('c')
  expect(link.socket()).not.toBe(before)
  expect(sockets.length).toBe(2)
})

test('requests in flight are lost with the connection', async () => {
  respond = socket => socket.destroy()
  await expect(echo('a')).rejects.toThrow(LostError)
  expect(link.socket()).not.toBe(link.socket())
})

test('a broker that is not there', async () => {
  const nowhere = createLink('127.0.0.1', 1, { clientId: CLIENT, requestTimeoutMs: 200 })
  await expect(nowhere.open()).rejects.toThrow(LostError)
  await expect(nowhere.open()).rejects.toThrow(/127\.0\.0\.1:1/)
})

test('an error of the decoder is the error of the request', async () => {
  const fault = new RangeError('out of range')
  await expect(
    sendEncoded(link, API, Buffer.from('a'), () => {
      throw fault
    }),
  ).rejects.toBe(fault)
  expect(await echo('b')).toBe('b')
})
