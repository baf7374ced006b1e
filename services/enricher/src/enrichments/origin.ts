import type { RawRecord } from '@sluicebox/event/records'
import type { SentEvent } from '@sluicebox/protocol/sent-event'
import { eventIdOf, firstCoordinates, type Coordinates } from '../coordinates.ts'
import type { Columns } from './columns.ts'

type OriginColumns =
  | 'kind'
  | 'source_partition'
  | 'source_position'
  | 'source_index'
  | 'collected_at'
  | 'visitor'
  | 'event_id'
  | 'privacy'
  | 'enricher'

/** Sets the columns for the origin of the event, its identity, and the maker of the record. */
export function setOrigin(
  good: Columns<OriginColumns>,
  {
    event,
    raw,
    coordinates,
    tools,
  }: {
    readonly event: Pick<SentEvent, 'eventId'>
    readonly raw: Pick<RawRecord, 'collected_at' | 'visitor' | 'privacy' | 'retry_of'>
    readonly coordinates: Coordinates
    readonly tools: { readonly enricher: string }
  },
): void {
  good.kind = 'event'
  good.source_partition = coordinates.partition
  good.source_position = coordinates.position
  good.source_index = coordinates.index
  good.collected_at = raw.collected_at
  good.visitor = raw.visitor
  good.event_id = event.eventId ?? eventIdOf(firstCoordinates(coordinates, raw.retry_of))
  good.privacy = raw.privacy
  good.enricher = tools.enricher
}
