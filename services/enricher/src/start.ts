import { readFileSync } from 'node:fs'
import type { Codec } from '@sluicebox/event/codec'
import type { BadRecord, GoodRecord, RawRecord } from '@sluicebox/event/records'
import { loadEventSchemas } from '@sluicebox/registry/events/events'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { fileProblem } from '@sluicebox/runtime/file-problem'
import type { Logger } from '@sluicebox/runtime/log'
import { runStage } from '@sluicebox/service/run-stage'
import type { Log } from '@sluicebox/stream/log'
import type { Registry } from 'prom-client'
import type { EnricherConfig } from './config.ts'
import { createEnricher } from './enricher.ts'
import { watchCurrencies } from './enrichments/currency/amounts-seen.ts'
import type { EnricherFiles } from './files/files.ts'
import { createEnricherMetrics } from './metrics.ts'
import type { EventSchemas } from '@sluicebox/protocol/self-describing'

export const ENRICHER_GROUP = 'enricher'

export interface EnricherServiceParts {
  readonly log: Log
  readonly config: EnricherConfig
  readonly logger: Pick<Logger, 'info' | 'warn'>
  readonly metrics: Registry
  readonly signal: AbortSignal
  /** The result of `prepareFiles`; needed when the configuration names files. */
  readonly files?: EnricherFiles
  /** The schemas in the folders of the configuration and those that ship, unless given. */
  readonly schemas?: EventSchemas
  /** The codecs of the schemas that ship, unless given. */
  readonly codecs?: {
    readonly raw: Codec<RawRecord>
    readonly good: Codec<GoodRecord>
    readonly bad: Codec<BadRecord>
  }
  /**
   * The schema that a record of raw was written with, by its id; undefined when the registry does not hold it.
   * Rejects when the registry can't be reached: the partition waits. Without it no other schemas are known.
   */
  readonly fetchSchema?: ((id: number) => Promise<string | undefined>) | undefined
}

const KEY_BYTES_MIN = 32

/** Enriches raw into good and bad until `signal` aborts. Rejects when a restart may help. */
export async function startEnricher(parts: EnricherServiceParts): Promise<void> {
  const { log, config, logger, signal, fetchSchema } = parts
  const metrics = createEnricherMetrics(parts.metrics)
  const codecs = parts.codecs ?? {
    raw: folderCodec('raw'),
    good: folderCodec('good'),
    bad: folderCodec('bad'),
  }
  const absentSchemas = new Set<number>()
  const pseudonymKey = readKey(config.pseudonyms.keyFile)
  const enricher = createEnricher({
    config,
    schemas: parts.schemas ?? loadSchemas(config, logger),
    rawCodec: codecs.raw,
    goodCodec: codecs.good,
    badCodec: codecs.bad,
    absentSchemas,
    ...(parts.files === undefined ? {} : { files: parts.files }),
    ...(pseudonymKey === undefined ? {} : { pseudonymKey }),
  })
  const watch = watchCurrencies(codes =>
    logger.warn(
      { currencies: codes },
      'events have amounts in several currencies, and features treat them as one currency; name a file of exchange rates (enricher.currency.ratesFile)',
    ),
  )
  logger.info({ group: ENRICHER_GROUP }, 'enriching')
  await runStage({
    ...{ log, logger, signal, config, fetchSchema, absentSchemas },
    stage: enricher,
    group: ENRICHER_GROUP,
    input: 'raw',
    outputs: ['good', 'bad'],
    inputCodec: codecs.raw,
    onBatch(state) {
      watch(state.tally.amounts.keys())
      metrics.committed(state)
    },
  })
}

/** Loads the schemas of the configuration's folders and those that ship. Logs each file that is not used, or not wholly. */
export function loadSchemas({ schemaDirs }: EnricherConfig, logger: Pick<Logger, 'warn'>): EventSchemas {
  return loadEventSchemas(schemaDirs, ({ file, level, reason }) =>
    logger.warn(
      { file, reason },
      level === 'unusable'
        ? 'an event schema is unusable: events that refer to it have an unknown schema'
        : 'a part of an event schema is not checked',
    ),
  )
}

/** Reads the secret of the pseudonyms. Throws when it is too short. */
export function readKey(file: string | undefined): Uint8Array | undefined {
  if (file === undefined) return undefined
  const key = readKeyFile(file)
  if (key.length < KEY_BYTES_MIN)
    throw new Error(
      `enricher.pseudonyms.keyFile: ${file} holds ${key.length} bytes; a key has at least ${KEY_BYTES_MIN}. Make one: head -c 32 /dev/urandom > ${file}`,
    )
  return key
}

function readKeyFile(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new Error(
      `enricher.pseudonyms.keyFile: ${file} can't be read: ${fileProblem(error)}. Make one: head -c 32 /dev/urandom > ${file}`,
      { cause: error },
    )
  }
}
