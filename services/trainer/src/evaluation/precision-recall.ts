import { forEachScore, type Point } from './roc.ts'
import type { Ranked } from './rows.ts'

/**
 * The area under the precision-recall curve as average precision: the precision at each score, weighted by the recall
 * that it adds, without interpolation. NaN without a positive row. `weight` may differ from the rows' own.
 */
export function averagePrecision(ranked: Ranked, weight: Float64Array): number {
  let found = 0
  let decided = 0
  let sum = 0
  forEachScore({ ...ranked, weight }, (positives, negatives) => {
    found += positives
    decided += positives + negatives
    if (positives > 0) sum += positives * (found / decided)
  })
  return sum / found
}

/** The precision-recall curve: recall (x) against precision (y), from the highest score to the lowest. Empty without a
 * positive row. */
export function precisionRecallCurve(ranked: Ranked): Point[] {
  const total = ranked.label.reduce((sum, label, i) => sum + label * ranked.weight[i]!, 0)
  if (total === 0) return []
  const points: Point[] = []
  let found = 0
  let decided = 0
  forEachScore(ranked, (positives, negatives) => {
    found += positives
    decided += positives + negatives
    points.push({ x: found / total, y: found / decided })
  })
  return points
}
