import type { EventType, SentEvent } from '@sluicebox/protocol/sent-event'
import type { Columns } from './columns.ts'

/** The name of an event, and the vendor that defined it. */
export interface EventName {
  readonly name: string
  /** Reference of its schema; null for events of /v1/events. */
  readonly schema: string | null
}

const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'

const NAMES: Readonly<Record<Exclude<EventType, 'unstruct' | 'action'>, EventName>> = {
  page_view: { name: 'page_view', schema: `${SNOWPLOW}/page_view/jsonschema/1-0-0` },
  page_ping: { name: 'page_ping', schema: `${SNOWPLOW}/page_ping/jsonschema/1-0-0` },
  struct: { name: 'event', schema: 'iglu:com.google.analytics/event/jsonschema/1-0-0' },
  transaction: { name: 'transaction', schema: `${SNOWPLOW}/transaction/jsonschema/1-0-0` },
  transaction_item: { name: 'transaction_item', schema: `${SNOWPLOW}/transaction_item/jsonschema/1-0-0` },
  ad_impression: { name: 'ad_impression', schema: `${SNOWPLOW}/ad_impression/jsonschema/1-0-0` },
}

/** The identity of an event without faults: by its type, or by its own schema. */
export function eventName({ type, event, action }: Pick<SentEvent, 'type' | 'event' | 'action'>): EventName {
  if (type === 'action') return { name: action ?? '', schema: null }
  if (type !== 'unstruct') return NAMES[type as keyof typeof NAMES]
  const schema = event?.schema ?? ''
  return { name: schema.split('/')[1] ?? '', schema }
}

/** Sets the columns of the event's name. */
export function setName(
  good: Columns<'event_name' | 'event_schema'>,
  { name }: { readonly name: EventName },
): void {
  good.event_name = name.name
  good.event_schema = name.schema
}
