import type { KeyObject } from 'node:crypto'
import { writeBundle } from '@sluicebox/model/bundle/bundle'
import type { Metric } from '@sluicebox/model/bundle/manifest'
import { fileProblem } from '@sluicebox/runtime/file-problem'
import type { SessionPolicy } from '@sluicebox/session/sessions/policy'
import { proposeFeatures } from './dataset/propose.ts'
import { parseFeatures, type FeatureSpec } from '@sluicebox/session/features/spec'
import { collectVocabulary } from './dataset/vocabulary.ts'
import { draftManifest, type BundleWords } from './bundle.ts'
import type { TrainerConfig } from './config.ts'
import { buildDataset } from './dataset/build.ts'
import { readFeatureFile } from './dataset/feature-file.ts'
import { readInfo, tableFiles, type CodeInfo, type DatasetInfo } from './dataset/info.ts'
import type { EventSource } from './dataset/source.ts'
import { renderCard } from './evaluation/card.ts'
import { evaluate, type Evaluation } from './evaluation/evaluate.ts'
import { makeGoldenSessions } from './golden-sessions.ts'
import { scoredRows } from './scored-rows.ts'
import { readTable } from './table.ts'
import type { FitReport } from './train/learner.ts'
import { train, type TrainedModel } from './train/train.ts'
import { transitionFeatures } from './train/transitions.ts'

// The jobs of the trainer that make something; judge.ts has those that measure. The command line composes them,
// because events come from other services.

export interface DatasetBuildParts {
  readonly source: EventSource
  readonly config: TrainerConfig['dataset']
  /** The session policy of the scorer, with the goal to learn. */
  readonly policy: SessionPolicy
  /** The folder that becomes the table. */
  readonly outDir: string
  /** The command line of the build, recorded in the table. */
  readonly command: string
  readonly code: CodeInfo
  /** When the table is built: an instant in UTC, recorded in the table. */
  readonly builtAt: string
  readonly progress?: (progress: DatasetProgress) => void
  readonly signal?: AbortSignal
}

/** `look` counts field values to propose features from, unless features are given; `build` makes the rows. */
export interface DatasetProgress {
  readonly pass: 'look' | 'build'
  readonly events: number
}

/** Makes a training table from events, with the features of a file, or with features proposed for the events. */
export async function runDatasetBuild(parts: DatasetBuildParts): Promise<DatasetInfo> {
  const { features, featuresMax: _, ...config } = parts.config
  return buildDataset({
    ...parts,
    config,
    features: features === 'auto' ? await deriveFeatures(parts) : await readFeatureFile(features),
    progress: events => parts.progress?.({ pass: 'build', events }),
  })
}

async function deriveFeatures(parts: DatasetBuildParts): Promise<FeatureSpec[]> {
  const { source, config, policy, progress, signal } = parts
  const vocabulary = collectVocabulary({ goal: policy.goal })
  let events = 0
  for await (const batch of source.batches()) {
    signal?.throwIfAborted()
    for (const event of batch.events) {
      // Sessions that are left out of the rows propose no feature.
      if ((event.is_bot && !config.includeBots) || (event.simulated && !config.includeSimulated)) continue
      vocabulary.add(event)
    }
    progress?.({ pass: 'look', events: (events += batch.events.length) })
  }
  return proposeFeatures(vocabulary.result(), { max: config.featuresMax })
}

export interface TrainParts {
  /** The folder of a table that `runDatasetBuild` made. The goal comes from there. */
  readonly tableDir: string
  /** The folder of the bundle, which is created. */
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
  /** On the test part; without one, on the validation or training part. */
  readonly evaluation: Evaluation
}

const GOLDEN_SEED = 20_260_105

/** Trains on a table, evaluates the model, and writes its bundle. The same table and options give the same bytes. */
export async function runTrain(parts: TrainParts): Promise<TrainedBundle> {
  const { tableDir, outDir, config, words } = parts
  const info = await readInfo(tableDir)
  const declared = parseFeatures(info.features)
  const transitions = transitionFeatures(declared)
  // A Markov chain takes transitions only.
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
  }).catch((error: unknown) => {
    throw new Error(
      `the bundle can't be written to ${outDir}: ${fileProblem(error)}; name another folder with --out`,
      { cause: error },
    )
  })
  return { id, trained, evaluation }
}

/** Returns the rows that the model is measured on: rows that it never saw, if there are any. */
function judgedPart({ split }: TrainedModel): { dataset: Metric['dataset']; rows: Int32Array } {
  if (split.test.length > 0) return { dataset: 'test', rows: split.test }
  if (split.valid.length > 0) return { dataset: 'validation', rows: split.valid }
  return { dataset: 'train', rows: split.train }
}
