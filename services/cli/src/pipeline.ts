import { startArchiver, type Archiver } from '@sluicebox/archiver/archiver'
import { startEnricher } from '@sluicebox/enricher/start'
import type { Health } from '@sluicebox/runtime/admin'
import type { Logger } from '@sluicebox/runtime/log'
import type { Registry } from '@sluicebox/runtime/metrics'
import { loadScoringBundle, type ScoringBundle } from '@sluicebox/scorer/scoring-bundle'
import { startScorer } from '@sluicebox/scorer/start'
import { openFolderStore } from '@sluicebox/store/folder'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import type { Log } from '@sluicebox/stream/log'
import { bundlePath, keepBundle } from './bundle.ts'
import type { Config } from './config.ts'
import { dataPaths } from './data.ts'

export interface Pipeline extends AsyncDisposable {
  readonly log: Log
  readonly bundle: ScoringBundle
  readonly archiver: Archiver
  /** For probes: not ready while sessions are restored. */
  ready(): Health
  /** Rejects when a stage can't go on. */
  readonly failed: Promise<never>
  /** Stops the stages: what is in hand is finished and committed, states are saved. May be called again. */
  stop(): Promise<void>
}

export interface PipelineParts {
  readonly config: Config
  readonly logger: Logger
  readonly metrics: Registry
}

/** Opens the embedded log of a data directory and runs enricher, scorer and archiver over it in this process. */
export async function startPipeline({ config, logger, metrics }: PipelineParts): Promise<Pipeline> {
  const paths = dataPaths(config.dataDir)
  const path = bundlePath(config.scorer.bundle)
  const bundle = await loadScoringBundle(path, config.scorer.trustedKeys)
  await keepBundle(path, bundle.id, paths.bundles)
  const { partitions, retention } = config.log
  const log = await openEmbeddedLog({
    dir: paths.log,
    ...(partitions === undefined ? {} : { partitions }),
    retention,
    onSkipped: skipped =>
      logger.error({ skipped }, 'records were deleted before they were read: raise log.retention'),
    onProblem: error => logger.error({ err: error }, 'old records could not be deleted'),
  })
  const [archive, snapshots] = await Promise.all([
    openFolderStore(paths.archive),
    openFolderStore(paths.snapshots),
  ])

  const stopping = new AbortController()
  const shared = (stage: string) => ({
    log,
    logger: logger.child({ stage }),
    metrics,
    signal: stopping.signal,
  })
  const enricher = startEnricher({ ...shared('enricher'), config: config.enricher })
  let restoring = 0
  const scorer = startScorer({
    ...shared('scorer'),
    config: config.scorer,
    bundle,
    store: snapshots,
    onRestoring: partitionCount => {
      restoring = partitionCount
    },
  })
  const archiver = startArchiver({ ...shared('archiver'), config: config.archiver, store: archive })
  const stages = [enricher, scorer, archiver.done]

  async function stop(): Promise<void> {
    stopping.abort()
    await Promise.all(stages)
  }
  const failed = Promise.all(stages).then(() => new Promise<never>(() => {}))
  // Whoever awaits it learns of a failure; until then it is no unhandled one.
  failed.catch(() => {})

  return {
    log,
    bundle,
    archiver,
    ready: () =>
      restoring === 0
        ? { ok: true }
        : { ok: false, reason: `restoring the sessions of ${restoring} partitions` },
    failed,
    stop,
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await Promise.allSettled(stages)
      await log[Symbol.asyncDispose]()
    },
  }
}
