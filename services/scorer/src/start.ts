import type { Codec } from '@sluicebox/event/codec'
import type { BadRecord, GoodRecord, ScoredRecord } from '@sluicebox/event/records'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import type { Logger } from '@sluicebox/runtime/log'
import { SESSION_FIELDS } from '@sluicebox/session/session-event'
import type { Store } from '@sluicebox/store/store'
import { runStage } from '@sluicebox/service/run-stage'
import type { Log } from '@sluicebox/stream/log'
import { createSnapshots } from '@sluicebox/stream/driver/snapshots'
import type { Registry } from 'prom-client'
import { policyOf, type ScorerConfig } from './config.ts'
import { createScorerMetrics } from './metrics.ts'
import type { Restoring } from './restoring.ts'
import { createScorer, type ScorerState } from './scorer.ts'
import type { ScoringBundle } from './scoring-bundle.ts'

export const SCORER_GROUP = 'scorer'

export interface ScorerServiceParts {
  readonly log: Log
  readonly bundle: ScoringBundle
  /** Where snapshots are kept. */
  readonly store: Pick<Store, 'get' | 'put'>
  readonly config: ScorerConfig
  readonly logger: Pick<Logger, 'info' | 'warn'>
  readonly metrics: Registry
  readonly signal: AbortSignal
  /** The codecs of the schemas that ship, unless given. */
  readonly codecs?: {
    readonly good: Codec<GoodRecord>
    readonly scored: Codec<ScoredRecord>
    readonly bad: Codec<BadRecord>
  }
  /**
   * The schema that a record of good was written with, by its id; undefined when the registry does not hold it.
   * Rejects when the registry can't be reached: the partition waits. Without it no other schemas are known.
   */
  readonly fetchSchema?: ((id: number) => Promise<string | undefined>) | undefined
  /**
   * Called when the restoring of partitions progresses, with the partitions and how far each is: for a readiness probe.
   */
  readonly onRestoring?: (restoring: readonly Restoring[]) => void
}

/** Scores good into scored until `signal` aborts. Rejects when a restart may help. */
export async function startScorer(parts: ScorerServiceParts): Promise<void> {
  const { log, bundle, config, logger, signal, fetchSchema } = parts
  const codecs = parts.codecs ?? {
    good: folderCodec('good', { project: SESSION_FIELDS }),
    scored: folderCodec('scored'),
    bad: folderCodec('bad'),
  }
  const absentSchemas = new Set<number>()
  const scorer = createScorer({
    bundle,
    policy: policyOf(config),
    goodCodec: codecs.good,
    scoredCodec: codecs.scored,
    badCodec: codecs.bad,
    absentSchemas,
    ...(config.reasonsMax === undefined ? {} : { reasonsMax: config.reasonsMax }),
  })
  const states = new Map<number, ScorerState>()
  const restoring = new Map<number, Restoring>()
  const metrics = createScorerMetrics({
    registry: parts.metrics,
    states: () => states.values(),
    restoring: () => restoring.values(),
  })

  const { name, id, goal } = bundle
  logger.info({ group: SCORER_GROUP, bundle: name, bundleId: id, goal }, 'scoring')
  await runStage({
    ...{ log, logger, signal, config, fetchSchema, absentSchemas },
    stage: scorer,
    group: SCORER_GROUP,
    input: 'good',
    outputs: ['scored', 'bad'],
    inputCodec: codecs.good,
    states,
    snapshots: {
      store: createSnapshots(parts.store),
      everyRecords: config.snapshotEveryRecords,
      everyMs: config.snapshotEveryMs,
    },
    onRestore(state, { partition, from, hasSnapshot, hasGap, position, committed }) {
      const isDone = position >= committed
      if (position === from || isDone)
        logger.info(
          { partition, from: String(from), committed: String(committed), hasSnapshot },
          isDone ? 'the sessions of a partition are restored' : 'restoring the sessions of a partition',
        )
      if (hasGap && position === from)
        logger.warn(
          { partition, from: String(from) },
          'records after the snapshot were deleted from the log, so sessions lack them; keep the log for longer (log.retention)',
        )
      if (isDone) restoring.delete(partition)
      else restoring.set(partition, { partition, from, position, committed })
      parts.onRestoring?.([...restoring.values()])
      if (isDone && state !== undefined) metrics.restored(state)
    },
    onBatch: (state, { processMs }) => metrics.committed(state, processMs),
    onSnapshot: ({ partition, bytes }) => metrics.saved(partition, bytes),
    onEnd({ partition }) {
      if (restoring.delete(partition)) parts.onRestoring?.([...restoring.values()])
      metrics.ended(partition)
    },
  })
}
