import { createModel } from '@sluicebox/model/runtimes/create-model'
import { expect, test } from 'vitest'
import { featureImportance } from './importance.ts'

const model = createModel(
  {
    kind: 'linear',
    intercept: 5,
    weights: Float64Array.of(1, -10, 1),
    means: new Float64Array(3),
    scales: new Float64Array(3).fill(1),
  },
  3,
)
const features = {
  names: ['a', 'b', 'c'],
  columns: [Float64Array.of(2, -4, 99), Float64Array.of(1, NaN, 99), Float64Array.of(3, 3, 99)],
}

test('a feature counts by how far it moves the score, whichever way', () => {
  expect(featureImportance(model, features, Int32Array.of(0, 1))).toEqual([
    { feature: 'b', mean_contribution: 5, gain: null },
    { feature: 'a', mean_contribution: 3, gain: null },
    { feature: 'c', mean_contribution: 3, gain: null },
  ])
})

test('gains are given beside it', () => {
  const importance = featureImportance(model, features, Int32Array.of(0), Float64Array.of(7, 8, 9))
  expect(importance.map(({ feature, gain }) => [feature, gain])).toEqual([
    ['b', 8],
    ['c', 9],
    ['a', 7],
  ])
})

test('without rows nothing counts', () => {
  expect(featureImportance(model, features, new Int32Array(0))[0]).toMatchObject({ mean_contribution: 0 })
})
