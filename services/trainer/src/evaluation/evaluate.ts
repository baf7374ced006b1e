import type { Metric } from '@sluicebox/model/bundle/manifest'
import { binRows, calibrationBins, type CalibrationBin } from './calibration-bins.ts'
import {
  confusion,
  measure,
  MEASURES,
  type Confusion,
  type Measure,
  type MeasureOptions,
} from './measures.ts'
import { precisionRecallCurve } from './precision-recall.ts'
import { rocCurve, type Estimate, type Point } from './roc.ts'
import {
  MOMENTS,
  rank,
  rowsOfMoment,
  rowsOfSlice,
  type MomentName,
  type Ranked,
  type ScoredRows,
} from './rows.ts'

/** How good a model is on some rows. */
export interface Quality {
  readonly rows: number
  readonly sessions: number
  readonly visitors: number
  /** Rows whose session reached the goal. */
  readonly positives: number
  readonly measures: Record<Measure, Estimate>
  readonly confusion: Confusion
}

export interface MomentQuality extends Quality {
  readonly moment: MomentName
  /** Thinned out for drawing; the measures are of all rows. */
  readonly roc: readonly Point[]
  readonly precisionRecall: readonly Point[]
  readonly calibration: readonly CalibrationBin[]
}

export interface SliceQuality extends Quality {
  readonly feature: string
  readonly value: string
}

/** Shares of the positive and of the negative rows by raw score: bin i is from edges[i] to edges[i + 1]. */
export interface ScoreHistogram {
  readonly edges: readonly number[]
  readonly positives: readonly number[]
  readonly negatives: readonly number[]
  /** The least score that is decided on; null where none is. */
  readonly thresholdScore: number | null
}

/** How good a model is; plain data, the same in JSON. */
export interface Evaluation {
  readonly dataset: Metric['dataset']
  readonly threshold: number
  readonly seed: number
  readonly replicates: number
  readonly confidence: 0.95
  readonly sessions: number
  readonly visitors: number
  /** Sessions that reached the goal. */
  readonly positiveSessions: number
  /** In the order of `MOMENTS`; those without rows are left out. */
  readonly moments: readonly MomentQuality[]
  /** All moments pooled, by the values of the slicing columns, the most frequent first. */
  readonly slices: readonly SliceQuality[]
  readonly histogram: ScoreHistogram
}

export interface EvaluateOptions {
  readonly dataset: Metric['dataset']
  readonly threshold: number
  /** The seed of the draws for the intervals. */
  readonly seed: number
  readonly replicates?: number
}

const REPLICATES = 200
const CURVE_POINTS_MAX = 300
const HISTOGRAM_BINS = 40
const SLICE_VALUES_MAX = 8
/** The figures of a smaller slice would be mostly chance. */
const SLICE_ROWS_MIN = 100

/** Measures a model's scores against the outcomes. The same rows and seed always give the same figures. */
export function evaluate(rows: ScoredRows, options: EvaluateOptions): Evaluation {
  const { dataset, threshold, seed, replicates = REPLICATES } = options
  if (rows.label.length === 0) throw new Error('There are no rows to evaluate the model on.')
  const measuring = { threshold, seed, replicates }
  const moments = MOMENTS.map(moment => ({ moment, chosen: rowsOfMoment(rows, moment) }))
    .filter(({ chosen }) => chosen.length > 0)
    .map(({ moment, chosen }) => momentQuality(moment, rank(rows, chosen), measuring))
  const last = moments.find(({ moment }) => moment === 'last')!
  return {
    dataset,
    threshold,
    seed,
    replicates,
    confidence: 0.95,
    sessions: last.sessions,
    visitors: last.visitors,
    positiveSessions: last.positives,
    moments,
    slices: sliceQualities(rows, measuring),
    histogram: scoreHistogram(rows, threshold),
  }
}

