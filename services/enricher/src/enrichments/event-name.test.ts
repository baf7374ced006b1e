import { expect, test } from 'vitest'
import { blankEvent, type SentEvent } from '@sluicebox/protocol/sent-event'
import { eventName } from './event-name.ts'

const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'
const event = (changes: Partial<SentEvent> = {}): SentEvent => ({ ...blankEvent({}), ...changes })

test.each<[Partial<SentEvent>, string, string | null]>([
  [{ type: 'page_view' }, 'page_view', `${SNOWPLOW}/page_view/jsonschema/1-0-0`],
  [{ type: 'page_ping' }, 'page_ping', `${SNOWPLOW}/page_ping/jsonschema/1-0-0`],
  [{ type: 'struct' }, 'event', 'iglu:com.google.analytics/event/jsonschema/1-0-0'],
  [{ type: 'transaction' }, 'transaction', `${SNOWPLOW}/transaction/jsonschema/1-0-0`],
  [{ type: 'transaction_item' }, 'transaction_item', `${SNOWPLOW}/transaction_item/jsonschema/1-0-0`],
  [
    { type: 'unstruct', event: { schema: 'iglu:com.acme/vote/jsonschema/2-1-0', data: {} } },
    'vote',
    'iglu:com.acme/vote/jsonschema/2-1-0',
  ],
  [{ type: 'action', action: 'wave' }, 'wave', null],
])('%j is called %s', (changes, name, schema) => {
  expect(eventName(event(changes))).toEqual({ name, schema })
})
