import type { Reason } from '@sluicebox/event/records'
import type { Moment } from '@sluicebox/session/sessions/moment'
import type { ScoringBundle } from './scoring-bundle.ts'

/** Why a record has no score: stable codes. */
export const NO_SCORE_REASONS = [
  'nothing_before_goal',
  'bundle_not_yet_valid',
  'bundle_expired',
  'model_error',
] as const
export type NoScoreReason = (typeof NO_SCORE_REASONS)[number]

/** The part of a scored record that the model gives. */
export interface Score {
  readonly score: number | null
  readonly probability: number | null
  readonly decision: boolean | null
  readonly no_score_reason: NoScoreReason | null
  readonly reasons: readonly Reason[]
  readonly baseline: number | null
}

/** Scores a moment. Whether the bundle may be used is judged by the instant of the log, so that a replay agrees. */
export function createScore(bundle: ScoringBundle, reasonsMax: number): (moment: Moment) => Score {
  const { model, program, threshold, notBefore, expiresAt } = bundle
  const contributions = new Float64Array(model.featureCount)

  return function score({ features, featureEventCount, logTime }) {
    if (featureEventCount === 0) return noScore('nothing_before_goal')
    if (logTime < notBefore) return noScore('bundle_not_yet_valid')
    if (logTime >= expiresAt) return noScore('bundle_expired')
    let raw: number
    let probability: number
    try {
      raw = model.explain(features, contributions)
      probability = bundle.calibrate(raw)
    } catch {
      return noScore('model_error')
    }
    // A score that is not a number says nothing, and Avro would carry it on.
    if (!Number.isFinite(raw) || !(probability >= 0 && probability <= 1)) return noScore('model_error')
    return {
      score: raw,
      probability,
      decision: probability >= threshold,
      no_score_reason: null,
      reasons: topReasons(program.names, features, contributions, reasonsMax),
      baseline: model.baseline,
    }
  }
}

function noScore(reason: NoScoreReason): Score {
  return {
    score: null,
    probability: null,
    decision: null,
    no_score_reason: reason,
    reasons: [],
    baseline: null,
  }
}

/** The features with the largest contributions of either sign, at most `max`; equal ones in the features' order. */
export function topReasons(
  names: readonly string[],
  features: Float64Array,
  contributions: Float64Array,
  max: number,
): Reason[] {
  const reasons: Reason[] = []
  let bound = Infinity
  let boundAt = -1
  while (reasons.length < max) {
    // The next one below the last one taken: its size is less, or it is the same and comes later.
    let best = -1
    let bestSize = 0
    for (let i = 0; i < contributions.length; i++) {
      const size = Math.abs(contributions[i]!)
      if (size > bestSize && (size < bound || (size === bound && i > boundAt))) {
        best = i
        bestSize = size
      }
    }
    if (best < 0) break
    const value = features[best]!
    reasons.push({
      feature: names[best]!,
      value: Number.isNaN(value) ? null : value,
      contribution: contributions[best]!,
    })
    bound = bestSize
    boundAt = best
  }
  return reasons
}
