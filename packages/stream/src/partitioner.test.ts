import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { murmur2, partitionOf } from './partitioner.ts'

describe('murmur2', () => {
  // The vectors of the tests of Kafka's clients.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %j as Kafka does', (text, hash) => {
    expect(murmur2(new TextEncoder().encode(text))).toBe(hash)
  })

  test('hashes the given number of bytes', () => {
    expect(murmur2(new TextEncoder().encode('abcdef'), 3)).toBe(479470107)
  })
})

describe('partitionOf', () => {
  test.each([
    ['21', 4, (-973932308 & 0x7fffffff) % 4],
    ['foobar', 7, (-790332482 & 0x7fffffff) % 7],
    ['abc', 1, 0],
  ])('puts %j among %i into %i', (key, count, partition) => {
    expect(partitionOf(key, count)).toBe(partition)
  })

  test('treats a missing key as the empty key', () => {
    expect(partitionOf(null, 64)).toBe(partitionOf('', 64))
  })

  test('hashes the UTF-8 bytes of a key, however long', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 3000 }),
        fc.integer({ min: 1, max: 64 }),
        (key, count) => {
          expect(partitionOf(key, count)).toBe((murmur2(new TextEncoder().encode(key)) & 0x7fffffff) % count)
        },
      ),
    )
  })

  test('spreads keys evenly', () => {
    const counts = new Array<number>(4).fill(0)
    for (let i = 0; i < 4000; i++) counts[partitionOf(`visitor-${i}`, 4)]!++
    for (const count of counts) expect(count).toBeGreaterThan(900)
  })
})
