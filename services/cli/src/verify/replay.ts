import { listArchive, readRaw } from '@sluicebox/archiver/manifests/read'
import type { EnricherConfig } from '@sluicebox/enricher/config'
import { createEnricher, type EnricherState } from '@sluicebox/enricher/enricher'
import { compileFiles, type EnricherFiles } from '@sluicebox/enricher/files/files'
import { readFiles } from '@sluicebox/enricher/files/prepare'
import { readKey } from '@sluicebox/enricher/start'
import { isMissingSchema } from '@sluicebox/event/codec'
import type { GoodRecord } from '@sluicebox/event/records'
import { loadEventSchemas } from '@sluicebox/registry/events/events'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { createLearn } from '@sluicebox/registry/streams/learn'
import { SESSION_FIELDS } from '@sluicebox/session/session-event'
import type { Store } from '@sluicebox/store/store'
import type { Batch, OutputRecord } from '@sluicebox/stream/log'
import { Unresolved, type Stage } from '@sluicebox/stream/driver/stage'
import type { SourceObject } from '@sluicebox/trainer/dataset/info'
import type { EventSource } from '@sluicebox/trainer/dataset/source'

/** Finds the schemas that a replay lacks: the archive holds those that were known, and all others count as absent. */
export interface Absence {
  readonly ids: ReadonlySet<number>
  resolve(refs: readonly string[]): Promise<void>
}

export function createAbsence(): Absence {
  const ids = new Set<number>()
  return { ids, resolve: createLearn({ codec: { learn() {} }, onAbsent: id => ids.add(id) }) }
}

interface StageParts {
  readonly schemas: ReturnType<typeof loadEventSchemas>
  readonly files: EnricherFiles
}

/**
 * Creates the enricher's stage as the service runs it, for replays. Default for the files: those of the configuration.
 */
export function enricherStage(
  config: EnricherConfig,
  absence: Absence,
  parts: StageParts = {
    schemas: loadEventSchemas(config.schemaDirs),
    files: compileFiles(readFiles(config), config),
  },
): Stage<EnricherState, 'good' | 'bad'> {
  const pseudonymKey = readKey(config.pseudonyms.keyFile)
  return createEnricher({
    config,
    ...parts,
    rawCodec: folderCodec('raw'),
    goodCodec: folderCodec('good'),
    badCodec: folderCodec('bad'),
    absentSchemas: absence.ids,
    ...(pseudonymKey === undefined ? {} : { pseudonymKey }),
  })
}

/**
 * Reads the events of the archive: raw, replayed through the current enricher. Rules, schemas and files that were fixed
 * later take effect in training, and the features are those that the scorer would compute.
 */
export function archivedEvents(store: Store, config: EnricherConfig, description: string): EventSource {
  const objects: SourceObject[] = []
  return {
    description,
    objects: () => objects,
    async *batches() {
      objects.length = 0
      for await (const { key, sha256, bytes } of listArchive(store, ['raw']))
        objects.push({ key, sha256, bytes })
      const absence = createAbsence()
      const stage = enricherStage(config, absence)
      const codec = folderCodec('good', { project: SESSION_FIELDS })
      const states = new Map<number, EnricherState>()
      for await (const batch of readRaw(store)) {
        const { partition } = batch
        const state = states.get(partition) ?? stage.start(partition)
        states.set(partition, state)
        const { good } = await processResolved(stage, state, batch, absence.resolve)
        yield { partition, events: good.map(({ value }) => decode(codec.decode(value))) }
      }
    },
  }
}

/** Processes a batch, and resolves what the stage reports as unresolved. */
export async function processResolved<State, Output extends string>(
  stage: Stage<State, Output>,
  state: State,
  batch: Batch,
  resolve: ((refs: readonly string[]) => Promise<void>) | undefined,
): Promise<Record<Output, OutputRecord[]>> {
  for (;;) {
    try {
      return stage.process(state, batch)
    } catch (error) {
      if (!(error instanceof Unresolved) || resolve === undefined) throw error
      await resolve(error.refs)
    }
  }
}

function decode(record: ReturnType<ReturnType<typeof folderCodec<'good'>>['decode']>): GoodRecord {
  // The record was encoded with the same schema a moment ago.
  if (isMissingSchema(record)) throw new TypeError(`the enricher wrote with schema ${record.missing}`)
  return record
}
