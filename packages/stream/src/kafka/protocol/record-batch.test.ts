import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c } from './crc32c.ts'
import { encodeBatch, HEAD_BYTES, type BatchHead } from './record-batch.ts'

// Read by a decoder that is not ours. The broker, which checks every batch, is the other witness.
const require = createRequire(import.meta.url)
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (buffer: Buffer) => object
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (
  decoder: object,
) => Promise<{
  lastOffsetDelta: number
  producerId: string
  producerEpoch: number
  inTransaction: boolean
  compression: number
  records: { key: Buffer | null; value: Buffer; offset: string; timestamp: string; headers: object }[]
}>

const HEAD: BatchHead = {
  producerId: '4611686018427387904',
  producerEpoch: 7,
  firstSequence: 0,
  isTransactional: true,
  compression: 'none',
  timestamp: 1_795_200_000_000,
}

const record = fc.record({
  key: fc.option(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('é'.repeat(500)))),
  value: fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
})

test.each(['none', 'gzip'] as const)('a batch (%s) holds its records in order', async compression => {
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 200 }), async records => {
      const batch = await encodeBatch({ ...HEAD, compression }, records)
      const decoded = await decodeBatch(new Decoder(batch))
      expect(
        decoded.records.map(({ key, value }) => ({ key: key?.toString() ?? null, value: [...value] })),
      ).toEqual(records.map(({ key, value }) => ({ key, value: [...value] })))
      expect(decoded.records.map(({ offset }) => Number(offset))).toEqual(records.map((_, index) => index))
      expect(decoded.records.every(({ timestamp }) => timestamp === String(HEAD.timestamp))).toBe(true)
      expect(decoded.lastOffsetDelta).toBe(records.length - 1)
    }),
    { numRuns: 50 },
  )
})

test('a batch names its producer, whether it is part of a transaction, and its length', async () => {
  const batch = await encodeBatch(HEAD, [{ key: 'a', value: Buffer.from('1') }])
  expect(batch.readBigInt64BE(43)).toBe(4611686018427387904n)
  expect(batch.readInt16BE(51)).toBe(7)
  expect(batch.readInt16BE(21) & 16).toBe(16)
  expect(batch.readInt32BE(8)).toBe(batch.length - 12)
  expect(batch.length).toBeGreaterThan(HEAD_BYTES)
  const outside = await encodeBatch({ ...HEAD, isTransactional: false }, [
    { key: null, value: Buffer.alloc(0) },
  ])
  expect(outside.readInt16BE(21) & 16).toBe(0)
})

test.each([
  ['nothing', [], 0],
  ['123456789, the usual check value', [...Buffer.from('123456789')], 0xe3069283],
  ['32 zeros, RFC 3720 B.4', new Array<number>(32).fill(0), 0x8a9136aa],
  ['32 ones, RFC 3720 B.4', new Array<number>(32).fill(255), 0x62a8ab43],
  ['0 to 31, RFC 3720 B.4', Array.from({ length: 32 }, (_, byte) => byte), 0x46dd794e],
])('the checksum of %s', (_name, bytes, expected) => {
  expect(crc32c(Uint8Array.from(bytes))).toBe(expected)
  expect(crc32c(Uint8Array.from([1, 2, 3, ...bytes]), 3)).toBe(expected)
})
