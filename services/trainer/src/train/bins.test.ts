import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBins, valueBinCount } from './bins.ts'

const all = (column: Float64Array) => Int32Array.from(column, (_, i) => i)

describe('bins', () => {
  test.each([
    { name: 'few values get a bin each', column: [3, 1, 2, 1], edges: [1.5, 2.5], bins: [2, 0, 1, 0] },
    { name: 'a constant gets one bin', column: [5, 5, 5], edges: [], bins: [0, 0, 0] },
    {
      name: 'missing values get a bin behind all others',
      column: [NaN, 1, 2],
      edges: [1.5],
      bins: [2, 0, 1],
    },
    { name: 'a column without values has the missing bin only', column: [NaN, NaN], edges: [], bins: [1, 1] },
    {
      name: 'infinite values fall into the outermost bins',
      column: [-Infinity, 1, 2, Infinity],
      edges: [1.5],
      bins: [0, 0, 1, 1],
    },
    {
      name: 'neighbouring doubles are still distinguished',
      column: [1, 1 + Number.EPSILON],
      edges: [1],
      bins: [0, 1],
    },
  ])('$name', ({ column, edges, bins }) => {
    const made = createBins([Float64Array.from(column)], all(Float64Array.from(column)))
    expect([...made.edges[0]!]).toEqual(edges)
    expect([...made.columns[0]!]).toEqual(bins)
  })

  test('rows that are not in the training part move no edge', () => {
    const column = Float64Array.from([1, 2, 100])
    expect([...createBins([column], Int32Array.from([0, 1])).edges[0]!]).toEqual([1.5])
  })

  test('comparing bins is comparing values with edges, for any values and any number of bins', () => {
    const value = fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: -3, max: 3 }), fc.constant(NaN))
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 400 }),
        fc.integer({ min: 2, max: 255 }),
        (values, max) => {
          const column = Float64Array.from(values)
          const bins = createBins([column], all(column), max)
          const edges = bins.edges[0]!
          expect(valueBinCount(bins, 0)).toBeLessThanOrEqual(max)
          for (let e = 1; e < edges.length; e++) expect(edges[e]).toBeGreaterThan(edges[e - 1]!)
          column.forEach((v, row) => {
            const bin = bins.columns[0]![row]!
            if (Number.isNaN(v)) expect(bin).toBe(valueBinCount(bins, 0))
            else edges.forEach((edge, b) => expect(v <= edge).toBe(bin <= b))
          })
        },
      ),
    )
  })

  test('many values are shared out evenly', () => {
    const column = Float64Array.from({ length: 10_000 }, (_, i) => i)
    const bins = createBins([column], all(column), 10)
    const counts = new Array<number>(10).fill(0)
    for (const bin of bins.columns[0]!) counts[bin]!++
    expect(counts).toEqual(new Array(10).fill(1_000))
  })
})
