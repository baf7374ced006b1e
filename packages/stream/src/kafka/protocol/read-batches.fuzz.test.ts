// Goal: whatever bytes arrive in the place of a fetch, what is read is what was written, or the error names the place.
// Every format and codec is damaged twice: with checksums left as they were, which must find it; and with checksums made
// to fit, so that the damage reaches the decompressors and the reader of records, as a hostile producer's bytes do.
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UnreadableError, type InputRecord } from '../../log.ts'
import { BATCH_RECORDS_MAX } from './codecs.ts'
import { decodeFetched, type FetchRequest } from './fetch.ts'
import { readBatches } from './read-batches.ts'
import { HEAD_BYTES } from './record-batch.ts'
import {
  batchAt,
  changed,
  changedMessage,
  endAt,
  javaSnappy,
  KEY_OF_AN_ABORT,
  lz4,
  message,
  recoded,
  sent,
  snappy,
} from './testing/batches.ts'

const FROM = 20n
const LAST_STABLE = 1_000n
const RECORDS = sent('a', KEY_OF_AN_ABORT, 'é'.repeat(40))

const read = (batches: Buffer, from = FROM) =>
  readBatches({ topic: 'raw', partition: 3, lastStableOffset: LAST_STABLE, batches, aborted: [] }, from)

interface Form {
  readonly name: string
  /** The three records in this form, after a change to their bytes as they are before compression. */
  readonly write: (change: (plain: Buffer) => Buffer) => Promise<Buffer>
  /** Makes the checksum fit. */
  readonly seal: (bytes: Buffer) => Buffer
}

const CODECS = [
  ['none', 0, (bytes: Buffer) => bytes],
  ['gzip', 1, (bytes: Buffer) => gzipSync(bytes, { level: 1 })],
  ['snappy', 2, snappy],
  ['framed snappy', 2, javaSnappy],
  ['lz4', 3, lz4],
  ['zstd', 4, (bytes: Buffer) => zstdCompressSync(bytes)],
] as const

const NEWER: readonly Form[] = CODECS.map(([name, codec, compress]) => ({
  name: `batch, ${name}`,
  write: async change =>
    recoded(await batchAt(FROM, RECORDS), codec, plain => compress(change(Buffer.from(plain)))),
  seal: bytes => (bytes.length < HEAD_BYTES ? bytes : changed(bytes, () => {})),
}))

const OLDER: readonly Form[] = ([0, 1] as const).flatMap(magic =>
  CODECS.filter(([, codec]) => codec !== 4).map(([name, codec, compress]) => ({
    name: `magic ${magic}, ${name}`,
    async write(change) {
      const first = codec !== 0 && magic === 1 ? 0n : FROM
      const each = RECORDS.map(({ key, value }, index) => message(magic, first + BigInt(index), key, value))
      const plain = change(Buffer.concat(each))
      return codec === 0 ? plain : message(magic, FROM + 2n, null, compress(plain), codec)
    },
    seal: bytes => (bytes.length < 17 ? bytes : changedMessage(bytes, () => {})),
  })),
)

const FORMS = [...NEWER, ...OLDER]

