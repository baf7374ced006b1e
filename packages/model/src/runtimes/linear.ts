import type { Model } from './model.ts'
import type { LinearParameters } from '../parameters/parameters.ts'
import { sigmoid } from './sigmoid.ts'

/** A value farther from the mean than this many scales is a mistake: of fewer than 10^8 rows none can be. */
const FAR_SCALES = 10_000

/** Returns by feature how far from its mean a value may be; one that is farther counts as missing. */
export function farthest(scales: Float64Array): Float64Array {
  return scales.map(scale => Math.min(FAR_SCALES * scale, Number.MAX_VALUE))
}

/**
 * Logistic regression. A feature contributes weight × (value − mean) / scale, so the baseline is the score of a row
 * of means. A missing value counts as the mean. So does one that is infinite, or so far from the mean that the model can't
 * have learned anything about it.
 */
export function createLinear({ intercept, weights, means, scales }: LinearParameters): Model {
  const count = weights.length
  const far = farthest(scales)
  return {
    featureCount: count,
    baseline: intercept,
    score(features) {
      let sum = intercept
      for (let i = 0; i < count; i++) {
        // The comparison is also false for NaN.
        const distance = features[i]! - means[i]!
        sum += Math.abs(distance) <= far[i]! ? (weights[i]! * distance) / scales[i]! : 0
      }
      return sum
    },
    explain(features, contributions) {
      let sum = intercept
      for (let i = 0; i < count; i++) {
        const distance = features[i]! - means[i]!
        const contribution = Math.abs(distance) <= far[i]! ? (weights[i]! * distance) / scales[i]! : 0
        contributions[i] = contribution
        sum += contribution
      }
      return sum
    },
    probability: sigmoid,
  }
}
