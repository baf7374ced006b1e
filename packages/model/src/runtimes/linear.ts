import type { Model } from './model.ts'
import type { LinearParameters } from '../parameters/parameters.ts'
import { sigmoid } from './sigmoid.ts'

/**
 * Logistic regression. A feature contributes weight × (value − mean) / scale, so the baseline is the score of a row
 * of means. A missing value counts as the mean; so does an infinite one, from which no finite score could come.
 */
export function createLinear({ intercept, weights, means, scales }: LinearParameters): Model {
  const count = weights.length
  return {
    featureCount: count,
    baseline: intercept,
    score(features) {
      let sum = intercept
      for (let i = 0; i < count; i++) {
        // Infinity − Infinity and NaN − NaN are NaN: the one test finds all three.
        const distance = features[i]! - means[i]!
        sum += distance - distance === 0 ? (weights[i]! * distance) / scales[i]! : 0
      }
      return sum
    },
    explain(features, contributions) {
      let sum = intercept
      for (let i = 0; i < count; i++) {
        const distance = features[i]! - means[i]!
        const contribution = distance - distance === 0 ? (weights[i]! * distance) / scales[i]! : 0
        contributions[i] = contribution
        sum += contribution
      }
      return sum
    },
    probability: sigmoid,
  }
}
