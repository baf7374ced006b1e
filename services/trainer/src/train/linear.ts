import { setImmediate } from 'node:timers/promises'
import type { LinearParameters } from '@sluicebox/model/parameters/parameters'
import { farthest } from '@sluicebox/model/runtimes/linear'
import { soundValues } from './sound-values.ts'
import { logLoss, logOddsOf, type Fit, type FitReport, type LearnerInput } from './learner.ts'

export interface LinearOptions {
  /** Pulls all weights towards 0, as strongly as uninformative rows of this total weight. */
  readonly l2: number
  /** Sets weak weights to exactly 0. */
  readonly l1: number
  readonly iterationsMax: number
}

/** A step that changes no weight by more than this is the last. */
const TOLERANCE = 1e-9
const SWEEPS_MAX = 10_000
/**
 * Keeps the system solvable when a feature is constant or a copy of another. It is small compared with any real
 * curvature.
 */
const RIDGE = 1e-9

/**
 * Logistic regression on standardised features by Newton's method: each step solves a weighted least squares problem
 * with the penalty, and is halved until the loss falls.
 */
export async function fitLinear(
  input: LearnerInput,
  options: LinearOptions,
  report: FitReport,
): Promise<Fit<LinearParameters>> {
  const { features, label, weight, trainRows: rows, validRows } = input
  const { means, scales } = standardise(features, weight, rows)
  const far = farthest(scales)
  const p = features.length
  let intercept = logOddsOf(label, weight, rows)
  let weights = new Float64Array(p)
  const losses: number[] = []
  let loss = penalisedLoss(intercept, weights)

  for (let iteration = 1; iteration <= options.iterationsMax; iteration++) {
    await setImmediate()
    report.signal?.throwIfAborted()
    const { gradient, curvature } = derivatives(intercept, weights)
    const step = solve(gradient, curvature, weights, options)

    // Newton's step may overshoot where classes separate: half of it, and half again, until the loss falls.
    let taken = 1
    let next = stepped(taken)
    while (next.loss > loss && taken > 1e-6) next = stepped((taken /= 2))
    const change = taken * Math.max(...step.map(Math.abs))
    if (next.loss <= loss) ({ intercept, weights, loss } = next)
    losses.push(loss)
    report.progress?.({
      iteration,
      of: options.iterationsMax,
      trainLoss: logLoss(scores(intercept, weights, rows), label, weight, rows),
      validLoss:
        validRows.length > 0
          ? logLoss(scores(intercept, weights, validRows), label, weight, validRows)
          : undefined,
    })
    if (change < TOLERANCE || taken <= 1e-6) break

    function stepped(share: number) {
      const moved = weights.map((w, f) => w + share * step[f + 1]!)
      const movedIntercept = intercept + share * step[0]!
      return { intercept: movedIntercept, weights: moved, loss: penalisedLoss(movedIntercept, moved) }
    }
  }

  return {
    parameters: { kind: 'linear', intercept, weights, means, scales },
    trainLosses: losses,
    notes: { iterations: losses.length, features: weights.filter(w => w !== 0).length },
    unusable: Int32Array.from(features, (column, f) =>
      rows.reduce((count, row) => count + (isFar(column[row]! - means[f]!, f) ? 1 : 0), 0),
    ),
  }

  function scores(b: number, w: Float64Array, of: Int32Array): Float64Array {
    const score = new Float64Array(label.length).fill(b)
    for (let f = 0; f < p; f++) {
      if (w[f] === 0) continue
      for (const row of of) score[row]! += w[f]! * standard(f, row)
    }
    return score
  }

  function standard(f: number, row: number): number {
    const distance = features[f]![row]! - means[f]!
    return Math.abs(distance) <= far[f]! ? distance / scales[f]! : 0
  }

  function isFar(distance: number, f: number): boolean {
    return Math.abs(distance) > far[f]!
  }

  function penalisedLoss(b: number, w: Float64Array): number {
    const total = rows.reduce((sum, row) => sum + weight[row]!, 0)
    const penalty = w.reduce((sum, v) => sum + options.l1 * Math.abs(v) + 0.5 * options.l2 * v * v, 0)
    return logLoss(scores(b, w, rows), label, weight, rows) * total + penalty
  }

  /** Gradient and curvature of the loss without its penalty; the intercept is number 0, feature f is number f + 1. */
  function derivatives(b: number, w: Float64Array) {
    const score = scores(b, w, rows)
    const gradient = new Float64Array(p + 1)
    const curvature = new Float64Array((p + 1) * (p + 1))
    const x = new Float64Array(p + 1)
    x[0] = 1
    for (const row of rows) {
      const probability = 1 / (1 + Math.exp(-score[row]!))
      const g = weight[row]! * (probability - label[row]!)
      const h = weight[row]! * probability * (1 - probability)
      for (let f = 0; f < p; f++) x[f + 1] = standard(f, row)
      for (let i = 0; i <= p; i++) {
        gradient[i]! += g * x[i]!
        const hx = h * x[i]!
        if (hx === 0) continue
        const start = i * (p + 1)
        for (let j = 0; j <= i; j++) curvature[start + j]! += hx * x[j]!
      }
    }
    for (let i = 0; i <= p; i++)
      for (let j = i + 1; j <= p; j++) curvature[i * (p + 1) + j] = curvature[j * (p + 1) + i]!
    return { gradient, curvature }
  }
}

