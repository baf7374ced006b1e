import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSketch } from './sketch.ts'

const values = fc.array(fc.oneof(fc.double({ min: -1e6, max: 1e6 }), fc.constantFrom(NaN, 0, 1)), {
  maxLength: 200,
})

test('a column of a hundred numbers becomes its quantiles', () => {
  const column = Array.from({ length: 100 }, (_, i) => i + 1)
  expect(createSketch([...column, NaN, NaN], 4)).toEqual({
    count: 100,
    missing: 2,
    min: 1,
    max: 100,
    mean: 50.5,
    edges: [25, 50, 75],
    counts: [25, 25, 25, 25],
  })
})

describe('a column', () => {
  test.each([
    { name: 'of nothing', column: [], edges: [], counts: [0] },
    { name: 'of missing values', column: [NaN, NaN], edges: [], counts: [0] },
    { name: 'of one value', column: [3, 3, 3], edges: [], counts: [3] },
    { name: 'of mostly zeros', column: [0, 0, 0, 0, 0, 0, 0, 0, 0, 5], edges: [0], counts: [9, 1] },
    { name: 'of two values', column: [0, 1, 0, 1], edges: [0], counts: [2, 2] },
    { name: 'with infinities', column: [-Infinity, 1, 2, Infinity], edges: [1], counts: [2, 2] },
  ])('$name has the edges $edges and the counts $counts', ({ column, edges, counts }) => {
    expect(createSketch(column, 4)).toMatchObject({ edges, counts })
  })
})

test('every value is counted once, and the edges rise', () => {
  fc.assert(
    fc.property(values, column => {
      const { count, missing, counts, edges, min, max, mean } = createSketch(column)
      expect(count + missing).toBe(column.length)
      expect(counts.reduce((sum, inBin) => sum + inBin, 0)).toBe(count)
      expect(edges).toEqual([...new Set(edges)].sort((a, b) => a - b))
      expect(edges.length).toBeLessThan(20)
      if (count > 0) expect(mean! >= min! && mean! <= max!).toBe(true)
      expect(JSON.parse(JSON.stringify({ min, max, mean }))).toEqual({ min, max, mean })
    }),
  )
})
