import { loadEventSchemas } from '@sluicebox/registry/events/events'
import type { ServiceConfig } from '@sluicebox/service/config'
import { aborted } from '@sluicebox/stream/aborted'
import { runService, type Urls } from '@sluicebox/service/service'
import type { HandlerParts } from './http/handler.ts'
import type { CollectorConfig } from './config.ts'
import { tuneHeap } from './guard/heap.ts'
import { startCollector } from './http/server.ts'

export interface CollectorOptions {
  readonly announce?: (urls: Urls) => void
  /** Returns the faults of an event of /v1/events. Default: those that the schema of these events finds. */
  readonly checkEvent?: NonNullable<HandlerParts['checkEvent']>
}

/** Runs a collector as a process. Its port opens once it knows where `raw` is. */
export function runCollector(
  config: ServiceConfig & { readonly collector: CollectorConfig },
  { announce, checkEvent = createSchemaCheck() }: CollectorOptions = {},
): Promise<void> {
  tuneHeap()
  return runService({ name: 'collector', config, streams: ['raw'] }, async parts => {
    const { signal, readyWhen, adminUrl } = parts
    const codec = await parts.codec('raw')
    await using collector = await startCollector({ ...parts, config: config.collector, codec, checkEvent })
    readyWhen(collector.ready)
    announce?.({ url: collector.url, admin: adminUrl })
    await aborted(signal)
    await collector.close()
  })
}

function createSchemaCheck(): CollectorOptions['checkEvent'] & {} {
  const validate = loadEventSchemas([]).validator('iglu:com.sluicebox/event/jsonschema/1-0-0')
  return event => (validate?.(event) ?? []).map(({ path, message }) => `${path} ${message}`.trim())
}
