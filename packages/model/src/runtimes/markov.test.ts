import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createModel } from './create-model.ts'
import { arbitraryMarkov } from '../testing/example-parameters.ts'

// Two states: the first is left by transitions 0 and 1, the second by transition 2 alone.
const model = createModel(
  {
    kind: 'markov',
    prior: -2,
    positives: Float64Array.of(5, 1, 7),
    negatives: Float64Array.of(2, 4, 9),
    from: Int32Array.of(0, 0, 1),
    smoothing: 1,
  },
  3,
)
// (5 + 1) of 8 against (2 + 1) of 8, and so on; the only way out of a state says nothing.
const weights = [Math.log(6 / 8 / (3 / 8)), Math.log(2 / 8 / (5 / 8)), 0]

test.each([
  { row: [0, 0, 0], counted: [0, 0, 0] },
  { row: [3, 1, 2], counted: [3, 1, 2] },
  { row: [NaN, 1, Infinity], counted: [0, 1, 0] },
])('the counts $row weigh as smoothed log-ratios', ({ row, counted }) => {
  const contributions = Float64Array.of(99, 99, 99)
  const score = model.explain(Float64Array.from(row), contributions)
  expect(score).toBeCloseTo(-2 + counted[0]! * weights[0]! + counted[1]! * weights[1]!, 12)
  expect(model.score(Float64Array.from(row))).toBe(score)
  contributions.forEach((contribution, i) => expect(contribution).toBeCloseTo(counted[i]! * weights[i]!, 12))
})

test('baseline and contributions add up to the score', () => {
  const counts = fc.array(fc.oneof(fc.nat(100), fc.constant(NaN)), { minLength: 5, maxLength: 5 })
  fc.assert(
    fc.property(arbitraryMarkov(5), counts, (parameters, row) => {
      const contributions = new Float64Array(5)
      const markov = createModel(parameters, 5)
      const score = markov.explain(Float64Array.from(row), contributions)
      expect(contributions.reduce((total, contribution) => total + contribution, markov.baseline)).toBe(score)
      expect(markov.score(Float64Array.from(row))).toBe(score)
    }),
  )
})
