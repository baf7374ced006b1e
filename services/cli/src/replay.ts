import { listArchive, readRaw } from '@sluicebox/archiver/read'
import type { EnricherConfig } from '@sluicebox/enricher/config'
import { createEnricher, type EnricherState } from '@sluicebox/enricher/enricher'
import { readKey } from '@sluicebox/enricher/start'
import { isMissingSchema } from '@sluicebox/event/codec'
import type { GoodRecord } from '@sluicebox/event/records'
import { loadEventSchemas } from '@sluicebox/registry/events'
import { folderCodec } from '@sluicebox/registry/folder'
import { SESSION_FIELDS } from '@sluicebox/session/moment'
import type { Store } from '@sluicebox/store/store'
import type { Stage } from '@sluicebox/stream/stage'
import type { SourceObject } from '@sluicebox/trainer/dataset/info'
import type { EventSource } from '@sluicebox/trainer/dataset/source'

/** The enricher's stage as the service runs it, for replays. */
export function enricherStage(config: EnricherConfig): Stage<EnricherState, 'good' | 'bad'> {
  const pseudonymKey = readKey(config.pseudonyms.keyFile)
  return createEnricher({
    config,
    schemas: loadEventSchemas(config.schemaDirs),
    rawCodec: folderCodec('raw'),
    goodCodec: folderCodec('good'),
    badCodec: folderCodec('bad'),
    ...(pseudonymKey === undefined ? {} : { pseudonymKey }),
  })
}

/**
 * The events of the archive: raw, replayed through the enricher of today. So a rule or a schema that was mended since
 * counts for training, and the features are those that the scorer would compute.
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
      const stage = enricherStage(config)
      const codec = folderCodec('good', { project: SESSION_FIELDS })
      const states = new Map<number, EnricherState>()
      for await (const batch of readRaw(store)) {
        const { partition } = batch
        const state = states.get(partition) ?? stage.start(partition)
        states.set(partition, state)
        const { good } = stage.process(state, batch)
        yield { partition, events: good.map(({ value }) => decode(codec.decode(value))) }
      }
    },
  }
}

function decode(record: ReturnType<ReturnType<typeof folderCodec<'good'>>['decode']>): GoodRecord {
  // It was encoded with the same schema a moment ago.
  if (isMissingSchema(record)) throw new TypeError(`the enricher wrote with schema ${record.missing}`)
  return record
}
