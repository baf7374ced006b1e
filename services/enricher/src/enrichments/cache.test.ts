import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { remember } from './cache.ts'

describe('remember', () => {
  test('gives what was computed, computes again what it forgot, and never holds more than it may', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 })), fc.integer({ min: 2, max: 6 }), (keys, entriesMax) => {
        const computed: string[] = []
        const square = remember(
          key => {
            computed.push(key)
            return { value: Number(key) ** 2 }
          },
          { entriesMax, keyLengthMax: 10 },
        )
        for (const key of keys) expect(square(String(key)).value).toBe(key ** 2)
        expect(computed.length).toBeLessThanOrEqual(keys.length)
        // The last one asked for is always still there.
        const last = keys.at(-1)
        const before = computed.length
        if (last !== undefined) square(String(last))
        expect(computed.length).toBe(before)
      }),
    )
  })

  test('keeps what is asked for again while others go', () => {
    const computed: string[] = []
    const noted = remember(
      key => {
        computed.push(key)
        return {}
      },
      { entriesMax: 4, keyLengthMax: 10 },
    )
    for (const key of ['a', 'b', 'c', 'a', 'd', 'a', 'e', 'a', 'b']) noted(key)
    expect(computed).toEqual(['a', 'b', 'c', 'd', 'e', 'b'])
  })

  test('does not remember long keys', () => {
    let count = 0
    const counted = remember(() => ({ count: ++count }), { entriesMax: 10, keyLengthMax: 3 })
    expect(
      [counted('abc'), counted('abc'), counted('abcd'), counted('abcd')].map(each => each.count),
    ).toEqual([1, 1, 2, 3])
  })
})
