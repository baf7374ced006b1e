import { writeFile } from 'node:fs/promises'
import type { Bundle } from '@sluicebox/model/bundle/bundle'
import { canonicalJson } from '@sluicebox/event/canonical'
import type { Metric } from '@sluicebox/model/bundle/manifest'
import { fileProblem } from '@sluicebox/runtime/file-problem'
import { readInfo, tableFiles, type DatasetInfo } from './dataset/info.ts'
import { evaluate, type Evaluation } from './evaluation/evaluate.ts'
import { renderReport } from './evaluation/report/report.ts'
import { scoredRows } from './scored-rows.ts'
import { readTable, type TrainingTable } from './table.ts'
import { splitTable, type SplitOptions } from './train/split.ts'
import { scoreRows } from './train/train.ts'

/** Which rows of a table judge a model: one part of its training table, rows newer than its training data, or all. */
export type JudgedRows = 'auto' | 'train' | 'validation' | 'test' | 'newer' | 'all'

export interface EvaluateParts {
  readonly bundle: Bundle
  /** The folder of a training table. */
  readonly tableDir: string
  /** `auto`: the test part of the table that the model was trained from, and the newer sessions of any other. */
  readonly rows?: JudgedRows
  readonly seed?: number
  readonly replicates?: number
}

/** Measures a bundle on a training table: the figures that `model evaluate` prints. */
export async function runEvaluate(parts: EvaluateParts): Promise<Evaluation> {
  const { bundle, tableDir, rows: wanted = 'auto', seed = bundle.manifest.seed, replicates } = parts
  const { manifest, model } = bundle
  const info = await readInfo(tableDir)
  checkFeatures(bundle, info, tableDir)
  const isOwn = manifest.reproduce.dataset_sha256 === info.rows_sha256
  const judged = wanted !== 'auto' ? wanted : isOwn ? 'test' : 'newer'
  if (!isOwn && ['train', 'validation', 'test'].includes(judged))
    throw new Error(
      `the bundle was trained on another table than ${tableDir}, which therefore has no ${judged} part; choose the rows "newer" or "all"`,
    )
  const table = await readTable(tableFiles(tableDir).rows, {
    features: manifest.features.map(feature => feature.name),
  })
  const rows = chooseRows(table, bundle, judged)
  if (rows.length === 0)
    throw new Error(
      judged === 'newer'
        ? `no session of ${tableDir} began after ${manifest.data.to ?? 'the training data'}, where the model's training data ends: build a table from newer events, or choose "all" rows and distrust the figures`
        : `there is no row in the ${judged} part of ${tableDir}`,
    )
  const score = scoreRows(table, model)
  return evaluate(scoredRows(table, rows, { score, probability: score.map(bundle.calibrate) }), {
    dataset: datasetOf(judged),
    threshold: manifest.threshold.value,
    seed,
    ...(replicates === undefined ? {} : { replicates }),
  })
}

/** The same as one HTML page, written to `outPath`. */
export async function runReport(parts: EvaluateParts & { readonly outPath: string }): Promise<Evaluation> {
  const evaluation = await runEvaluate(parts)
  const page = renderReport(evaluation, parts.bundle.manifest)
  await writeFile(parts.outPath, page).catch((error: unknown) => {
    throw new Error(
      `the report can't be written to ${parts.outPath}: ${fileProblem(error)}; name another file with --out`,
      { cause: error },
    )
  })
  return evaluation
}

/**
 * Throws where the table lacks a feature of the bundle or declares it differently: a name may mean something else
 * there.
 */
function checkFeatures({ manifest }: Bundle, info: DatasetInfo, tableDir: string): void {
  const declared = new Map(info.features.map(spec => [spec.name, canonicalJson(spec)]))
  const missing = manifest.features.filter(spec => !declared.has(spec.name))
  const different = manifest.features.filter(
    spec => declared.has(spec.name) && declared.get(spec.name) !== canonicalJson(spec),
  )
  const faults = [
    ...(missing.length > 0 ? [`lacks ${names(missing)}`] : []),
    ...(different.length > 0 ? [`declares ${names(different)} in another way`] : []),
  ]
  if (info.goal !== manifest.label.goal) faults.push(`is labelled by the goal "${info.goal}"`)
  if (faults.length > 0)
    throw new Error(
      `${tableDir} does not fit the bundle, whose goal is "${manifest.label.goal}": it ${faults.join(', and ')}. Build the table with the bundle's own feature list and goal`,
    )
}

function names(features: readonly { name: string }[]): string {
  const shown = features.slice(0, 5).map(feature => feature.name)
  return [
    ...shown,
    ...(features.length > shown.length ? [`${features.length - shown.length} more features`] : []),
  ].join(', ')
}

function chooseRows(
  table: TrainingTable,
  { manifest }: Bundle,
  judged: Exclude<JudgedRows, 'auto'>,
): Int32Array {
  switch (judged) {
    case 'all':
      return Int32Array.from({ length: table.rowCount }, (_, row) => row)
    case 'newer': {
      const end = manifest.data.to === null ? -Infinity : Date.parse(manifest.data.to)
      const rows: number[] = []
      table.startedAt.forEach((at, row) => {
        if (at > end) rows.push(row)
      })
      return Int32Array.from(rows)
    }
    case 'train':
    case 'test':
      return splitTable(table, splitOptions(manifest.params))[judged]
    case 'validation':
      return splitTable(table, splitOptions(manifest.params)).valid
  }
}

/** The options of the training, as `draftManifest` recorded them. */
function splitOptions(params: Bundle['manifest']['params']): SplitOptions {
  return {
    splitBy: params['split_by'] === 'visitor' ? 'visitor' : 'time',
    testShare: Number(params['test_share']),
    validShare: Number(params['valid_share']),
  }
}

function datasetOf(judged: Exclude<JudgedRows, 'auto'>): Metric['dataset'] {
  return judged === 'newer' || judged === 'all' ? 'live_replay' : judged
}
