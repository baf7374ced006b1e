import fc from 'fast-check'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCollector, type RunningCollector } from './server.ts'
import { ask, openClient } from '../testing/client.ts'
import { httpRequest, partsOf, payloadData, recordingLog, recordingLogger, TP2 } from '../testing/parts.ts'

// Two collectors take everything that is thrown at them here, and must still serve the next visitor. One of them has
// little patience, for slow senders.

const log = recordingLog()
const logger = recordingLogger()
let collector: RunningCollector
let hasty: RunningCollector

beforeAll(async () => {
  const settings = { limits: { headerBytesMax: 8_192 }, drain: { idleMs: 1 } }
  const timeouts = { headersMs: 300, requestMs: 300, checkMs: 20, keepAliveMs: 300 }
  collector = await startCollector(partsOf(log, settings, { logger }))
  hasty = await startCollector(partsOf(log, { ...settings, timeouts }, { logger }))
})
afterAll(async () => {
  await Promise.all([collector.close(), hasty.close()])
})

async function expectAlive({ port } = collector): Promise<void> {
  const before = log.records.length
  const answer = await ask(port, httpRequest('POST', TP2, {}, payloadData({ duid: 'd' })))
  expect(answer.status).toBe(200)
  expect(log.records).toHaveLength(before + 1)
}

/** Sends bytes and gives the status of the answer, or `closed` when there is none. */
async function statusOf(...bytes: (string | Uint8Array)[]): Promise<number | 'closed'> {
  using client = await openClient(collector.port)
  client.send(...bytes)
  return await client.answer().then(
    ({ status }) => status,
    () => 'closed' as const,
  )
}

describe('what is not HTTP, or comes too slowly', () => {
  test.each<[string, string[], number | 'closed', string | undefined]>([
    ['no HTTP at all', ['hello there\r\n\r\n'], 400, 'malformed'],
    ['TLS to a plain port', ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'], 400, 'malformed'],
    ['an unknown version', ['GET / HTTP/9.9\r\nhost: x\r\n\r\n'], 400, 'malformed'],
    ['a header without a name', ['GET / HTTP/1.1\r\n: x\r\n\r\n'], 400, 'malformed'],
    ['a line feed within a header', ['GET / HTTP/1.1\r\nhost: x\r\na: b\nc\r\n\r\n'], 400, 'malformed'],
    ['no host', ['GET /health HTTP/1.1\r\n\r\n'], 400, 'no_host'],
    [
      'a length that is not a number',
      [`POST ${TP2} HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n`],
      400,
      'malformed',
    ],
    [
      'two lengths',
      [`POST ${TP2} HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab`],
      400,
      'malformed',
    ],
    [
      'a length and chunks, to smuggle a request',
      [`POST ${TP2} HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
      400,
      'malformed',
    ],
    [
      'chunks of a size that is not a number',
      [`POST ${TP2} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n`],
      400,
      'malformed',
    ],
    [
      'headers that are too long',
      [`GET /i HTTP/1.1\r\nhost: x\r\na: ${'x'.repeat(10_000)}\r\n\r\n`],
      400,
      'headers_too_large',
    ],
    [
      'a query that is too long',
      [`GET /i?${'x'.repeat(10_000)} HTTP/1.1\r\nhost: x\r\n\r\n`],
      400,
      'headers_too_large',
    ],
    ['headers that never end', ['GET /i HTTP/1.1\r\nhost: x\r\na: '], 408, 'too_slow'],
    [
      'a body that never ends',
      [`POST ${TP2} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc`],
      408,
      'too_slow',
    ],
    [
      'chunks that never end',
      [`POST ${TP2} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n`],
      408,
      'too_slow',
    ],
  ])('%s', async (_name, bytes, status, error) => {
    using client = await openClient(hasty.port)
    client.send(...bytes)
    const answer = await client.answer()
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([status, { error }])
    expect((JSON.parse(answer.body) as { message: string }).message).toMatch(/\.$/)
    await client.closed
    await expectAlive(hasty)
  })

  test('a connection on which nothing ever comes is closed', async () => {
    using client = await openClient(hasty.port)
    await client.closed
    await expectAlive(hasty)
  })

  test('a body that is shorter than announced, then the end', async () => {
    const before = log.records.length
    using client = await openClient(collector.port)
    client.send(`POST ${TP2} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc`)
    client.socket.end()
    await client.closed
    expect(log.records).toHaveLength(before)
    await expectAlive()
  })

  test('a body that is longer than announced is cut there, and the rest is not a request', async () => {
    using client = await openClient(collector.port)
    client.send(
      `POST ${TP2} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}more`,
      'x'.repeat(100),
      '\r\n\r\n',
    )
    const first = await client.answer()
    expect([200, 400]).toContain(first.status)
    await client.closed
    await expectAlive()
  })
})

describe('bodies of every kind', () => {
  test.each<[string, string | Uint8Array, number, number]>([
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 200, 400],
    ['NUL', '\u0000'.repeat(100), 200, 400],
    ['arrays a hundred thousand deep', '['.repeat(100_000), 200, 422],
    ['objects fifty thousand deep', '{"a":'.repeat(50_000), 200, 422],
    ['a deep list of events', `{"data":[${'['.repeat(50_000)}${']'.repeat(50_000)}]}`, 200, 422],
    ['fifty thousand keys', `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":1`).join()}}`, 200, 422],
    ['a string of two hundred thousand', `{"a":"${'x'.repeat(200_000)}"}`, 200, 422],
    [
      'keys that are dangerous elsewhere',
      '{"__proto__":{"duid":"x"},"constructor":{"prototype":{"duid":"x"}}}',
      200,
      200,
    ],
    ['numbers beyond all bounds', '{"n":1e999,"m":-1e999,"i":123456789012345678901234567890}', 200, 200],
    ['lone surrogates', '{"data":[{"duid":"\\ud800"}]}', 200, 200],
    ['a bomb', gzipSync(Buffer.alloc(50_000_000)), 422, 413],
  ])('%s', async (_name, body, fromTracker, plain) => {
    const headers: Record<string, string> =
      typeof body !== 'string' && body[0] === 0x1f ? { 'content-encoding': 'gzip' } : {}
    expect(await statusOf(httpRequest('POST', TP2, headers, body))).toBe(fromTracker)
    expect(await statusOf(httpRequest('POST', '/v1/events', headers, body))).toBe(plain)
    expect(({} as { duid?: string }).duid).toBe(undefined)
    await expectAlive()
  })

  test('a thousand bombs leave the memory as it was', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000))
    for (let i = 0; i < 10; i++)
      await Promise.all(
        Array.from({ length: 100 }, () =>
          statusOf(httpRequest('POST', TP2, { 'content-encoding': 'gzip' }, bomb)),
        ),
      )
    // Unpacked, a hundred at once would be two gigabytes.
    expect(process.memoryUsage().rss).toBeLessThan(1_000_000_000)
    await expectAlive()
  })
})

