import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UnreadableError } from '../../log.ts'
import { readBatches, type AbortedTransaction } from './read-batches.ts'
import { HEAD_BYTES } from './record-batch.ts'
import {
  batchAt,
  changed,
  endAt,
  HEAD,
  javaSnappy,
  KEY_OF_AN_ABORT,
  lz4,
  message,
  recoded,
  sent,
  setAttributes,
  snappy,
} from './testing/batches.ts'

const read = (batches: Buffer, from = 0n, aborted: readonly AbortedTransaction[] = []) =>
  readBatches({ topic: 'raw', partition: 3, lastStableOffset: 1_000n, batches, aborted }, from)

const keysOf = ({ records }: { records: readonly { key: string | null }[] }) => records.map(({ key }) => key)

const RECORDS = sent('a', null, '', 'é'.repeat(300), KEY_OF_AN_ABORT)

test.each<[string, (batch: Buffer) => Promise<Buffer> | Buffer]>([
  ['none', batch => batch],
  ['gzip', () => batchAt(7n, RECORDS, { compression: 'gzip' })],
  ['snappy, one block', batch => recoded(batch, 2, snappy)],
  ['snappy, framed', batch => recoded(batch, 2, javaSnappy)],
  ['lz4', batch => recoded(batch, 3, lz4)],
  ['zstd', () => batchAt(7n, RECORDS, { compression: 'zstd' })],
])('a batch compressed by %s', async (_codec, compressed) => {
  const { records, next } = await read(await compressed(await batchAt(7n, RECORDS)), 7n)
  expect(
    records.map(({ key, value, position, appendedAt }) => ({
      key,
      value: Buffer.from(value),
      position,
      appendedAt,
    })),
  ).toEqual(
    RECORDS.map(({ key, value }, index) => ({
      key,
      value,
      position: 7n + BigInt(index),
      appendedAt: HEAD.timestamp,
    })),
  )
  expect(next).toBe(12n)
})

test('a read that begins within a batch', async () => {
  const { records, next } = await read(await batchAt(10n, sent('a', 'b', 'c')), 12n)
  expect(records.map(({ position }) => position)).toEqual([12n])
  expect(next).toBe(13n)
})

test('offsets that compaction has removed', async () => {
  const batch = changed(await batchAt(0n, sent('a', 'b')), copy => copy.writeInt32BE(9, 23))
  expect(await read(batch)).toMatchObject({ records: [{ position: 0n }, { position: 1n }], next: 10n })
})

test("the broker's time, where the topic says so", async () => {
  const batch = changed(await batchAt(0n, sent('a')), copy => {
    setAttributes(copy, 0x08)
    copy.writeBigInt64BE(1_800_000_000_000n, 35)
  })
  expect((await read(batch)).records[0]!.appendedAt).toBe(1_800_000_000_000)
})

test('a batch that was cut at the end of the response is left to the next one', async () => {
  const [first, second] = [await batchAt(0n, sent('a')), await batchAt(1n, sent('b'))]
  for (const cut of [1, HEAD_BYTES, second.length - 12])
    expect(await read(Buffer.concat([first, second.subarray(0, -cut)]))).toMatchObject({ next: 1n })
})

test('a record whose key is that of an end of transaction is a record like any other', async () => {
  const batch = await batchAt(0n, sent(KEY_OF_AN_ABORT, 'b'), { producerId: '5', isTransactional: true })
  const bytes = Buffer.concat([batch, await endAt(2n, '5', 'abort')])
  expect(keysOf(await read(bytes, 0n, [{ producerId: 5n, firstOffset: 0n }]))).toEqual([])
  expect(keysOf(await read(bytes))).toEqual([KEY_OF_AN_ABORT, 'b'])
})

/** What some producers do, in turn, on one partition. */
const step = fc.record({
  producer: fc.integer({ min: 0, max: 3 }),
  does: fc.constantFrom('sends', 'sends', 'sends', 'commits', 'aborts'),
  keys: fc.array(fc.constantFrom(KEY_OF_AN_ABORT, '\0\0\0\u0001', 'a', null), { minLength: 1, maxLength: 3 }),
})

