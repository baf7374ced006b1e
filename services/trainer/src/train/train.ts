import type { Calibration } from '@sluicebox/model/calibration'
import { createCalibration } from '@sluicebox/model/calibration'
import { createModel } from '@sluicebox/model/runtimes/create-model'
import type { Model } from '@sluicebox/model/runtimes/model'
import type { Parameters } from '@sluicebox/model/parameters/parameters'
import type { ModelKind, TrainerConfig } from '../config.ts'
import type { TrainingTable } from '../table.ts'
import { fitBoosting } from './boosting.ts'
import { fitCalibration } from './calibrate.ts'
import { fitForest } from './forest.ts'
import type { Fit, FitReport, LearnerInput } from './learner.ts'
import { fitLinear } from './linear.ts'
import { fitMarkov } from './markov.ts'
import { rowWeights, splitTable, summarise, type PartSummary, type Split } from './split.ts'
import { chooseThreshold, type Threshold, type ThresholdRule } from './threshold.ts'

export type TrainOptions = Omit<TrainerConfig, 'dataset'> & {
  /** For `markov`: index of the state that each feature's transition leaves. */
  readonly transitionsFrom?: Int32Array
}

export interface TrainedModel {
  readonly kind: ModelKind
  readonly parameters: Parameters
  readonly model: Model
  readonly calibration: Calibration
  readonly threshold: Threshold
  readonly split: Split
  readonly parts: { readonly train: PartSummary; readonly valid: PartSummary; readonly test: PartSummary }
  /** By row of the table. */
  readonly score: Float64Array
  readonly probability: Float64Array
  /** Loss on the training rows after each iteration. */
  readonly trainLosses: readonly number[]
  /** What the learner decided by itself. */
  readonly notes: Readonly<Record<string, number>>
  /** By feature, how much its splits improved the fit; of models with splits. */
  readonly gains: Float64Array | undefined
  /** What a person must know before trusting the model. */
  readonly warnings: readonly string[]
}

/** Fewer sessions that reach the goal leave every figure to chance. */
const POSITIVES_FEW = 30
/** A chain of fewer transitions knows little of what visitors do. */
const TRANSITIONS_FEW = 20
/** Share of the sessions that the split may leave out without a warning. */
const LEFT_OUT_MANY = 0.2

/** Trains on the table. The same table, options and seed give the same parameters to the last bit. */
export async function train(
  table: TrainingTable,
  options: TrainOptions,
  report: FitReport = {},
): Promise<TrainedModel> {
  if (options.kind === 'markov' && options.transitionsFrom === undefined)
    throw new Error(
      'a markov model needs features of the kind transition, and there are none; add some to the feature list, or train another kind',
    )
  if (table.featureNames.length === 0)
    throw new Error('the training table has no feature column, so there is nothing to learn from')
  const split = splitTable(table, options)
  const parts = {
    train: summarise(table, split.train),
    valid: summarise(table, split.valid),
    test: summarise(table, split.test),
  }
  checkTrainPart(parts.train)
  const warnings = warningsFor(parts, split.sessionsLeftOut)
  if (options.kind === 'markov' && table.featureNames.length < TRANSITIONS_FEW)
    warnings.push(
      `the chain is made of ${table.featureNames.length} transitions only: add more to the feature list, or raise trainer.dataset.featuresMax so that more are proposed`,
    )
  // Without both outcomes the validation part can't tell a good model from a bad one.
  const canValidate = parts.valid.positives > 0 && parts.valid.positives < parts.valid.sessions

  const weight = rowWeights(table, options)
  const input: LearnerInput = {
    featureNames: table.featureNames,
    features: table.features,
    label: table.label,
    weight: withClassWeight(weight, table.label, split.train, options.positiveWeight),
    session: table.session.codes,
    trainRows: split.train,
    validRows: canValidate ? split.valid : new Int32Array(0),
    seed: options.seed,
  }
  const fit = await fitKind(input, options, report)
  warnings.push(...unusableValues(table.featureNames, fit.unusable, split.train.length))
  const model = createModel(fit.parameters, table.featureNames.length)
  const score = scoreRows(table, model)

  const judged = pick(split.valid, table, weight, score)
  const calibration: Calibration = canValidate
    ? fitCalibration(options.calibration, judged, parts.valid.positives)
    : { method: 'none' }
  const calibrate = createCalibration(calibration, model.probability)
  const threshold = canValidate
    ? chooseThreshold(ruleOf(options.threshold), judged.score.map(calibrate), judged.label, judged.weight)
    : {
        value: 0.5,
        chosenBy: 'one half: the validation part has only one outcome, so no threshold can be chosen',
      }

  return {
    kind: options.kind,
    parameters: fit.parameters,
    model,
    calibration,
    threshold,
    split,
    parts,
    score,
    probability: score.map(calibrate),
    trainLosses: fit.trainLosses,
    notes: fit.notes,
    gains: fit.gains,
    warnings,
  }
}

