import type { Ranked } from './rows.ts'

/** Rows of about the same probability: the probability that the model gave, and the share that came true. */
export interface CalibrationBin {
  readonly rows: number
  /** Mean probability. */
  readonly predicted: number
  /** Share that reached the goal, with its 95 % interval. */
  readonly observed: number
  readonly low: number
  readonly high: number
}

const BINS = 10
const Z2_95 = 3.841458820694124

/**
 * The bin of each row: ten of the same number of rows each, by rising probability, because where the goal is rare
 * bins of the same width would leave nearly all rows in the first. Rows of one probability share a bin.
 */
export function binRows({ probability }: Ranked): Int32Array {
  const order = Int32Array.from(probability, (_p, i) => i).sort(
    (a, b) => probability[a]! - probability[b]! || a - b,
  )
  const bins = new Int32Array(order.length)
  let bin = -1
  let before: number | undefined
  order.forEach((row, place) => {
    if (probability[row] !== before) bin = Math.max(bin, Math.floor((place * BINS) / order.length))
    before = probability[row]
    bins[row] = bin
  })
  return bins
}

/**
 * The expected calibration error: the mean distance between probability and outcome, over the bins, by
 * weight (as in M. P. Naeini et al., AAAI 2015, but with bins of equal size). It errs upwards where rows are few.
 */
export function calibrationError(
  { label, probability }: Ranked,
  weight: Float64Array,
  bins: Int32Array,
): number {
  const gaps = new Float64Array(BINS)
  let total = 0
  for (let i = 0; i < label.length; i++) {
    gaps[bins[i]!]! += weight[i]! * (probability[i]! - label[i]!)
    total += weight[i]!
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / total
}

/**
 * The bins that hold rows. The interval is Wilson's (1927), with the number of independent rows that would tell as
 * much: rows of one visitor are alike.
 */
export function calibrationBins(ranked: Ranked, bins: Int32Array): CalibrationBin[] {
  return Array.from({ length: BINS }, (_, bin) => {
    const rows: number[] = []
    bins.forEach((other, row) => {
      if (other === bin) rows.push(row)
    })
    return rows.length === 0 ? [] : [describeBin(ranked, rows)]
  }).flat()
}

function describeBin(
  { label, probability, weight, visitor }: Ranked,
  rows: readonly number[],
): CalibrationBin {
  const total = rows.reduce((sum, row) => sum + weight[row]!, 0)
  const predicted = rows.reduce((sum, row) => sum + weight[row]! * probability[row]!, 0) / total
  const observed = rows.reduce((sum, row) => sum + weight[row]! * label[row]!, 0) / total

  const distances = new Map<number, number>()
  for (const row of rows) {
    const distance = weight[row]! * (label[row]! - observed)
    distances.set(visitor[row]!, (distances.get(visitor[row]!) ?? 0) + distance)
  }
  const variance = [...distances.values()].reduce((sum, distance) => sum + distance ** 2, 0) / total ** 2
  const rowsWorth =
    variance > 0 ? Math.min(rows.length, (observed * (1 - observed)) / variance) : distances.size
  const middle = (observed + Z2_95 / (2 * rowsWorth)) / (1 + Z2_95 / rowsWorth)
  const reach =
    Math.sqrt(Z2_95 * ((observed * (1 - observed)) / rowsWorth + Z2_95 / (4 * rowsWorth ** 2))) /
    (1 + Z2_95 / rowsWorth)
  return {
    rows: rows.length,
    predicted,
    observed,
    low: Math.max(0, Math.min(observed, middle - reach)),
    high: Math.min(1, Math.max(observed, middle + reach)),
  }
}