test('of any interleaving of transactions the committed ones are read, from any offset on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 30 }),
      fc.infiniteStream(fc.nat()),
      async (steps, chance) => {
        const batches: { offset: bigint; bytes: Buffer }[] = []
        const open = new Map<number, { firstOffset: bigint; positions: bigint[] }>()
        const aborted: (AbortedTransaction & { until: bigint })[] = []
        const visible: bigint[] = []
        let offset = 0n
        async function end(producer: number, how: 'commit' | 'abort'): Promise<void> {
          const transaction = open.get(producer)
          if (transaction === undefined) return
          open.delete(producer)
          batches.push({ offset, bytes: await endAt(offset, String(producer), how) })
          if (how === 'commit') visible.push(...transaction.positions)
          else
            aborted.push({
              producerId: BigInt(producer),
              firstOffset: transaction.firstOffset,
              until: offset,
            })
          offset++
        }
        for (const { producer, does, keys } of steps) {
          if (does === 'commits') await end(producer, 'commit')
          else if (does === 'aborts') await end(producer, 'abort')
          else {
            // The first producer has no transactions, and what it sends is seen at once.
            const isTransactional = producer > 0
            const head = { producerId: String(producer), isTransactional }
            batches.push({ offset, bytes: await batchAt(offset, sent(...keys), head) })
            const positions = keys.map((_, index) => offset + BigInt(index))
            if (isTransactional) {
              const transaction = open.get(producer) ?? { firstOffset: offset, positions: [] }
              open.set(producer, transaction)
              transaction.positions.push(...positions)
            } else visible.push(...positions)
            offset += BigInt(keys.length)
          }
        }
        for (const producer of [...open.keys()]) await end(producer, 'commit')
        for (let from = 0n; from < offset; from++) {
          const first = batches.findLastIndex(batch => batch.offset <= from)
          const stored = Buffer.concat(batches.slice(Math.max(0, first)).map(({ bytes }) => bytes))
          const told = aborted
            .filter(({ until }) => until >= from)
            .map(({ producerId, firstOffset }) => ({
              producerId,
              firstOffset,
              order: chance.next().value as number,
            }))
            .sort((a, b) => a.order - b.order)
          const { records, next } = await read(stored, from, told)
          expect(records.map(({ position }) => position)).toEqual(
            visible.filter(position => position >= from).sort((a, b) => Number(a - b)),
          )
          expect(next).toBe(offset)
        }
      },
    ),
    { numRuns: 100 },
  )
})

test.each<[string, 0 | 1, number, (bytes: Buffer) => Buffer]>([
  ['magic 0', 0, 0, bytes => bytes],
  ['magic 0, gzip', 0, 1, bytes => gzipSync(bytes)],
  ['magic 1', 1, 0, bytes => bytes],
  ['magic 1, gzip', 1, 1, bytes => gzipSync(bytes)],
  ['magic 1, snappy', 1, 2, javaSnappy],
  ['magic 1, lz4', 1, 3, lz4],
])('messages from before Kafka 0.11: %s', async (_name, magic, codec, compress) => {
  // Within a compressed message of magic 1, offsets begin at 0.
  const shift = codec !== 0 && magic === 1 ? 20n : 0n
  const inner = Buffer.concat([
    message(magic, 20n - shift, 'a', Buffer.from('1')),
    message(magic, 21n - shift, null, Buffer.from('2')),
  ])
  const bytes = codec === 0 ? inner : message(magic, 21n, null, compress(inner), codec)
  const newer = await batchAt(22n, sent('c'))
  const { records, next } = await read(Buffer.concat([bytes, newer]), 20n)
  expect(records.map(({ key, position }) => [key, position])).toEqual([
    ['a', 20n],
    [null, 21n],
    ['c', 22n],
  ])
  expect(records[0]!.appendedAt).toBe(magic === 0 ? -1 : 1_700_000_000_000)
  expect(next).toBe(23n)
})

