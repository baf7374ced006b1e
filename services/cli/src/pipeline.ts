import { startArchiver, type Archiver } from '@sluicebox/archiver/archiver'
import { archivedSchemas } from '@sluicebox/archiver/schemas'
import { prepareFiles } from '@sluicebox/enricher/files/prepare'
import { startEnricher } from '@sluicebox/enricher/start'
import type { EventSchemas } from '@sluicebox/protocol/self-describing'
import type { Health } from '@sluicebox/runtime/admin'
import { restoringHealth, type Restoring } from '@sluicebox/scorer/restoring'
import { prepareConfigured, type ScoringBundle } from '@sluicebox/scorer/scoring-bundle'
import { startScorer } from '@sluicebox/scorer/start'
import type { Schemas } from '@sluicebox/service/schemas'
import type { ServiceParts } from '@sluicebox/service/service'
import { SESSION_FIELDS } from '@sluicebox/session/session-event'
import type { Config } from './read-config.ts'

export interface Pipeline extends AsyncDisposable {
  readonly bundle: ScoringBundle
  readonly archiver: Archiver
  /** For probes: not ready while sessions are restored. */
  ready(): Health
  /** Rejects when a stage can't continue. */
  readonly failed: Promise<never>
  /** Stops the stages: what is in flight is finished and committed, states are saved. May be called again. */
  stop(): Promise<void>
}

export interface PipelineParts
  extends Schemas, Pick<ServiceParts, 'log' | 'logger' | 'metrics' | 'openStore'> {
  readonly config: Config
  /** The event schemas. Default: the enricher loads them. */
  readonly eventSchemas?: EventSchemas
}

/** Runs enricher, scorer and archiver over a log in this process. */
export async function startPipeline(parts: PipelineParts): Promise<Pipeline> {
  const { config, codec, fetchSchema } = parts
  const kept = await parts.openStore('bundles')
  const bundle = await prepareConfigured(config.scorer, kept)
  const files = await prepareFiles(config.enricher, async () => kept)
  const [archive, snapshots] = await Promise.all([parts.openStore('archive'), parts.openStore('snapshots')])
  const [raw, good, bad, scored] = await Promise.all([
    codec('raw'),
    codec('good'),
    codec('bad'),
    codec('scored'),
  ])
  const goodToScore = await codec('good', { project: SESSION_FIELDS })
  const schemas = await archivedSchemas(parts, config.archiver.streams)

  const stopping = new AbortController()
  const shared = (stage: string) => ({
    log: parts.log,
    logger: parts.logger.child({ stage }),
    metrics: parts.metrics,
    signal: stopping.signal,
    fetchSchema,
  })
  let restoring: readonly Restoring[] = []
  const enricher = startEnricher({
    ...shared('enricher'),
    config: config.enricher,
    files,
    codecs: { raw, good, bad },
    ...(parts.eventSchemas === undefined ? {} : { schemas: parts.eventSchemas }),
  })
  const scorer = startScorer({
    ...shared('scorer'),
    config: config.scorer,
    bundle,
    store: snapshots,
    codecs: { good: goodToScore, scored, bad },
    onRestoring: now => (restoring = now),
  })
  const archiver = startArchiver({ ...shared('archiver'), config: config.archiver, store: archive, schemas })
  const stages = [enricher, scorer, archiver.done]

  async function stop(): Promise<void> {
    stopping.abort()
    await Promise.all(stages)
  }
  const failed = Promise.all(stages).then(() => new Promise<never>(() => {}))
  // The caller learns of a failure when it awaits this; until then the rejection must not count as unhandled.
  failed.catch(() => {})

  return {
    bundle,
    archiver,
    ready: () => restoringHealth(restoring),
    failed,
    stop,
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await Promise.allSettled(stages)
    },
  }
}