/** The evaluation as the metrics of a manifest. */
export function toMetrics({ dataset, confidence, moments, slices }: Evaluation): Metric[] {
  const metricsOf = (quality: Quality, moment: MomentName, slice: Metric['slice']): Metric[] =>
    MEASURES.map(name => ({
      name,
      ...quality.measures[name],
      confidence,
      moment,
      slice,
      dataset,
      rows: quality.rows,
      positives: quality.positives,
    }))
  return [
    ...moments.flatMap(quality => metricsOf(quality, quality.moment, null)),
    ...slices.flatMap(quality =>
      metricsOf(quality, 'pooled', { feature: quality.feature, value: quality.value }),
    ),
  ]
}

function momentQuality(moment: MomentName, ranked: Ranked, options: MeasureOptions): MomentQuality {
  return {
    moment,
    ...qualityOf(ranked, options),
    roc: thin(rocCurve(ranked)),
    precisionRecall: thin(precisionRecallCurve(ranked)),
    calibration: calibrationBins(ranked, binRows(ranked)),
  }
}

function qualityOf(ranked: Ranked, options: MeasureOptions): Quality {
  return {
    rows: ranked.label.length,
    sessions: ranked.sessionCount,
    visitors: ranked.visitorCount,
    positives: ranked.label.reduce((sum, label) => sum + label, 0),
    measures: measure(ranked, options),
    confusion: confusion(ranked, ranked.weight, options.threshold),
  }
}

function sliceQualities(rows: ScoredRows, options: MeasureOptions): SliceQuality[] {
  return Object.entries(rows.slices ?? {}).flatMap(([feature, column]) =>
    column.values
      .map(value => ({ value, chosen: rowsOfSlice(column, value) }))
      .filter(({ chosen }) => chosen.length >= SLICE_ROWS_MIN)
      .sort((a, b) => b.chosen.length - a.chosen.length || (a.value < b.value ? -1 : 1))
      .slice(0, SLICE_VALUES_MAX)
      .map(({ value, chosen }) => ({
        feature,
        value: value === '' ? 'unknown' : value,
        ...qualityOf(rank(rows, chosen), options),
      })),
  )
}

function scoreHistogram(
  { label, score, probability, weight }: ScoredRows,
  threshold: number,
): ScoreHistogram {
  const sorted = Float64Array.from(score).sort()
  // A few extreme scores would press all others into one bin: they are counted in the outermost ones.
  const low = sorted[Math.floor(sorted.length * 0.001)]!
  const high = sorted[Math.ceil((sorted.length - 1) * 0.999)]!
  const width = high > low ? (high - low) / HISTOGRAM_BINS : 1
  const counts = [0, 1].map(() => new Array<number>(HISTOGRAM_BINS).fill(0))
  const totals = [0, 0]
  score.forEach((value, row) => {
    const bin = Math.min(HISTOGRAM_BINS - 1, Math.max(0, Math.floor((value - low) / width)))
    const kind = label[row]!
    counts[kind]![bin]! += weight?.[row] ?? 1
    totals[kind]! += weight?.[row] ?? 1
  })
  const shares = (kind: number) => counts[kind]!.map(count => (totals[kind]! > 0 ? count / totals[kind]! : 0))
  return {
    edges: Array.from({ length: HISTOGRAM_BINS + 1 }, (_, i) => low + i * width),
    positives: shares(1),
    negatives: shares(0),
    thresholdScore: score.reduce<number | null>(
      (least, value, row) =>
        probability[row]! >= threshold && (least === null || value < least) ? value : least,
      null,
    ),
  }
}

/** At most `CURVE_POINTS_MAX` points of a curve, both ends among them, spread evenly along its length. */
function thin(points: readonly Point[]): Point[] {
  if (points.length <= CURVE_POINTS_MAX) return [...points]
  const lengths = [0]
  for (let i = 1; i < points.length; i++)
    lengths.push(
      lengths[i - 1]! + Math.hypot(points[i]!.x - points[i - 1]!.x, points[i]!.y - points[i - 1]!.y),
    )
  const step = lengths.at(-1)! / (CURVE_POINTS_MAX - 1)
  let due = 0
  return points.filter((_point, i) => {
    if (lengths[i]! < due && i < points.length - 1) return false
    due = Math.max(due, lengths[i]!) + step
    return true
  })
}
