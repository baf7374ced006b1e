import { sigmoid } from './runtimes/sigmoid.ts'

/** How a raw score becomes a calibrated probability. */
export type Calibration =
  | { readonly method: 'none' }
  /** sigmoid(slope × score + offset): J. Platt, "Probabilistic outputs for support vector machines" (1999). */
  | { readonly method: 'platt'; readonly slope: number; readonly offset: number }
  /** Through the points (scores[i], probabilities[i]): a line between two of them, or the last one's value. */
  | {
      readonly method: 'isotonic'
      readonly interpolation: 'linear' | 'step'
      readonly scores: number[]
      readonly probabilities: number[]
    }

/**
 * The function from raw score to probability. It never decreases; outside an isotonic calibration's points it keeps
 * their first and last value. `uncalibrated` is the model's own, for the method none.
 */
export function createCalibration(
  calibration: Calibration,
  uncalibrated: (score: number) => number,
): (score: number) => number {
  switch (calibration.method) {
    case 'none':
      return uncalibrated
    case 'platt': {
      const { slope, offset } = calibration
      return score => sigmoid(slope * score + offset)
    }
    case 'isotonic':
      return isotonic(
        Float64Array.from(calibration.scores),
        Float64Array.from(calibration.probabilities),
        calibration.interpolation === 'linear',
      )
  }
}

function isotonic(scores: Float64Array, probabilities: Float64Array, isLinear: boolean) {
  const last = scores.length - 1
  return (score: number): number => {
    if (Number.isNaN(score)) return NaN
    if (score <= scores[0]!) return probabilities[0]!
    if (score >= scores[last]!) return probabilities[last]!
    let low = 0
    let high = last
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (scores[middle]! <= score) low = middle
      else high = middle
    }
    const from = probabilities[low]!
    if (!isLinear) return from
    const to = probabilities[high]!
    const way = (score - scores[low]!) / (scores[high]! - scores[low]!)
    // Rounding must not lift it above the next point.
    return Math.min(to, from + (to - from) * way)
  }
}