/** The raw score of every row. */
export function scoreRows(table: TrainingTable, model: Model): Float64Array {
  const features = new Float64Array(table.features.length)
  const scores = new Float64Array(table.rowCount)
  for (let row = 0; row < table.rowCount; row++) {
    for (let f = 0; f < features.length; f++) features[f] = table.features[f]![row]!
    scores[row] = model.score(features)
  }
  return scores
}

async function fitKind(
  input: LearnerInput,
  options: TrainOptions,
  report: FitReport,
): Promise<Fit<Parameters>> {
  switch (options.kind) {
    case 'trees':
      return fitBoosting(input, options.trees, report)
    case 'forest':
      return fitForest(input, options.forest, report)
    case 'linear':
      return fitLinear(input, options.linear, report)
    case 'markov':
      return fitMarkov(input, { ...options.markov, from: options.transitionsFrom! }, report)
  }
}

function checkTrainPart({ rows, sessions, positives }: PartSummary): void {
  if (positives > 0 && positives < sessions) return
  const which = positives === 0 ? 'never reach the goal' : 'all reach the goal'
  throw new Error(
    sessions === 0
      ? 'the training part is empty: build the table from more events, or lower testShare, validShare and maturityMs'
      : `the ${sessions} sessions (${rows} rows) of the training part ${which}: a model can only be learned where some do and some do not. Check the goal, and that the table covers time enough`,
  )
}

function warningsFor(parts: TrainedModel['parts'], sessionsLeftOut: number): string[] {
  const warnings: string[] = []
  const kept = parts.train.sessions + parts.valid.sessions + parts.test.sessions
  if (sessionsLeftOut > LEFT_OUT_MANY * (kept + sessionsLeftOut))
    warnings.push(
      `${sessionsLeftOut} of ${kept + sessionsLeftOut} sessions are left out, so that no visitor is both older and newer than the dividing time; splitBy visitor keeps them all, and tests on sessions of any time`,
    )
  const names = { train: 'training', valid: 'validation', test: 'test' } as const
  for (const part of ['train', 'valid', 'test'] as const) {
    const { positives, sessions } = parts[part]
    if (sessions === 0) warnings.push(`the ${names[part]} part is empty`)
    else if (positives < POSITIVES_FEW)
      warnings.push(
        `only ${positives} of ${sessions} sessions of the ${names[part]} part reach the goal: figures made from it are mostly chance`,
      )
  }
  return warnings
}

const FEATURES_NAMED_MAX = 5

/** Returns a warning that names the features whose values the learner left out, if any. */
function unusableValues(
  names: readonly string[],
  unusable: Int32Array | undefined,
  rowCount: number,
): string[] {
  const found = names.flatMap((name, f) =>
    (unusable?.[f] ?? 0) > 0 ? [`${name} in ${unusable![f]} of ${rowCount} rows`] : [],
  )
  if (found.length === 0) return []
  const more = found.length > FEATURES_NAMED_MAX ? ` and ${found.length - FEATURES_NAMED_MAX} more` : ''
  return [
    `values that are far beyond all others count as missing, when the model learns and when it scores: ${found.slice(0, FEATURES_NAMED_MAX).join(', ')}${more}; see which events they come from`,
  ]
}

function withClassWeight(
  weight: Float64Array,
  label: Uint8Array,
  trainRows: Int32Array,
  positiveWeight: number | 'balanced',
): Float64Array {
  let factor = positiveWeight
  if (factor === 'balanced') {
    const totals = [0, 0]
    for (const row of trainRows) totals[label[row]!]! += weight[row]!
    factor = totals[0]! / totals[1]!
  }
  return weight.map((w, row) => (label[row] === 1 ? w * factor : w))
}

function pick(rows: Int32Array, table: TrainingTable, weight: Float64Array, score: Float64Array) {
  return {
    score: Float64Array.from(rows, row => score[row]!),
    label: Uint8Array.from(rows, row => table.label[row]!),
    weight: Float64Array.from(rows, row => weight[row]!),
  }
}

function ruleOf({ by, min, needlessCost, missedCost }: TrainOptions['threshold']): ThresholdRule {
  switch (by) {
    case 'f1':
      return { by }
    case 'precision':
    case 'recall':
      return { by, min }
    case 'cost':
      return { by, needless: needlessCost, missed: missedCost }
  }
}
