import fc from 'fast-check'
import { expect, test } from 'vitest'
import { partitionOf } from '../../partitioner.ts'
import { intoRequests, place, type Placed } from './outputs.ts'

const value = (bytes: number): Uint8Array => new Uint8Array(bytes)

test('a record without a partition gets the one of its key, one without a key that of the empty key', () => {
  const placed = place(
    'raw',
    [
      { key: 'a', value: value(1) },
      { key: null, value: value(1) },
    ],
    16,
    1000,
  )
  expect(placed.map(({ partition }) => partition)).toEqual([partitionOf('a', 16), partitionOf('', 16)])
})

test.each([-1, 4, 1.5, Number.NaN])('refuses partition %d of four', partition => {
  expect(() => place('raw', [{ key: null, value: value(1), partition }], 4, 1000)).toThrow(
    'raw has 4 partitions',
  )
})

test('refuses a record that no batch can hold, and says what to raise', () => {
  expect(() => place('raw', [{ key: 'a', value: value(1000) }], 4, 1000)).toThrow(/recordBytesMax is 1000/)
})

test('requests hold each record once, in order, with one batch for each partition and no batch too large', () => {
  const record = fc.record({
    topic: fc.constantFrom('good', 'bad'),
    partition: fc.nat(2),
    bytes: fc.integer({ min: 1, max: 100 }),
  })
  fc.assert(
    fc.property(fc.array(record), records => {
      const placed = records.map((each, index): Placed => ({
        ...each,
        record: { key: String(index), value: Buffer.alloc(0) },
      }))
      const requests = intoRequests(placed, 100)
      const bytesOf = new Map(placed.map(({ record, bytes }) => [record, bytes]))
      for (const batches of requests) {
        const names = batches.map(({ topic, partition }) => `${topic} ${partition}`)
        expect(new Set(names).size).toBe(names.length)
        for (const { records } of batches)
          expect(records.reduce((sum, record) => sum + bytesOf.get(record)!, 0)).toBeLessThanOrEqual(100)
      }
      for (const topic of ['good', 'bad'])
        for (const partition of [0, 1, 2]) {
          const isOwn = (each: { topic: string; partition: number }): boolean =>
            each.topic === topic && each.partition === partition
          expect(
            requests
              .flat()
              .filter(isOwn)
              .flatMap(({ records }) => records),
          ).toEqual(placed.filter(isOwn).map(({ record }) => record))
        }
    }),
  )
})
