import type { KeyObject } from 'node:crypto'
import { writeBundle } from '@sluicebox/model/bundle'
import type { Metric } from '@sluicebox/model/manifest'
import { parseFeatures } from '@sluicebox/session/spec'
import { draftManifest, type BundleWords } from './bundle.ts'
import type { TrainerConfig } from './config.ts'
import { readInfo, tableFiles } from './dataset/info.ts'
import { renderCard } from './evaluation/card.ts'
import { evaluate, type Evaluation } from './evaluation/evaluate.ts'
import { makeGoldenSessions } from './golden-sessions.ts'
import { scoredRows } from './scored-rows.ts'
import { readTable } from './table.ts'
import type { FitReport } from './train/learner.ts'
import { train, type TrainedModel } from './train/train.ts'
import { transitionFeatures } from './train/transitions.ts'

// The jobs of the trainer that make something; judge.ts has those that measure. The command line composes them,
// because events come out of other services.

export interface TrainParts {
  /** The folder of a table that runDatasetBuild made. */
  readonly tableDir: string
  /** Where the bundle goes: a folder, which is made. */
  readonly outDir: string
  readonly config: TrainerConfig
  readonly words: BundleWords
  /** Signs the bundle when given. */
  readonly privateKey?: KeyObject
  readonly report?: FitReport
}

export interface TrainedBundle {
  readonly id: string
  readonly trained: TrainedModel
  /** On the test part; on the validation or training part where there is none. */
  readonly evaluation: Evaluation
}

const GOLDEN_SEED = 20_260_105

/** Trains on a table, evaluates the model, and writes its bundle. The same table and options give the same bytes. */
export async function runTrain(parts: TrainParts): Promise<TrainedBundle> {
  const { tableDir, outDir, config, words } = parts
  const info = await readInfo(tableDir)
  const declared = parseFeatures(info.features)
  const transitions = transitionFeatures(declared)
  // A Markov chain is made of transitions and of nothing else.
  const features = config.kind === 'markov' ? transitions.specs : declared
  const table = await readTable(tableFiles(tableDir).rows, { features: features.map(spec => spec.name) })
  const trained = await train(
    table,
    { ...config, ...(transitions.specs.length > 0 ? { transitionsFrom: transitions.from } : {}) },
    parts.report,
  )
  const { dataset, rows } = judgedPart(trained)
  const evaluation = evaluate(scoredRows(table, rows, trained), {
    dataset,
    threshold: trained.threshold.value,
    seed: config.seed,
  })
  const manifest = draftManifest({ words, config, info, features, table, trained, evaluation, rows })
  const id = await writeBundle(outDir, {
    manifest,
    parameters: trained.parameters,
    golden: makeGoldenSessions(features, info.goal, GOLDEN_SEED),
    card: renderCard(manifest, evaluation),
    ...(parts.privateKey === undefined ? {} : { privateKey: parts.privateKey }),
  })
  return { id, trained, evaluation }
}

/** The rows that judge the model: those that it never saw, if there are any. */
function judgedPart({ split }: TrainedModel): { dataset: Metric['dataset']; rows: Int32Array } {
  if (split.test.length > 0) return { dataset: 'test', rows: split.test }
  if (split.valid.length > 0) return { dataset: 'validation', rows: split.valid }
  return { dataset: 'train', rows: split.train }
}
