import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRecent } from './recent.ts'

const kept = (position: number, bytes: number) => ({
  partition: 0,
  position: BigInt(position),
  appendedAt: position,
  value: new Uint8Array(bytes),
})

describe('recent records', () => {
  test('come the newest first', () => {
    const recent = createRecent({ recordsMax: 3, bytesMax: 100 })
    for (const position of [1, 2, 3, 4]) recent.add(kept(position, 10))
    expect(recent.newest().map(({ position }) => position)).toEqual([4n, 3n, 2n])
  })

  test('keep the newest however large it is', () => {
    const recent = createRecent({ recordsMax: 3, bytesMax: 100 })
    recent.add(kept(1, 10))
    recent.add(kept(2, 1_000))
    expect(recent.newest().map(({ position }) => position)).toEqual([2n])
    recent.add(kept(3, 10))
    expect(recent.newest().map(({ position }) => position)).toEqual([3n])
  })

  test('hold the last that fit, and no more', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 50 }),
        fc.integer({ min: 1, max: 10 }),
        (sizes, recordsMax) => {
          const recent = createRecent({ recordsMax, bytesMax: 100 })
          sizes.forEach((bytes, position) => recent.add(kept(position, bytes)))
          const held = recent.newest()
          const bytes = held.reduce((sum, { value }) => sum + value.length, 0)
          expect(held.length).toBeLessThanOrEqual(recordsMax)
          expect(bytes <= 100 || held.length === 1).toBe(true)
          expect(held.map(({ position }) => Number(position))).toEqual(
            sizes
              .map((_, i) => i)
              .slice(sizes.length - held.length)
              .toReversed(),
          )
        },
      ),
    )
  })

  test('can be cleared', () => {
    const recent = createRecent({ recordsMax: 2, bytesMax: 20 })
    recent.add(kept(1, 20))
    recent.clear()
    recent.add(kept(2, 10))
    recent.add(kept(3, 10))
    expect(recent.newest()).toHaveLength(2)
  })
})
