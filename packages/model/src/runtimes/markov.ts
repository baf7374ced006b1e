import type { Model } from './model.ts'
import type { MarkovParameters } from '../parameters/parameters.ts'
import { sigmoid } from './sigmoid.ts'

/** Sessions count up to this. */
const COUNT_MAX = 65_535

/** Whether a feature can be the count of a transition: not missing, not negative, and not more than sessions count. */
export function isCount(value: number): boolean {
  return value >= 0 && value <= COUNT_MAX
}

/**
 * The log-odds that a session's transitions were made by a visitor who reaches the goal: a transition contributes its
 * count times the logarithm of how much likelier it is in sessions that do. A missing count adds nothing; so does one that
 * can't be a count.
 */
export function createMarkov(parameters: MarkovParameters): Model {
  const { prior } = parameters
  const weights = logRatios(parameters)
  const count = weights.length
  return {
    featureCount: count,
    baseline: prior,
    score(features) {
      let sum = prior
      for (let i = 0; i < count; i++) {
        const times = features[i]!
        sum += isCount(times) ? times * weights[i]! : 0
      }
      return sum
    },
    explain(features, contributions) {
      let sum = prior
      for (let i = 0; i < count; i++) {
        const times = features[i]!
        const contribution = isCount(times) ? times * weights[i]! : 0
        contributions[i] = contribution
        sum += contribution
      }
      return sum
    },
    probability: sigmoid,
  }
}

function logRatios({ positives, negatives, from, smoothing }: MarkovParameters): Float64Array {
  const positiveTotals = new Map<number, number>()
  const negativeTotals = new Map<number, number>()
  from.forEach((state, i) => {
    positiveTotals.set(state, (positiveTotals.get(state) ?? 0) + positives[i]! + smoothing)
    negativeTotals.set(state, (negativeTotals.get(state) ?? 0) + negatives[i]! + smoothing)
  })
  return Float64Array.from(from, (state, i) =>
    Math.log(
      (positives[i]! + smoothing) /
        positiveTotals.get(state)! /
        ((negatives[i]! + smoothing) / negativeTotals.get(state)!),
    ),
  )
}