/** What somebody does to bytes. Positions are a share of the length. */
const damage = fc.oneof(
  fc.record({ does: fc.constant('flips' as const), at: fc.nat(9_999), to: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ does: fc.constant('cuts' as const), at: fc.nat(9_999), to: fc.integer({ min: 1, max: 40 }) }),
  fc.record({
    does: fc.constant('repeats' as const),
    at: fc.nat(9_999),
    to: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({
    does: fc.constant('puts' as const),
    at: fc.nat(9_999),
    // Lengths and counts as they should not be: negative, huge, and numbers of variable length that do not end.
    to: fc.constantFrom(
      'ffffffff',
      '7fffffff',
      '80000000',
      '00000000',
      'ffffffffffffffffffff',
      'feffffff0f',
      '01',
    ),
  }),
)
const damages = fc.array(damage, { minLength: 1, maxLength: 4 })
type Damage = typeof damage extends fc.Arbitrary<infer D> ? D : never

/** Damages the bytes from index `from` on. */
function damaged(bytes: Buffer, changes: readonly Damage[], from = 0): Buffer {
  let copy = Buffer.from(bytes)
  for (const { does, at, to } of changes) {
    const index = from + (at % Math.max(1, copy.length - from))
    if (does === 'flips') copy[index] = (copy[index] ?? 0) ^ to
    else if (does === 'cuts') copy = Buffer.concat([copy.subarray(0, index), copy.subarray(index + to)])
    else if (does === 'repeats') copy = Buffer.concat([copy.subarray(0, index + to), copy.subarray(index)])
    else Buffer.from(to, 'hex').copy(copy, index)
  }
  return copy
}

const plainly = (records: readonly InputRecord[]) =>
  records.map(({ key, value }) => [key, Buffer.from(value).toString('hex')])

/** Reads, and returns what came out; undefined for the one error that may. */
async function outcome(bytes: Buffer) {
  try {
    const { records, next } = await read(bytes)
    const positions = records.map(({ position }) => position)
    expect(next > FROM || bytes.length === 0).toBe(true)
    expect(positions.every((position, index) => position >= (positions[index - 1] ?? FROM - 1n) + 1n)).toBe(
      true,
    )
    expect(positions.every(position => position < next)).toBe(true)
    return records
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error
    expect(error.message).toMatch(/^partition 3 of raw can't be read at offset 20: ./)
    return undefined
  }
}

describe.each(FORMS)('$name', ({ write, seal }) => {
  test('is read whole', async () => {
    expect(plainly((await outcome(await write(plain => plain))) ?? [])).toEqual(
      RECORDS.map(({ key, value }) => [key, value.toString('hex')]),
    )
  })

  test('damaged after it was written, gives what was written or an error', async () => {
    const whole = await write(plain => plain)
    const written = plainly((await outcome(whole)) ?? [])
    await fc.assert(
      fc.asyncProperty(damages, async changes => {
        // No checksum covers offsets.
        const records = await outcome(damaged(whole, changes, 8))
        if (records !== undefined) expect(written).toEqual(expect.arrayContaining(plainly(records)))
      }),
      { numRuns: 600 },
    )
  })

  test('written by someone hostile, gives records in order or an error', async () => {
    await fc.assert(
      fc.asyncProperty(damages, fc.boolean(), async (changes, isWithin) => {
        const bytes = isWithin
          ? seal(await write(plain => damaged(plain, changes)))
          : seal(damaged(await write(plain => plain), changes, 8))
        await outcome(bytes)
      }),
      { numRuns: 600 },
    )
  })
})

test('bytes that are nothing at all', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async bytes => {
      await outcome(Buffer.from(bytes))
    }),
    { numRuns: 5_000 },
  )
})

const REQUEST: FetchRequest = {
  topic: 'raw',
  partitions: [3, 4].map(partition => ({ partition, offset: FROM, bytesMax: 1_000 })),
  waitMsMax: 0,
  bytesMax: 1_000,
}

/** A response of version 11 for both partitions. */
function response(batches: Buffer): Buffer {
  const numbers = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
  const count = Buffer.alloc(4)
  count.writeInt32BE(batches.length)
  const partition = (number: number) =>
    Buffer.concat([
      numbers(`0000000${number} 0000 00000000000003e8 00000000000003e8 0000000000000000`),
      numbers('00000001 0000000000000005 0000000000000014 ffffffff'),
      count,
      batches,
    ])
  return Buffer.concat([
    numbers('00000000 0000 00000000 00000001 0003'),
    Buffer.from('raw'),
    numbers('00000002'),
    partition(3),
    partition(4),
  ])
}

test('a damaged response gives partitions that were asked for, or an error', async () => {
  const whole = response(await batchAt(FROM, RECORDS))
  expect(decodeFetched(whole, REQUEST).partitions.map(({ partition }) => partition)).toEqual([3, 4])
  fc.assert(
    fc.property(fc.oneof(damages, fc.constant([] as Damage[])), fc.nat(whole.length), (changes, length) => {
      const bytes = damaged(whole, changes).subarray(0, changes.length === 0 ? length : undefined)
      try {
        for (const { topic, partition } of decodeFetched(bytes, REQUEST).partitions) {
          expect(topic).toBe('raw')
          expect([3, 4]).toContain(partition)
        }
      } catch (error) {
        if (!(error instanceof UnreadableError)) throw error
        expect(error.message).toMatch(
          /^the broker's response to a fetch of raw \(partitions 3, 4\) can't be read: ./,
        )
      }
    }),
    { numRuns: 10_000 },
  )
})

