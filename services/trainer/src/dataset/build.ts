import { mkdir, writeFile } from 'node:fs/promises'
import { fileProblem } from '@sluicebox/runtime/file-problem'
import { compileFeatures } from '@sluicebox/session/features/features'
import type { SessionPolicy } from '@sluicebox/session/sessions/policy'
import type { FeatureSpec } from '@sluicebox/session/features/spec'
import type { TrainerConfig } from '../config.ts'
import { printFeatures } from './feature-file.ts'
import { fileSha256, instant, tableFiles, writeInfo, type CodeInfo, type DatasetInfo } from './info.ts'
import { createLabelledRows, type RowCounts } from './labelled-rows.ts'
import { createLeakageCheck, type Leak } from './leakage.ts'
import type { EventSource } from './source.ts'
import { createTableWriter } from './table-writer.ts'

export interface BuildOptions {
  readonly source: EventSource
  readonly features: readonly FeatureSpec[]
  /** The session policy of the scorer, with the goal to learn. */
  readonly policy: SessionPolicy
  readonly config: Omit<TrainerConfig['dataset'], 'features' | 'featuresMax'>
  /** The folder that becomes the table. */
  readonly outDir: string
  /** The command line of the build and its instant, recorded in dataset.json. */
  readonly command: string
  readonly builtAt: string
  readonly code: CodeInfo
  readonly progress?: ((events: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes a training table from events: rows.parquet, features.yaml, and dataset.json, which says what it was made of.
 * The same events and options give the same rows to the last byte. No rows are left behind when it fails.
 */
export async function buildDataset(options: BuildOptions): Promise<DatasetInfo> {
  const { source, features, policy, config, outDir } = options
  const files = tableFiles(outDir)
  const program = compileFeatures(features)
  await mkdir(outDir, { recursive: true }).catch((error: unknown) => {
    throw new Error(
      `the training table can't be written to ${outDir}: ${fileProblem(error)}; name another folder with --out`,
      { cause: error },
    )
  })
  const writer = createTableWriter(files.rows, program.names)
  // A feature that was made from the outcome may reveal it at every moment, or only at the last.
  const leakage = { all: createLeakageCheck(program.names), last: createLeakageCheck(program.names) }
  let counts: RowCounts
  try {
    const rows = createLabelledRows({ ...config, policy, program }, (head, values, isLast) => {
      writer.append(head, values)
      leakage.all.add(head.label, values)
      if (isLast) leakage.last.add(head.label, values)
    })
    let events = 0
    for await (const batch of source.batches()) {
      options.signal?.throwIfAborted()
      for (const event of batch.events) rows.add(batch.partition, event)
      options.progress?.((events += batch.events.length))
    }
    counts = rows.finish()
    checkCounts(counts, policy.goal, config.maturityMs)
    writer.close()
  } catch (error) {
    writer.abandon()
    throw error
  }

  const info: DatasetInfo = {
    format: 'sluicebox-dataset',
    format_version: 1,
    rows_sha256: await fileSha256(files.rows),
    source: { description: source.description, objects: [...source.objects()] },
    features: [...features],
    feature_hash: program.hash,
    goal: policy.goal,
    policy: { ...policy },
    maturity_ms: config.maturityMs,
    events: counts.events,
    rows: counts.rows,
    sessions: counts.sessions,
    positives: counts.positives,
    left_out: {
      immature: counts.leftOut.immature,
      bots: counts.leftOut.bots,
      simulated: counts.leftOut.simulated,
      nothing_before_goal: counts.leftOut.nothingBeforeGoal,
    },
    rows_after_goal: counts.rowsAfterGoal,
    from: instant(counts.from),
    to: instant(counts.to),
    warnings: warningsOf(counts, policy.goal, [...leakage.all.finish(), ...leakage.last.finish()]),
    built_at: options.builtAt,
    command: options.command,
    code: options.code,
  }
  await writeFile(files.features, printFeatures(features))
  await writeFile(files.info, writeInfo(info))
  return info
}

/** Describes the table in sentences, with what was left out of it, without its warnings. */
export function describeDataset(info: DatasetInfo): string[] {
  const { nothing_before_goal: nothingBeforeGoal, ...leftOut } = info.left_out
  return [
    `${info.events} events gave ${info.rows} rows of ${info.sessions} sessions, of which ${info.positives} reached the goal "${info.goal}"`,
    ...leftOutReasons({ ...leftOut, nothingBeforeGoal }, info.maturity_ms).map(
      reason => `left out: ${reason}`,
    ),
    ...(info.rows_after_goal > 0
      ? [
          `left out: ${info.rows_after_goal} rows of events that came in before the goal but happened after it`,
        ]
      : []),
  ]
}

function warningsOf(counts: RowCounts, goal: string, leaks: readonly Leak[]): string[] {
  const worst = new Map<string, number>()
  for (const { feature, auc } of leaks) worst.set(feature, Math.max(auc, worst.get(feature) ?? 0))
  return [
    ...[...worst].map(
      ([feature, auc]) =>
        `the feature ${feature} tells the outcome almost alone (AUC ${auc.toFixed(3)}): it may have been made from the outcome, which is unknown while a session is open. Check it, and take it out of the feature list if so`,
    ),
    ...(counts.eventsOutOfTime > 0
      ? [
          `${counts.eventsOutOfTime} of ${counts.events} events are left out, because their times are not between 1970 and 9999`,
        ]
      : []),
    ...(counts.positives === counts.sessions
      ? ['every session reached the goal: nothing can be learned']
      : []),
    ...(counts.positives === 0
      ? [`no session reached the goal "${goal}": is it the name of an action in these events?`]
      : []),
  ]
}

function checkCounts(counts: RowCounts, goal: string, maturityMs: number): void {
  if (counts.events === 0)
    throw new Error('there are no events to make a training table of: import or collect some first')
  if (counts.rows > 0) return
  const { immature, bots, simulated } = counts.leftOut
  const ways = [
    ...(immature > 0 ? ['wait for more events, or lower --maturity'] : []),
    ...(bots > 0 ? ['keep sessions that look automated with --include-bots'] : []),
    ...(simulated > 0 ? ['keep simulated sessions with --include-simulated'] : []),
  ]
  const reasons = leftOutReasons(counts.leftOut, maturityMs).join('; ')
  throw new Error(
    `none of the ${counts.events} events gives a row before the goal "${goal}": ${reasons}. To get rows: ${ways.length > 0 ? ways.join('; ') : 'collect more events, or name another goal with --goal'}`,
  )
}

/** Returns how many sessions were left out, and why. */
function leftOutReasons(leftOut: RowCounts['leftOut'], maturityMs: number): string[] {
  const { immature, bots, simulated, nothingBeforeGoal } = leftOut
  const reasons = [
    [immature, `began less than ${maturityMs / 60_000} minutes before the newest event`],
    [bots, 'look automated'],
    [simulated, 'are simulated'],
    [nothingBeforeGoal, 'reached the goal with their first event'],
  ] as const
  return reasons.filter(([count]) => count > 0).map(([count, why]) => `${count} sessions ${why}`)
}
