import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createModel } from './create-model.ts'
import { arbitraryLinear, arbitraryRow } from '../testing/example-parameters.ts'

const model = createModel(
  {
    kind: 'linear',
    intercept: -1,
    weights: Float64Array.of(2, -3),
    means: Float64Array.of(10, 0),
    scales: Float64Array.of(4, 1),
  },
  2,
)

test.each([
  { row: [10, 0], score: -1, contributions: [0, 0] },
  { row: [14, 0], score: 1, contributions: [2, 0] },
  { row: [14, 2], score: -5, contributions: [2, -6] },
  { row: [NaN, 2], score: -7, contributions: [0, -6] },
  { row: [NaN, NaN], score: -1, contributions: [0, 0] },
  { row: [Infinity, -Infinity], score: -1, contributions: [0, 0] },
])('the row $row scores $score', ({ row, score, contributions }) => {
  const explained = Float64Array.of(99, 99)
  expect(model.score(Float64Array.from(row))).toBe(score)
  expect(model.explain(Float64Array.from(row), explained)).toBe(score)
  expect([...explained].map(contribution => contribution + 0)).toEqual(contributions)
})

test('the raw score is log-odds', () => {
  expect(model.probability(0)).toBe(0.5)
  expect(model.probability(Math.log(3))).toBeCloseTo(0.75, 12)
})

test('baseline and contributions add up to the score', () => {
  const bounded = fc.array(fc.oneof(fc.double({ min: -1e3, max: 1e3 }), fc.constant(Infinity)), {
    minLength: 5,
    maxLength: 5,
  })
  fc.assert(
    fc.property(arbitraryLinear(5), bounded, (parameters, row) => {
      const contributions = new Float64Array(5)
      const features = Float64Array.from(row)
      const linear = createModel(parameters, 5)
      const score = linear.explain(features, contributions)
      const sum = contributions.reduce((total, contribution) => total + contribution, linear.baseline)
      expect(sum).toBe(score)
      expect(linear.score(features)).toBe(score)
    }),
  )
})

test('no row makes the score NaN', () => {
  fc.assert(
    fc.property(arbitraryLinear(3), arbitraryRow(3), (parameters, row) => {
      const huge = row.filter(value => Math.abs(value) > 1e200 && Number.isFinite(value))
      fc.pre(huge.length === 0)
      expect(createModel(parameters, 3).score(row)).not.toBeNaN()
    }),
  )
})
