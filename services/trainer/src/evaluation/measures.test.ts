import { describe, expect, test } from 'vitest'
import { createRandom } from '@sluicebox/event/random'
import { binRows, calibrationBins, calibrationError } from './calibration-bins.ts'
import { confusion, measure } from './measures.ts'
import { averagePrecision, precisionRecallCurve } from './precision-recall.ts'
import { rocAuc, rocAucEstimate, rocCurve } from './roc.ts'
import { rank, rowsOfMoment } from './rows.ts'
import { scoredRows, simulatedRows } from './testing/scored-rows.ts'

// Twenty rows with equal scores among them, six positives, visitors with one or two rows. The expected values were
// computed with scikit-learn 1.9 (roc_auc_score, average_precision_score, brier_score_loss, log_loss, roc_curve,
// precision_recall_curve) and, for the variances, with the papers' formulas over all pairs in NumPy.
const columns = {
  score: [
    2.1, 1.7, 1.7, 1.2, 0.9, 0.9, 0.9, 0.4, 0.1, -0.2, -0.2, -0.5, -0.8, -0.8, -1.1, -1.5, -1.5, -1.9, -2.4,
    -3,
  ],
  label: [1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
  visitor: [0, 1, 2, 0, 3, 4, 4, 5, 6, 2, 7, 8, 6, 9, 10, 1, 3, 11, 12, 13],
}
const probability = columns.score.map(score => 1 / (1 + Math.exp(-(score - 0.5))))
const weight = [1, 2, 0.5, 1, 3, 1, 1, 0.5, 2, 1, 1, 1, 1, 2, 1, 1, 0.5, 1, 1, 4]
const ranked = rankAll({ ...columns, probability })
const weighted = rankAll({ ...columns, probability, weight })
const options = { threshold: 0.5, seed: 1, replicates: 400 }

test('measures agree with scikit-learn', () => {
  const { roc_auc, pr_auc, brier, log_loss, precision, recall, positive_rate, lift } = measure(
    ranked,
    options,
  )
  expect(roc_auc.value).toBeCloseTo(0.8214285714285715, 14)
  expect(pr_auc.value).toBeCloseTo(0.6620370370370371, 14)
  expect(brier.value).toBeCloseTo(0.16337851363293138, 14)
  expect(log_loss.value).toBeCloseTo(0.48598330983485905, 14)
  expect(precision.value).toBeCloseTo(4 / 7, 14)
  expect(recall.value).toBeCloseTo(2 / 3, 14)
  expect(positive_rate.value).toBe(0.3)
  expect(lift.value).toBeCloseTo(4 / 7 / 0.3, 14)
})

test('weighted measures agree with scikit-learn', () => {
  const { roc_auc, pr_auc, brier, log_loss } = measure(weighted, options)
  expect(roc_auc.value).toBeCloseTo(0.847972972972973, 14)
  expect(pr_auc.value).toBeCloseTo(0.7175751879699248, 14)
  expect(brier.value).toBeCloseTo(0.15206165437091773, 14)
  expect(log_loss.value).toBeCloseTo(0.45037549285504297, 14)
})

test('curves agree with scikit-learn', () => {
  const roc = [
    [0, 0], [0, 1 / 6], [1 / 14, 2 / 6], [1 / 14, 3 / 6], [3 / 14, 4 / 6], [4 / 14, 4 / 6], [4 / 14, 5 / 6], [6 / 14, 5 / 6],
    [7 / 14, 5 / 6], [8 / 14, 1], [9 / 14, 1], [11 / 14, 1], [12 / 14, 1], [13 / 14, 1], [1, 1],
  ] // prettier-ignore
  rocCurve(ranked).forEach(({ x, y }, i) => {
    expect(x).toBeCloseTo(roc[i]![0]!, 12)
    expect(y).toBeCloseTo(roc[i]![1]!, 12)
  })
  const precisions = [
    1, 2 / 3, 3 / 4, 4 / 7, 1 / 2, 5 / 9, 5 / 11, 5 / 12, 6 / 14, 6 / 15, 6 / 17, 6 / 18, 6 / 19, 6 / 20,
  ] // prettier-ignore
  expect(precisionRecallCurve(ranked).map(({ y }) => y)).toEqual(precisions)
})

describe('the interval of ROC AUC', () => {
  test("is DeLong's where every row is a visitor of its own", () => {
    const { visitor: _visitor, ...single } = columns
    const { low, high } = rocAucEstimate(rankAll(single))
    expect(low).toBeCloseTo(0.5398710825606152, 12)
    expect(high).toBeCloseTo(0.9474639325451316, 12)
  })

  test("is Obuchowski's where visitors have several rows", () => {
    const { low, high } = rocAucEstimate(ranked)
    expect(low).toBeCloseTo(0.46706374484179797, 12)
    expect(high).toBeCloseTo(0.9602295685020145, 12)
  })

  test('does not shrink when every row is repeated five times', () => {
    const { visitor: _visitor, ...single } = columns
    const five = (values: readonly number[]) => values.flatMap(value => [value, value, value, value, value])
    const copies = rankAll({
      score: five(columns.score),
      label: five(columns.label),
      visitor: five(columns.score.map((_, i) => i)),
    })
    const once = rocAucEstimate(rankAll(single))
    expect(rocAucEstimate(copies).low).toBeCloseTo(once.low!, 12)
    expect(rocAucEstimate(copies).high).toBeCloseTo(once.high!, 12)
  })

  test('is about as wide as that of drawing visitors again', () => {
    const rows = simulatedRows({ sessions: 600, seed: 11 })
    const all = rank(rows, rowsOfMoment(rows, 'pooled'))
    const { low, high } = rocAucEstimate(all)
    const draws = Array.from({ length: 200 }, (_, seed) => rocAuc(all, redrawn(all, seed))).sort(
      (a, b) => a - b,
    )
    const ratio = (high! - low!) / (draws[194]! - draws[5]!)
    expect(ratio).toBeGreaterThan(0.8)
    expect(ratio).toBeLessThan(1.25)
  })
})

test.each([
  { threshold: 0, counts: [6, 14, 0, 0] },
  { threshold: 0.5, counts: [4, 3, 2, 11] },
  { threshold: 1, counts: [0, 0, 6, 14] },
])('the threshold $threshold makes $counts', ({ threshold, counts }) => {
  expect(Object.values(confusion(ranked, ranked.weight, threshold))).toEqual(counts)
})

test('a probability that equals the threshold is a yes', () => {
  const rows = rankAll({ score: [1, 2], label: [1, 0], probability: [0.5, 0.4] })
  expect(confusion(rows, rows.weight, 0.5)).toMatchObject({ truePositives: 1, falsePositives: 0 })
})

test('a weight of 2 is the same as two rows', () => {
  const double = rankAll({ score: [1, 2, 3], label: [1, 0, 1], weight: [1, 2, 1] })
  const twice = rankAll({ score: [1, 2, 2, 3], label: [1, 0, 0, 1] })
  expect(rocAuc(double, double.weight)).toBe(rocAuc(twice, twice.weight))
  expect(averagePrecision(double, double.weight)).toBe(averagePrecision(twice, twice.weight))
})

test.each([
  { name: 'equal scores', score: [1, 1, 1, 1], label: [1, 0, 1, 0], auc: 0.5, ap: 0.5 },
  { name: 'the right order', score: [4, 3, 2, 1], label: [1, 1, 0, 0], auc: 1, ap: 1 },
  { name: 'the wrong order', score: [1, 2, 3, 4], label: [1, 1, 0, 0], auc: 0, ap: (1 / 3 + 2 / 4) / 2 },
  { name: 'half of a tie', score: [2, 2, 1], label: [1, 0, 0], auc: 0.75, ap: 0.5 },
])('$name have an AUC of $auc and an average precision of $ap', ({ score, label, auc, ap }) => {
  const rows = rankAll({ score, label })
  expect(rocAuc(rows, rows.weight)).toBe(auc)
  expect(averagePrecision(rows, rows.weight)).toBeCloseTo(ap, 15)
})

describe('calibration', () => {
  // A hundred rows: the lower half is said to have 0.1 and has 0.2, the upper half is right.
  const probabilities = Array.from({ length: 100 }, (_, i) => (i < 50 ? 0.1 : 0.6))
  const label = probabilities.map((p, i) => (p === 0.1 ? Number(i % 5 === 0) : Number(i % 5 < 3)))
  const rows = rankAll({ score: probabilities, label, probability: probabilities })

  test('bins share rows of one probability', () => {
    const bins = calibrationBins(rows, binRows(rows))
    expect(bins.map(bin => bin.rows)).toEqual([50, 50])
    expect(bins.map(bin => bin.predicted)).toEqual([expect.closeTo(0.1, 12), expect.closeTo(0.6, 12)])
    expect(bins.map(bin => bin.observed)).toEqual([expect.closeTo(0.2, 12), expect.closeTo(0.6, 12)])
  })

  test('the error is the mean distance, by rows', () => {
    expect(calibrationError(rows, rows.weight, binRows(rows))).toBeCloseTo((0.5 * 0.1 + 0.5 * 0) / 1, 12)
  })

  test("a bin's interval is Wilson's", () => {
    // 10 of 50, from the closed formula.
    const [bin] = calibrationBins(rows, binRows(rows))
    expect(bin!.low).toBeCloseTo(0.1124, 4)
    expect(bin!.high).toBeCloseTo(0.3304, 4)
  })

  test('many rows of one visitor count as few', () => {
    const visitors = probabilities.map((_, i) => Math.floor(i / 5))
    const alike = label.map((_, i) => Number(Math.floor(i / 5) % 5 === 0))
    const clustered = rankAll({
      score: probabilities,
      label: alike,
      probability: probabilities,
      visitor: visitors,
    })
    const [bin] = calibrationBins(clustered, binRows(clustered))
    const [single] = calibrationBins(rows, binRows(rows))
    expect(bin!.observed).toBeCloseTo(0.2, 12)
    expect(bin!.high - bin!.low).toBeGreaterThan(1.5 * (single!.high - single!.low))
  })

  test('ten bins take equal parts of different probabilities', () => {
    const rising = rankAll({
      score: probabilities.map((_, i) => i),
      label,
      probability: probabilities.map((_, i) => i / 100),
    })
    expect(calibrationBins(rising, binRows(rising)).map(bin => bin.rows)).toEqual(new Array(10).fill(10))
  })
})

function rankAll(given: Parameters<typeof scoredRows>[0]) {
  const rows = scoredRows(given)
  return rank(rows, rowsOfMoment(rows, 'pooled'))
}

/** The weights of one draw of visitors with replacement. */
function redrawn({ visitor, visitorCount }: ReturnType<typeof rankAll>, seed: number): Float64Array {
  const random = createRandom(1_000 + seed)
  const times = new Int32Array(visitorCount)
  for (let i = 0; i < visitorCount; i++) times[random.below(visitorCount)]!++
  return Float64Array.from(visitor, v => times[v]!)
}