test('any bytes at all are answered or hung up on, and what is stored gets 2xx', async () => {
  const word = fc.constantFrom(
    ...[
      'GET',
      'POST',
      'HEAD',
      'PUT',
      ' ',
      '/i',
      TP2,
      '/v1/events',
      '/',
      '?',
      'e=pv',
      'HTTP/1.1',
      '\r\n',
      '\r\n\r\n',
    ],
    ...[
      'host: x',
      'content-length: 5',
      'transfer-encoding: chunked',
      'content-encoding: gzip',
      'cookie: sp=%zz',
    ],
    ...[
      'expect: 100-continue',
      'connection: upgrade',
      'upgrade: websocket',
      '{}',
      '[{}]',
      '5\r\nabcde\r\n0\r\n\r\n',
    ],
  )
  const garbage = fc.oneof(
    fc.array(word, { maxLength: 15 }).map(words => Buffer.from(words.join(''))),
    fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
  )
  await fc.assert(
    fc.asyncProperty(garbage, async bytes => {
      using client = await openClient(collector.port)
      client.send(bytes)
      client.socket.end()
      await client.closed
    }),
    { numRuns: 300 },
  )
  await expectAlive()
})

test('any headers and body of a request that is HTTP get an answer', async () => {
  const name = fc.constantFrom(
    ...['cookie', 'origin', 'referer', 'user-agent', 'x-forwarded-for', 'content-type', 'content-encoding'],
    ...['sp-anonymous', 'dnt', 'sec-gpc', 'accept-language', '__proto__', 'constructor'],
  )
  const value = fc.string({
    unit: fc
      .integer({ min: 0x20, max: 0xff })
      .filter(c => c !== 0x7f)
      .map(c => String.fromCharCode(c)),
  })
  const request = fc.record({
    method: fc.constantFrom('POST', 'GET', 'OPTIONS', 'DELETE'),
    target: fc.constantFrom(TP2, '/v1/events', '/i?duid=%zz&nuid=%00', '/a/b?x', '/r/x', '/%00/%ff'),
    headers: fc.array(fc.tuple(name, value), { maxLength: 5 }),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.json().map(text => Buffer.from(text)),
    ),
  })
  await fc.assert(
    fc.asyncProperty(request, async ({ method, target, headers, body }) => {
      const fields: Record<string, string> = Object.create(null) as Record<string, string>
      for (const [key, text] of headers) fields[key] = text
      const status = await statusOf(httpRequest(method, target, fields, body))
      expect(status).toBeTypeOf('number')
      expect(status).not.toBe(500)
    }),
    { numRuns: 500 },
  )
  expect(logger.lines.filter(([level]) => level === 'error')).toEqual([])
})
