import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { InputRecord, OutputRecord } from '../log.ts'
import { DamagedBlockError, packBlocks, placeBlock, readBlock, readHeader, type BlockPlace } from './block.ts'

const PLACE: BlockPlace = { stream: 'raw', partition: 3, first: 1000 }
const PACK = { stream: 'raw', partition: 3, appendedAt: 1_795_000_000_000 } as const
const ALL = { records: Infinity, bytes: Infinity }

function blockOf(records: readonly OutputRecord[], compression: 'none' | 'zstd' = 'zstd'): Buffer {
  const [block] = packBlocks(records, { ...PACK, compression })
  placeBlock(block!, PLACE.first)
  return block!.bytes
}

function read(block: Buffer, place = PLACE): InputRecord[] {
  const records: InputRecord[] = []
  readBlock(block, place, place.first, records, { ...ALL })
  return records
}

const record = fc.record({
  key: fc.option(fc.string({ unit: 'grapheme', maxLength: 20 }).map(key => key.toWellFormed())),
  value: fc.uint8Array({ maxLength: 300 }),
})
const compression = fc.constantFrom('none', 'zstd')
const SAME = { key: 'visitor', value: Buffer.alloc(5000, 'the same again and again, ') }

test('a block is read as it was written', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1 }), compression, (records, how) => {
      expect(
        read(blockOf(records, how)).map(({ key, value }) => ({ key, value: Buffer.from(value) })),
      ).toEqual(records.map(({ key, value }) => ({ key, value: Buffer.from(value) })))
    }),
  )
})

test('positions and the instant are those of the block', () => {
  const [first, second] = read(blockOf([SAME, SAME]))
  expect([first!.position, second!.position, second!.appendedAt]).toEqual([1000n, 1001n, PACK.appendedAt])
})

test('any byte that is changed is found', () => {
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 5 }),
      compression,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (records, how, at, change) => {
        const block = blockOf(records, how)
        block[at % block.length]! ^= change
        expect(() => read(block)).toThrow(DamagedBlockError)
      },
    ),
  )
})

test('a block that is cut off is found, wherever', () => {
  const block = blockOf([SAME, { key: null, value: Buffer.from('b') }], 'none')
  for (let bytes = 0; bytes < block.length; bytes++)
    expect(() => read(block.subarray(0, bytes))).toThrow(DamagedBlockError)
})

describe('a block in the place of another', () => {
  test.each<[string, BlockPlace]>([
    ['stream', { ...PLACE, stream: 'good' }],
    ['partition', { ...PLACE, partition: 2 }],
    ['position', { ...PLACE, first: 0 }],
  ])('is found by its %s', (_what, place) => {
    expect(() => read(blockOf([SAME]), place)).toThrow(
      'it belongs to position 1000 of stream raw, partition 3',
    )
  })
})

test('only what saves a tenth is stored compressed', () => {
  const random = {
    key: null,
    value: Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * i * 7919) % 251)),
  }
  const short = { key: null, value: Buffer.alloc(100, 'a') }
  expect(blockOf([SAME]).length).toBeLessThan(400)
  expect(readHeader(blockOf([short])).form).toBe('plain')
  expect(blockOf([random]).length).toBeLessThanOrEqual(blockOf([random], 'none').length)
})

test('a block of an earlier version is read', () => {
  const former = Buffer.alloc(12 + 8 + 1 + 2)
  former.writeDoubleLE(PACK.appendedAt, 0)
  former.writeUInt32LE(1, 8)
  former.writeUInt32LE(2, 12)
  former.writeUInt32LE(2, 16)
  former.write('kvv', 20, 'latin1')
  expect(read(former).map(({ key, value }) => [key, Buffer.from(value).toString()])).toEqual([['k', 'vv']])
  former.fill(0)
  expect(() => read(former)).toThrow(DamagedBlockError)
})