test.each<[string, RegExp, (batch: Buffer) => Buffer]>([
  ['a bit of a record', /checksum of the batch does not match/, batch => flipped(batch, batch.length - 1)],
  ['a bit of the attributes', /checksum of the batch does not match/, batch => flipped(batch, 22)],
  [
    'zeros',
    /checksum of a message does not match|bytes/,
    batch => Buffer.concat([batch.subarray(0, 12), Buffer.alloc(batch.length - 12)]),
  ],
  ['an unknown format', /magic 3, is not known/, batch => changed(batch, copy => (copy[16] = 3))],
  ['an unknown codec', /codec 7 is not known/, batch => changed(batch, copy => setAttributes(copy, 7))],
  [
    'a codec that the bytes are not of: gzip',
    /header/,
    batch => changed(batch, copy => setAttributes(copy, 1)),
  ],
  ['a codec that the bytes are not of: snappy', /./, batch => changed(batch, copy => setAttributes(copy, 2))],
  [
    'a codec that the bytes are not of: lz4',
    /not an LZ4 frame/,
    batch => changed(batch, copy => setAttributes(copy, 3)),
  ],
  ['a codec that the bytes are not of: zstd', /./, batch => changed(batch, copy => setAttributes(copy, 4))],
  ['more records than there are', /./, batch => changed(batch, copy => copy.writeInt32BE(1000, 57))],
  [
    'fewer records than there are',
    /holds more than its records/,
    batch => changed(batch, copy => copy.writeInt32BE(1, 57)),
  ],
  ['an offset behind the end', /offset 281474976710698 is behind/, batch => flipped(batch, 1, 1)],
  ['a part only', /sent only a part/, batch => batch.subarray(0, -1)],
])('a batch that is damaged names the place and the reason: %s', async (_what, reason, damage) => {
  const whole = await batchAt(40n, sent('a', 'b'))
  const damaged = damage(await batchAt(42n, sent('c', 'd')))
  const error: unknown = await read(damaged, 42n).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UnreadableError)
  expect((error as Error).message).toMatch(/^partition 3 of raw can't be read at offset 42: /)
  expect((error as Error).message).toMatch(reason)
  // What stands before it is read first.
  expect(await read(Buffer.concat([whole, damaged]), 40n)).toMatchObject({ next: 42n })
})

function flipped(bytes: Buffer, at: number, bits = 0x10): Buffer {
  const copy = Buffer.from(bytes)
  copy[at]! ^= bits
  return copy
}

test('a batch that would take too much memory is refused before it does', async () => {
  const batch = await batchAt(0n, sent('a'))
  const snappyOfAGibibyte = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x04, 0])
  await expect(read(recoded(batch, 2, () => snappyOfAGibibyte))).rejects.toThrow(
    /it may take 1073741824 bytes/,
  )
  const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40, 0x70, 0])
  const blocks = Array.from({ length: 65 }, () => Buffer.from([1, 0, 0, 0, 0]))
  const lz4 = Buffer.concat([head, ...blocks, Buffer.alloc(4)])
  await expect(read(recoded(batch, 3, () => lz4))).rejects.toThrow(/it may take/)
  const zeros = gzipSync(Buffer.alloc(257 * 1024 * 1024), { level: 1 })
  await expect(read(recoded(batch, 1, () => zeros))).rejects.toThrow(/can't be read at offset 0/)
}, 30_000)

test('damaged bytes of any kind end in records or in an error that names the place', async () => {
  const whole = Buffer.concat([
    await batchAt(0n, sent('a', 'b', 'c')),
    await batchAt(3n, sent('d'), { compression: 'gzip' }),
    await endAt(4n, '5', 'abort'),
    message(1, 5n, 'e', Buffer.from('1')),
    await batchAt(6n, sent('f'), { compression: 'zstd' }),
  ])
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 8,
  })
  await fc.assert(
    fc.asyncProperty(damage, fc.nat(whole.length), async (changes, length) => {
      const copy = Buffer.from(whole)
      for (const [at, bits] of changes) copy[at]! ^= bits
      const bytes = copy.subarray(0, length)
      try {
        const { records, next } = await read(bytes)
        expect(records.every(({ position }) => position < next)).toBe(true)
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableError)
      }
    }),
    { numRuns: 2000 },
  )
})

test('a batch whose offset does not follow the one before is not read', async () => {
  const bytes = Buffer.concat([await batchAt(5n, sent('a', 'b')), await batchAt(6n, sent('c'))])
  expect(await read(bytes, 5n)).toMatchObject({ records: [{ key: 'a' }, { key: 'b' }], next: 7n })
})

test('a batch that was appended while the broker looked up how far readers see', async () => {
  const bytes = Buffer.concat([await batchAt(998n, sent('a', 'b')), await batchAt(1_000n, sent('c'))])
  expect(await read(bytes, 998n)).toMatchObject({ next: 1_001n })
  expect(await read(await batchAt(1_000n, sent('c')), 1_000n)).toMatchObject({ next: 1_001n })
})
