import type { Ranked } from './rows.ts'

/** A measured value with its 95 % interval; null where it is undefined, or where there are too few rows for it. */
export interface Estimate {
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
}

const Z_95 = 1.959963984540054

/** Total weight of the positive and of the negative rows. */
interface Totals {
  readonly positives: number
  readonly negatives: number
}

/**
 * The share of pairs of a positive and a negative row in which the positive one scores higher; equal scores are half
 * a pair. NaN without a positive or a negative row. `weight` may differ from the rows' own.
 */
export function rocAuc(ranked: Ranked, weight: Float64Array): number {
  let positivesAbove = 0
  let negativesAbove = 0
  let pairs = 0
  forEachScore({ ...ranked, weight }, (positives, negatives) => {
    pairs += negatives * (positivesAbove + positives / 2)
    positivesAbove += positives
    negativesAbove += negatives
  })
  return pairs / (positivesAbove * negativesAbove)
}

/**
 * The area under the ROC curve with its interval. The variance is that of E. R. DeLong, D. M. DeLong and D. L.
 * Clarke-Pearson (Biometrics 44, 1988) in the form of N. A. Obuchowski (Biometrics 53, 1997) for rows that come in
 * clusters, because rows of one visitor are alike: with one row a visitor it is DeLong's. The interval is made on the
 * logit, so that it stays within 0 and 1.
 */
export function rocAucEstimate(ranked: Ranked): Estimate {
  const { label, weight, visitor, visitorCount } = ranked
  const totals = totalsOf(ranked)
  const auc = rocAuc(ranked, weight)
  if (Number.isNaN(auc)) return { value: null, low: null, high: null }

  // How far the rows of each visitor are from the mean, as positives and as negatives.
  const wins = winShares(ranked, totals)
  const positive = new Float64Array(visitorCount)
  const negative = new Float64Array(visitorCount)
  const hasPositive = new Uint8Array(visitorCount)
  const hasNegative = new Uint8Array(visitorCount)
  for (let i = 0; i < label.length; i++) {
    const distance = weight[i]! * (wins[i]! - auc)
    const v = visitor[i]!
    if (label[i] === 1) {
      positive[v]! += distance
      hasPositive[v] = 1
    } else {
      negative[v]! += distance
      hasNegative[v] = 1
    }
  }
  const correct = (has: Uint8Array): number => {
    const clusters = has.reduce((sum, one) => sum + one, 0)
    return clusters / (clusters - 1)
  }
  const variance =
    (correct(hasPositive) * dot(positive, positive)) / totals.positives ** 2 +
    (correct(hasNegative) * dot(negative, negative)) / totals.negatives ** 2 +
    ((2 * visitorCount) / (visitorCount - 1)) *
      (dot(positive, negative) / (totals.positives * totals.negatives))
  // With a single visitor of a kind the variance is undefined, and with all pairs in order it is 0: neither gives
  // an interval.
  if (!(variance > 0) || !Number.isFinite(variance) || auc <= 0 || auc >= 1)
    return { value: auc, low: null, high: null }
  const logit = Math.log(auc / (1 - auc))
  const reach = (Z_95 * Math.sqrt(variance)) / (auc * (1 - auc))
  return { value: auc, low: 1 / (1 + Math.exp(reach - logit)), high: 1 / (1 + Math.exp(-reach - logit)) }
}

/** A point of a ROC or precision-recall curve. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** The ROC curve: false positive rate (x) against true positive rate (y), from (0, 0) to (1, 1). Empty unless there are
 * positive and negative rows. */
export function rocCurve(ranked: Ranked): Point[] {
  const { positives, negatives } = totalsOf(ranked)
  if (positives === 0 || negatives === 0) return []
  const points = [{ x: 0, y: 0 }]
  let truePositives = 0
  let falsePositives = 0
  forEachScore(ranked, (positive, negative) => {
    truePositives += positive
    falsePositives += negative
    points.push({ x: falsePositives / negatives, y: truePositives / positives })
  })
  return points
}

/** Calls `visit` for each score from the highest down, with the weight of its positive and negative rows. */
export function forEachScore(
  { label, score, weight }: Ranked,
  visit: (positives: number, negatives: number, score: number) => void,
): void {
  for (let i = 0; i < label.length;) {
    let positives = 0
    let negatives = 0
    const tied = score[i]!
    for (; i < label.length && score[i] === tied; i++)
      if (label[i] === 1) positives += weight[i]!
      else negatives += weight[i]!
    visit(positives, negatives, tied)
  }
}

/** For each row the share of rows of the other kind that the scores put on the right side of it; equal scores count half. */
function winShares(ranked: Ranked, { positives, negatives }: Totals): Float64Array {
  const { label, score } = ranked
  const shares = new Float64Array(label.length)
  let start = 0
  let positivesAbove = 0
  let negativesAbove = 0
  forEachScore(ranked, (positivesHere, negativesHere, tied) => {
    for (; start < label.length && score[start] === tied; start++)
      shares[start] =
        label[start] === 1
          ? (negatives - negativesAbove - negativesHere / 2) / negatives
          : (positivesAbove + positivesHere / 2) / positives
    positivesAbove += positivesHere
    negativesAbove += negativesHere
  })
  return shares
}

function totalsOf({ label, weight }: Ranked): Totals {
  let positives = 0
  let negatives = 0
  for (let i = 0; i < label.length; i++)
    if (label[i] === 1) positives += weight[i]!
    else negatives += weight[i]!
  return { positives, negatives }
}

export function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0
  for (let i = 0; i < one.length; i++) sum += one[i]! * other[i]!
  return sum
}
