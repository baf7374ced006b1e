import { describe } from './bad.ts'
import type { EnricherConfig } from './config.ts'
import { faultsOf, readPlaces } from './enrich.ts'
import { readSelfDescribing, type EventSchemas } from '@sluicebox/protocol/self-describing'
import { readV1Event } from '@sluicebox/protocol/v1'
import { createTools } from './tools.ts'

/**
 * Returns what the enricher will find wrong with an event of /v1/events, in sentences; nothing when it will be good. A
 * collector uses it to tell its clients at once what happens to their events.
 */
export function createEventCheck({
  config,
  schemas,
}: {
  readonly config: EnricherConfig
  readonly schemas: EventSchemas
}): (event: unknown) => readonly string[] {
  // Whether an event is good does not depend on a secret or a file.
  const without = { pseudonyms: { fields: [] }, geo: {}, currency: { ageDaysMax: 0 } }
  const tools = createTools({ ...config, ...without }, { version: '' })
  return function checkEvent(value) {
    const event = readV1Event(value, config.depthMax)
    readSelfDescribing(event, schemas, config)
    const places = readPlaces(event, { privacy: 'none', referer: null }, tools)
    const faults = faultsOf(event, places, config.minorFields)
    return faults?.map(describe) ?? NONE
  }
}

const NONE: readonly string[] = []