/** Mean and standard deviation of the sound values; a constant feature gets the scale 1 and so never counts. */
function standardise(features: readonly Float64Array[], weight: Float64Array, rows: Int32Array) {
  const means = new Float64Array(features.length)
  const scales = new Float64Array(features.length).fill(1)
  features.forEach((column, f) => {
    const isSound = soundValues(column, rows)
    let total = 0
    let sum = 0
    for (const row of rows) {
      if (!isSound(column[row]!)) continue
      total += weight[row]!
      sum += weight[row]! * column[row]!
    }
    if (total === 0) return
    const mean = sum / total
    let squares = 0
    for (const row of rows) if (isSound(column[row]!)) squares += weight[row]! * (column[row]! - mean) ** 2
    means[f] = mean
    const deviation = Math.sqrt(squares / total)
    if (deviation > 1e-12 * Math.abs(mean)) scales[f] = deviation
  })
  return { means, scales }
}

/** The step d that minimises gradient·d + ½ d·curvature·d + penalty(weights + d). */
function solve(
  gradient: Float64Array,
  curvature: Float64Array,
  weights: Float64Array,
  options: LinearOptions,
): Float64Array {
  return options.l1 > 0
    ? solveByCoordinates(gradient, curvature, weights, options)
    : solveDirectly(gradient, curvature, weights, options.l2)
}

/** Without l1 the minimum solves a linear system: by Cholesky's decomposition. */
function solveDirectly(
  gradient: Float64Array,
  curvature: Float64Array,
  weights: Float64Array,
  l2: number,
): Float64Array {
  const size = gradient.length
  const root = curvature.slice()
  const step = gradient.map((g, i) => (i === 0 ? -g : -(g + l2 * weights[i - 1]!)))
  let largest = 0
  for (let i = 0; i < size; i++) largest = Math.max(largest, root[i * size + i]!)
  for (let i = 0; i < size; i++) root[i * size + i]! += RIDGE * largest + (i === 0 ? 0 : l2)

  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = root[i * size + j]!
      for (let k = 0; k < j; k++) sum -= root[i * size + k]! * root[j * size + k]!
      root[i * size + j] = i === j ? Math.sqrt(sum) : sum / root[j * size + j]!
    }
  }
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) step[i]! -= root[i * size + k]! * step[k]!
    step[i]! /= root[i * size + i]!
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) step[i]! -= root[k * size + i]! * step[k]!
    step[i]! /= root[i * size + i]!
  }
  return step
}

/**
 * With l1 one coordinate after the other: J. Friedman, T. Hastie and R. Tibshirani, "Regularization paths for
 * generalized linear models via coordinate descent" (2010).
 */
function solveByCoordinates(
  gradient: Float64Array,
  curvature: Float64Array,
  weights: Float64Array,
  { l1, l2 }: LinearOptions,
): Float64Array {
  const size = gradient.length
  const step = new Float64Array(size)
  // The gradient of the quadratic at the step so far.
  const slope = gradient.slice()
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep++) {
    let change = 0
    for (let i = 0; i < size; i++) {
      const h = curvature[i * size + i]!
      const isIntercept = i === 0
      const bend = h + (isIntercept ? 0 : l2)
      if (bend <= 1e-12) continue
      const at = isIntercept ? step[0]! : weights[i - 1]! + step[i]!
      const free = h * at - slope[i]!
      const to = isIntercept ? free / bend : shrink(free, l1) / bend
      const move = to - at
      if (move === 0) continue
      step[i]! += move
      change = Math.max(change, Math.abs(move))
      for (let j = 0; j < size; j++) slope[j]! += curvature[j * size + i]! * move
    }
    if (change < TOLERANCE / 10) break
  }
  return step
}

function shrink(value: number, by: number): number {
  return Math.sign(value) * Math.max(0, Math.abs(value) - by)
}
