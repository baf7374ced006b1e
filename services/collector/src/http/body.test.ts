import { Readable } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createPace, GONE, readBody } from './body.ts'
import { isRefusal } from './reply.ts'

const limits = { bodyBytesMax: 1_000, decodedBytesMax: 40_000, compressionRatioMax: 50 }

/** Reads a request made of these chunks; says what came of it and how many bytes were held. */
async function read(
  chunks: readonly (string | Buffer)[],
  headers: Record<string, string> = {},
  { roomBytes = Infinity, cut = false } = {},
): Promise<{ result: unknown; heldBytes: number }> {
  using pace = createPace(1)
  let heldBytes = 0
  const stream = new Readable({ read() {} })
  for (const chunk of chunks) stream.push(Buffer.from(chunk))
  if (cut) stream.once('data', () => stream.destroy())
  else stream.push(null)
  const hold = (bytes: number): boolean => {
    if (heldBytes + bytes > roomBytes) return false
    heldBytes += bytes
    return true
  }
  const body = await readBody(Object.assign(stream, { headers }) as unknown as IncomingMessage, {
    limits,
    hold,
    pace,
  })
  return {
    result: body === GONE ? 'gone' : isRefusal(body) ? `${body.status} ${body.error}` : body.toString(),
    heldBytes,
  }
}

describe('readBody', () => {
  test.each<[string, (string | Buffer)[], Record<string, string>, string]>([
    ['gives a body of one piece', ['abc'], {}, 'abc'],
    ['puts a body of several together', ['ab', 'cd', 'e'], {}, 'abcde'],
    ['gives an empty body', [], {}, ''],
    ['takes a body of the greatest length', ['x'.repeat(1_000)], {}, 'x'.repeat(1_000)],
    ['refuses one byte more', ['x'.repeat(1_000), 'y'], {}, '413 body_too_large'],
    [
      'refuses by what is announced, before anything comes',
      ['abc'],
      { 'content-length': '1001' },
      '413 body_too_large',
    ],
    ['unpacks gzip', [gzipSync('abc')], { 'content-encoding': 'gzip' }, 'abc'],
    [
      'unpacks gzip by its other name and in capitals',
      [gzipSync('abc')],
      { 'content-encoding': ' X-GZIP' },
      'abc',
    ],
    ['unpacks gzip whose header got lost on the way', [gzipSync('abc')], {}, 'abc'],
    ['refuses a bomb without a header', [gzipSync('x'.repeat(30_000))], {}, '413 decoded_body_too_large'],
    ['takes identity', ['abc'], { 'content-encoding': 'identity' }, 'abc'],
    ['takes an empty body that is called gzip', [], { 'content-encoding': 'gzip' }, ''],
    ['refuses brotli', [brotliCompressSync('abc')], { 'content-encoding': 'br' }, '415 content_encoding'],
    ['refuses deflate', ['abc'], { 'content-encoding': 'deflate' }, '415 content_encoding'],
    ['refuses zstd', ['abc'], { 'content-encoding': 'zstd' }, '415 content_encoding'],
    [
      'refuses encodings on each other',
      [gzipSync(gzipSync('abc'))],
      { 'content-encoding': 'gzip, gzip' },
      '415 content_encoding',
    ],
    ['refuses what is not gzip', ['abc'], { 'content-encoding': 'gzip' }, '400 not_gzip'],
    [
      'refuses gzip that is cut off',
      [gzipSync('abc').subarray(0, 15)],
      { 'content-encoding': 'gzip' },
      '400 not_gzip',
    ],
    [
      'refuses by the size on the wire, before it is unpacked',
      [gzipSync(noise(50_000))],
      { 'content-encoding': 'gzip' },
      '413 body_too_large',
    ],
    [
      'lets a small body be packed well',
      [gzipSync('x'.repeat(16_384))],
      { 'content-encoding': 'gzip' },
      'x'.repeat(16_384),
    ],
    [
      'refuses a bomb',
      [gzipSync('x'.repeat(30_000))],
      { 'content-encoding': 'gzip' },
      '413 decoded_body_too_large',
    ],
    [
      'refuses a larger bomb',
      [gzipSync(Buffer.alloc(900_000))],
      { 'content-encoding': 'gzip' },
      '413 decoded_body_too_large',
    ],
  ])('%s', async (_name, chunks, headers, expected) => {
    expect((await read(chunks, headers)).result).toBe(expected)
  })

  test('counts what it holds: on the wire, and unpacked', async () => {
    expect((await read(['ab', 'c'])).heldBytes).toBe(3)
    const packed = gzipSync('abcdef')
    expect((await read([packed], { 'content-encoding': 'gzip' })).heldBytes).toBe(packed.length + 6)
  })

  test('refuses for now when there is no room', async () => {
    expect(await read(['abc', 'def'], {}, { roomBytes: 5 })).toEqual({
      result: '503 in_flight_bytes',
      heldBytes: 3,
    })
    const packed = gzipSync('x'.repeat(1_000))
    expect((await read([packed], { 'content-encoding': 'gzip' }, { roomBytes: 500 })).result).toBe(
      '503 in_flight_bytes',
    )
  })

  test('says when the client has gone', async () => {
    expect((await read(['abc'], {}, { cut: true })).result).toBe('gone')
  })
})

describe('pace', () => {
  test('gives up on a sender that is too slow after the first two seconds, and on no other', () => {
    let at = 0
    using pace = createPace(100, () => at)
    const gaveUp: string[] = []
    const start = (name: string, bytes: number) => {
      const sender = pace.start(() => gaveUp.push(name))
      sender.bytes = bytes
      return sender
    }
    start('slow', 299)
    start('fast', 300)
    const done = start('done', 0)
    at = 2_000
    pace.check()
    expect(gaveUp).toEqual([])
    pace.stop(done)
    at = 3_000
    pace.check()
    expect(gaveUp).toEqual(['slow'])
  })

  test('a rate of 0 hurries no sender', () => {
    let at = 0
    using pace = createPace(0, () => at)
    const gaveUp: string[] = []
    pace.start(() => gaveUp.push('slow'))
    at = 1e9
    pace.check()
    expect(gaveUp).toEqual([])
  })
})

/** Bytes that don't compress, the same each time. */
function noise(length: number): Buffer {
  let seed = 1
  return Buffer.from(Array.from({ length }, () => (seed = (seed * 48_271) % 2_147_483_647) & 0xff))
}
