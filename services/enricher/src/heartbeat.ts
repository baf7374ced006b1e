import { blankGood } from '@sluicebox/event/blank'
import { correctTime } from '@sluicebox/event/instants'
import type { GoodRecord, RawRecord } from '@sluicebox/event/records'
import type { Coordinates } from './coordinates.ts'

/** A heartbeat of the collector, passed on: it says how far time has come, and is not an event. */
export function heartbeat(raw: RawRecord, coordinates: Coordinates, enricher: string): GoodRecord {
  return blankGood({
    kind: 'heartbeat',
    source_partition: coordinates.partition,
    source_position: coordinates.position,
    source_index: coordinates.index,
    collected_at: raw.collected_at,
    event_time: correctTime(null, null, raw.collected_at).eventTime,
    enricher,
  })
}
