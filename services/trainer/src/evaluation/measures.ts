import { createRandom } from '@sluicebox/event/random'
import { binRows, calibrationError } from './calibration-bins.ts'
import { averagePrecision } from './precision-recall.ts'
import { dot, rocAuc, rocAucEstimate, type Estimate } from './roc.ts'
import type { Ranked } from './rows.ts'

/** The measures, by their names in a manifest's metrics. */
export const MEASURES = [
  'roc_auc',
  'pr_auc',
  'brier',
  'log_loss',
  'calibration_error',
  'precision',
  'recall',
  'lift',
  'positive_rate',
] as const

export type Measure = (typeof MEASURES)[number]

/** Decisions at the threshold, by weight. */
export interface Confusion {
  readonly truePositives: number
  readonly falsePositives: number
  readonly falseNegatives: number
  readonly trueNegatives: number
}

/** Probabilities of 0 and 1 count as this far from it, so that one wrong row does not make a log loss infinite. */
const LOG_LOSS_MARGIN = 1e-15

export interface MeasureOptions {
  readonly threshold: number
  readonly seed: number
  /** How often visitors are drawn again for the intervals. */
  readonly replicates: number
}

/**
 * All measures of these rows. The interval of ROC AUC is DeLong's for clusters (see `rocAucEstimate`); the others are
 * the 2.5 % and 97.5 % quantiles over draws of visitors with replacement (B. Efron, R. Tibshirani, "An introduction
 * to the bootstrap", 1993), whose rows come and go together.
 */
export function measure(ranked: Ranked, options: MeasureOptions): Record<Measure, Estimate> {
  const measureOnce = prepare(ranked, options.threshold)
  const values = measureOnce(ranked.weight)
  const draws = drawReplicates(ranked, measureOnce, options)
  const estimates = MEASURES.map(name => [name, estimate(values[name], draws[name])] as const)
  return { ...(Object.fromEntries(estimates) as Record<Measure, Estimate>), roc_auc: rocAucEstimate(ranked) }
}

/** Counts the decisions at the threshold: a probability at or above it is a yes. */
export function confusion(
  { label, probability }: Ranked,
  weight: Float64Array,
  threshold: number,
): Confusion {
  let [truePositives, falsePositives, falseNegatives, trueNegatives] = [0, 0, 0, 0]
  for (let i = 0; i < label.length; i++) {
    const isYes = probability[i]! >= threshold
    if (label[i] === 1) {
      if (isYes) truePositives += weight[i]!
      else falseNegatives += weight[i]!
    } else if (isYes) falsePositives += weight[i]!
    else trueNegatives += weight[i]!
  }
  return { truePositives, falsePositives, falseNegatives, trueNegatives }
}

type MeasureOnce = (weight: Float64Array) => Record<Measure, number>

/**
 * Each measure at given weights, NaN where it is not defined. Whatever does not depend on weights is computed once.
 */
function prepare(ranked: Ranked, threshold: number): MeasureOnce {
  const { label, probability } = ranked
  const bins = binRows(ranked)
  const squares = probability.map((p, i) => (p - label[i]!) ** 2)
  const losses = probability.map((p, i) => {
    const clear = Math.min(1 - LOG_LOSS_MARGIN, Math.max(LOG_LOSS_MARGIN, p))
    return label[i] === 1 ? -Math.log(clear) : -Math.log1p(-clear)
  })
  return weight => {
    const { truePositives, falsePositives, falseNegatives, trueNegatives } = confusion(
      ranked,
      weight,
      threshold,
    )
    const positives = truePositives + falseNegatives
    const total = positives + falsePositives + trueNegatives
    const precision = truePositives / (truePositives + falsePositives)
    return {
      roc_auc: rocAuc(ranked, weight),
      pr_auc: averagePrecision(ranked, weight),
      brier: dot(weight, squares) / total,
      log_loss: dot(weight, losses) / total,
      calibration_error: calibrationError(ranked, weight, bins),
      precision,
      recall: truePositives / positives,
      lift: precision / (positives / total),
      positive_rate: positives / total,
    }
  }
}

function drawReplicates(
  ranked: Ranked,
  measureOnce: MeasureOnce,
  { seed, replicates }: MeasureOptions,
): Record<Measure, number[]> {
  const random = createRandom(seed)
  const draws = Object.fromEntries(MEASURES.map(name => [name, [] as number[]])) as Record<Measure, number[]>
  const times = new Int32Array(ranked.visitorCount)
  const weight = new Float64Array(ranked.weight.length)
  for (let replicate = 0; replicate < replicates; replicate++) {
    times.fill(0)
    for (let i = 0; i < times.length; i++) times[random.below(times.length)]!++
    for (let i = 0; i < weight.length; i++) weight[i] = ranked.weight[i]! * times[ranked.visitor[i]!]!
    const values = measureOnce(weight)
    for (const name of MEASURES) if (Number.isFinite(values[name])) draws[name].push(values[name])
  }
  for (const name of MEASURES) draws[name].sort((a, b) => a - b)
  return draws
}

/** Without a value there is no interval; nor with a single visitor, or where most draws had no value. */
function estimate(value: number, draws: readonly number[]): Estimate {
  if (!Number.isFinite(value)) return { value: null, low: null, high: null }
  const isKnown = draws.length >= 20 && draws[0]! < draws.at(-1)!
  return {
    value,
    low: isKnown ? Math.min(value, quantile(draws, 0.025)) : null,
    high: isKnown ? Math.max(value, quantile(draws, 0.975)) : null,
  }
}

/** Interpolated between the two values around it. */
function quantile(sorted: readonly number[], q: number): number {
  const place = q * (sorted.length - 1)
  const below = Math.floor(place)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (place - below)
}
