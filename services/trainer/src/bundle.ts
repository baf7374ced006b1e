import type { ManifestDraft } from '@sluicebox/model/bundle/manifest'
import { createSketch } from '@sluicebox/model/sketch'
import type { FeatureSpec } from '@sluicebox/session/features/spec'
import type { TrainerConfig } from './config.ts'
import { instant, type CodeInfo, type DatasetInfo } from './dataset/info.ts'
import { toMetrics, type Evaluation } from './evaluation/evaluate.ts'
import { featureImportance } from './evaluation/importance.ts'
import { capitalised, percent, sentence } from './evaluation/words.ts'
import type { TrainingTable } from './table.ts'
import type { PartSummary } from './train/split.ts'
import type { TrainedModel } from './train/train.ts'

/** Facts for the manifest that the training table does not contain. */
export interface BundleWords {
  /** Made from the goal and the kind if not given. */
  readonly name?: string | undefined
  readonly version?: string | undefined
  readonly description?: string | undefined
  readonly author?: string | undefined
  /** SPDX identifier. */
  readonly licence?: string | undefined
  /** What users should know before they use the model, besides what the figures show. */
  readonly limitations?: readonly string[] | undefined
  /**
   * An instant in UTC. When the table was built if not given, so that the same table always gives the same bundle.
   */
  readonly createdAt?: string | undefined
  /** Id of the bundle that this one replaces. */
  readonly parentId?: string | undefined
  /** The command line that makes it. */
  readonly command: string
  readonly code: CodeInfo
}

const REASONS_MAX = 5

/** Returns the manifest of a trained model, without the fields that follow from the bundle's files. */
export function draftManifest(parts: {
  readonly words: BundleWords
  readonly config: TrainerConfig
  readonly info: DatasetInfo
  readonly features: readonly FeatureSpec[]
  readonly table: TrainingTable
  readonly trained: TrainedModel
  readonly evaluation: Evaluation
  /** The rows of the evaluation. */
  readonly rows: Int32Array
}): ManifestDraft {
  const { words, config, info, features, table, trained, evaluation, rows } = parts
  const { parts: split, threshold } = trained
  const from = (column: Float64Array) => Float64Array.from(rows, row => column[row]!)
  return {
    name: words.name ?? nameOf(info.goal, config.kind),
    version: words.version ?? '1',
    description:
      words.description ??
      `The probability that a session still reaches "${info.goal}", from ${features.length} features of what it did so far.`,
    created_at: words.createdAt ?? info.built_at,
    author: words.author ?? 'unknown',
    licence: words.licence ?? 'LicenseRef-unknown',
    features: features.map(spec => ({ ...spec })),
    data: {
      source: info.source.description,
      objects: info.source.objects,
      from: info.from,
      to: info.to,
      rows: info.rows,
      sessions: info.sessions,
      positives: info.positives,
    },
    label: {
      goal: info.goal,
      maturity_ms: info.maturity_ms,
      definition:
        `A moment counts as positive when its session reaches "${info.goal}" later. That event, and what follows it, is never among the features. ` +
        `Sessions that began less than ${info.maturity_ms / 60_000} minutes before the newest event are left out, because their end is not known.`,
    },
    split: {
      method:
        config.splitBy === 'time'
          ? `By visitor and by time: the newest ${percent(config.testShare)} of the sessions test. Visitors with newer and older sessions stay on one side, decided by a hash of the id, and lose those on the other (${trained.split.sessionsLeftOut} sessions).`
          : `By visitor: ${percent(config.testShare)} of the visitors test, chosen by a hash of the id.`,
      seed: config.seed,
      train: part(split.train),
      validation: split.valid.sessions > 0 ? part(split.valid) : null,
      test: split.test.sessions > 0 ? part(split.test) : null,
    },
    params: {
      kind: config.kind,
      ...config[config.kind],
      split_by: config.splitBy,
      test_share: config.testShare,
      valid_share: config.validShare,
      row_weight: config.rowWeight,
      positive_weight: config.positiveWeight,
      calibration: config.calibration,
      learned: trained.notes,
    },
    seed: config.seed,
    code: words.code,
    reproduce: { command: withoutOut(words.command), dataset_sha256: info.rows_sha256 },
    metrics: toMetrics(evaluation),
    calibration: trained.calibration,
    threshold: { value: threshold.value, chosen_by: threshold.chosenBy },
    reference: {
      features: Object.fromEntries(
        table.featureNames.map((name, f) => [name, createSketch(table.features[f]!)] as const),
      ),
      score: createSketch(from(trained.score)),
      probability: createSketch(from(trained.probability)),
    },
    importance: featureImportance(
      trained.model,
      { names: table.featureNames, columns: table.features },
      rows,
      trained.gains,
    ),
    explain: { method: explainMethod(config.kind), reasons_max: REASONS_MAX },
    intended_use:
      'To rank open sessions of this site, and to decide by the probability whether to help, to make an offer, or to do nothing.',
    out_of_scope: [
      'Decisions about people that have legal or similarly significant effects, such as on credit, price or access.',
      'Other sites, and this one after its pages or its tracking changed much: train it again there.',
      'Sessions of bots, which were not learned from.',
    ],
    limitations: [
      ...(words.limitations ?? []),
      ...[...trained.warnings, ...info.warnings].map(warning => sentence(capitalised(warning))),
    ],
    sensitive_features: [],
    parent_id: words.parentId ?? null,
    comparison: null,
    not_before: null,
    expires_at: null,
    max_data_age_ms: null,
    fallback: [],
  }
}

function part({ rows, sessions, positives, from, to }: PartSummary) {
  return { rows, sessions, positives, from: instant(from), to: instant(to) }
}

function nameOf(goal: string, kind: string): string {
  const plain = goal
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
  return `${plain || 'goal'}-${kind}`.slice(0, 100)
}

function explainMethod(kind: TrainerConfig['kind']): string {
  switch (kind) {
    case 'trees':
    case 'forest':
      return 'path-based contributions (Saabas): exact for the sum with the baseline'
    case 'linear':
      return 'weight × distance from the mean: exact for the sum with the baseline'
    case 'markov':
      return 'count × log-odds of the transition: exact for the sum with the baseline'
  }
}

/** Drops the output folder: the same model is the same bundle in any folder. */
function withoutOut(command: string): string {
  return command.replace(/ (--out)[ =]('[^']*'|\S+)/, ' $1 DIR')
}
