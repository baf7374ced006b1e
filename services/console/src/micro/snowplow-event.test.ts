import { describe, expect, test } from 'vitest'
import { snowplowEvent } from './snowplow-event.ts'
import { record } from '../testing/records.ts'

const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'

describe('an event under the names of Snowplow', () => {
  test.each([
    {
      event_name: 'page_view',
      event_schema: `${SNOWPLOW}/page_view/jsonschema/1-0-0`,
      eventType: 'page_view',
    },
    {
      event_name: 'page_ping',
      event_schema: `${SNOWPLOW}/page_ping/jsonschema/1-0-0`,
      eventType: 'page_ping',
    },
    {
      event_name: 'event',
      event_schema: 'iglu:com.google.analytics/event/jsonschema/1-0-0',
      eventType: 'struct',
    },
    {
      event_name: 'transaction',
      event_schema: `${SNOWPLOW}/transaction/jsonschema/1-0-0`,
      eventType: 'transaction',
    },
    {
      event_name: 'link_click',
      event_schema: `${SNOWPLOW}/link_click/jsonschema/1-0-1`,
      event_data: '{}',
      eventType: 'unstruct',
    },
    {
      event_name: 'page_view',
      event_schema: 'iglu:com.acme/page_view/jsonschema/1-0-0',
      event_data: '{}',
      eventType: 'unstruct',
    },
    { event_name: 'page_view', event_schema: null, eventType: 'unstruct' },
  ])('$event_name of $event_schema is $eventType', ({ eventType, ...given }) => {
    const event = snowplowEvent(record('good', given))
    expect(event.eventType).toBe(eventType)
    expect(event.event).toMatchObject({ event: eventType })
    expect(event.schema).toBe(given.event_schema ?? 'iglu:com.sluicebox/event/jsonschema/1-0-0')
  })

  test('has its data and its entities parsed', () => {
    const page = { schema: `${SNOWPLOW}/web_page/jsonschema/1-0-0`, data: { id: 'p' } }
    const { event, contexts } = snowplowEvent(
      record('good', {
        event_name: 'link_click',
        event_schema: `${SNOWPLOW}/link_click/jsonschema/1-0-1`,
        event_data: '{"targetUrl":"/"}',
        contexts: JSON.stringify([page]),
        collected_at: 1_795_167_000_120 as never,
        domain_user_id: 'd',
      }),
    )
    expect(contexts).toEqual([page.schema])
    expect(event).toMatchObject({
      contexts: { schema: `${SNOWPLOW}/contexts/jsonschema/1-0-0`, data: [page] },
      unstruct_event: {
        schema: `${SNOWPLOW}/unstruct_event/jsonschema/1-0-0`,
        data: { schema: `${SNOWPLOW}/link_click/jsonschema/1-0-1`, data: { targetUrl: '/' } },
      },
      collector_tstamp: '2026-11-20T09:30:00.120Z',
      dvce_created_tstamp: null,
      domain_userid: 'd',
      event_vendor: 'com.snowplowanalytics.snowplow',
      event_name: 'link_click',
      event_format: 'jsonschema',
      event_version: '1-0-1',
    })
  })

  test('from /v1/events carries its action and its properties', () => {
    const { event } = snowplowEvent(
      record('good', { event_schema: null, action: 'add_to_cart', event_data: '{"size":42}' }),
    )
    expect(event['unstruct_event']).toMatchObject({
      data: { data: { action: 'add_to_cart', properties: { size: 42 } } },
    })
  })

  test('with invalid JSON in its fields has no data and no entities', () => {
    const { contexts, event } = snowplowEvent(
      record('good', { contexts: '{', event_schema: 'iglu:a/b/jsonschema/1-0-0', event_data: '{' }),
    )
    expect(contexts).toEqual([])
    expect(event['unstruct_event']).toMatchObject({ data: { data: null } })
  })
})
