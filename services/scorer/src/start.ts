import type { Codec } from '@sluicebox/event/codec'
import type { BadRecord, GoodRecord, ScoredRecord } from '@sluicebox/event/records'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { createLearn } from '@sluicebox/registry/streams/learn'
import type { Logger } from '@sluicebox/runtime/log'
import { SESSION_FIELDS } from '@sluicebox/session/session-event'
import type { Store } from '@sluicebox/store/store'
import { drive } from '@sluicebox/stream/driver/drive'
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
  /** Told which partitions are being restored, and how far each is, whenever that changes: for a readiness probe. */
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

  function keep(state: ScorerState): ScorerState {
    states.set(state.partition, state)
    return state
  }

  const resolve = createLearn({
    codec: codecs.good,
    fetchSchema,
    onAbsent: (schemaId, why) => {
      absentSchemas.add(schemaId)
      logger.warn(
        { schemaId, why },
        'records of good name a schema that they can not be read with: they are bad',
      )
    },
  })

  const { name, id, goal } = bundle
  logger.info({ group: SCORER_GROUP, bundle: name, bundleId: id, goal }, 'scoring')
  await drive({
    log,
    stage: {
      ...scorer,
      start: partition => keep(scorer.start(partition)),
      snapshots: {
        ...scorer.snapshots!,
        restore: (partition, bytes) => keep(scorer.snapshots!.restore(partition, bytes)),
      },
    },
    group: SCORER_GROUP,
    input: 'good',
    outputs: { scored: 'scored', bad: 'bad' },
    limits: { recordsMax: config.batchRecordsMax, bytesMax: config.batchBytesMax },
    signal,
    snapshots: {
      store: createSnapshots(parts.store),
      everyRecords: config.snapshotEveryRecords,
      everyMs: config.snapshotEveryMs,
    },
    resolve,
    observe: {
      onRestore({ partition, from, hasSnapshot, hasGap, position, committed }) {
        const isDone = position >= committed
        if (position === from || isDone)
          logger.info(
            { partition, from: String(from), committed: String(committed), hasSnapshot },
            isDone ? 'the sessions of a partition are restored' : 'restoring the sessions of a partition',
          )
        if (hasGap && position === from)
          logger.warn(
            { partition, from: String(from) },
            'records after the snapshot are no longer in the log: sessions lack them; keep the log for longer',
          )
        if (isDone) restoring.delete(partition)
        else restoring.set(partition, { partition, from, position, committed })
        parts.onRestoring?.([...restoring.values()])
        const state = states.get(partition)
        if (isDone && state !== undefined) metrics.restored(state)
      },
      onBatch({ partition, processMs }) {
        const state = states.get(partition)
        if (state !== undefined) metrics.committed(state, processMs)
      },
      onUnresolved: ({ partition, refs, attempt, waitMs, error }) =>
        logger.warn(
          { partition, refs, attempt, waitMs, err: error },
          'a partition waits for what could not be fetched',
        ),
      onSnapshot: ({ partition, bytes }) => metrics.saved(partition, bytes),
      onSnapshotProblem: ({ partition, error, waitMs }) =>
        logger.warn(
          { partition, err: error, waitMs },
          waitMs === undefined
            ? 'a snapshot could not be used or saved; the log replaces it'
            : 'a partition waits for its snapshot: the store can not be reached',
        ),
      onEnd({ partition }) {
        states.delete(partition)
        if (restoring.delete(partition)) parts.onRestoring?.([...restoring.values()])
        metrics.ended(partition)
      },
    },
  })
}