const MEBIBYTE = 1024 * 1024

describe('small bytes that would take much memory', () => {
  const refused = /^partition 3 of raw can't be read at offset 20: ./
  const bomb = async (codec: number, bytes: Buffer) =>
    recoded(await batchAt(FROM, RECORDS), codec, () => bytes)

  test('gzip and zstd beyond the limit', async () => {
    const zeros = Buffer.alloc(257 * MEBIBYTE)
    for (const [codec, packed] of [
      [1, gzipSync(zeros, { level: 1 })],
      [4, zstdCompressSync(zeros)],
      // Two members, each within the limit.
      [1, Buffer.concat(Array<Buffer>(3).fill(gzipSync(zeros.subarray(0, 100 * MEBIBYTE), { level: 1 })))],
      [4, Buffer.concat(Array<Buffer>(3).fill(zstdCompressSync(zeros.subarray(0, 100 * MEBIBYTE))))],
    ] as const)
      await expect(read(await bomb(codec, packed))).rejects.toThrow(refused)
  }, 60_000)

  test('two LZ4 frames, and blocks behind one of no bytes', async () => {
    const frame = lz4(Buffer.alloc(MEBIBYTE))
    await expect(read(await bomb(3, Buffer.concat([frame, frame])))).rejects.toThrow(/behind an LZ4 frame/)
    const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40, 0x70, 0])
    const empty = Buffer.from([0, 0, 0, 0x80])
    const blocks = Array<Buffer>(65).fill(Buffer.from([1, 0, 0, 0, 0]))
    const hidden = Buffer.concat([head, empty, ...blocks, Buffer.alloc(4)])
    await expect(read(await bomb(3, hidden))).rejects.toThrow(/it may take/)
  })

  test('more records than a batch may have', async () => {
    const count = BATCH_RECORDS_MAX + 1
    const batch = changed(await bomb(4, zstdCompressSync(Buffer.alloc(7 * count))), copy => {
      copy.writeInt32BE(count - 1, 23)
      copy.writeInt32BE(count, 57)
    })
    await expect(read(batch)).rejects.toThrow(/announces 1000001 records/)
    const one = message(1, 0n, null, Buffer.alloc(0))
    const within = zstdCompressSync(Buffer.concat(Array<Buffer>(count).fill(one)))
    await expect(read(message(1, FROM, null, within, 4))).rejects.toThrow(/more than 1000000 others/)
  }, 60_000)

  test('many batches, each within the limit, are left to later fetches', async () => {
    const value = Buffer.alloc(8 * MEBIBYTE)
    const batches = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        batchAt(FROM + BigInt(index), [{ key: null, value }], { compression: 'zstd' }),
      ),
    )
    const { records, next } = await read(Buffer.concat(batches))
    expect(records.length).toBe(2)
    expect(next).toBe(FROM + 2n)
  })
})

test('messages within messages within messages', async () => {
  const inner = message(1, 0n, 'a', Buffer.from('1'))
  const nested = message(1, 0n, null, gzipSync(message(1, 0n, null, gzipSync(inner), 1)), 1)
  await expect(read(nested, 0n)).rejects.toThrow(/a compressed message holds a compressed one/)
  const mixed = message(1, 0n, null, gzipSync(message(0, 0n, 'a', Buffer.from('1'))), 1)
  await expect(read(mixed, 0n)).rejects.toThrow(/a message of magic 1 holds one of magic 0/)
})

test('a batch that lies before what was asked for, which would be fetched without end', async () => {
  await expect(read(await batchAt(FROM - 5n, RECORDS))).rejects.toThrow(/only batches from before it/)
  await expect(read(await endAt(FROM - 1n, '5', 'commit'))).rejects.toThrow(/only batches from before it/)
})
