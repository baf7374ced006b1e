// The collector decides the key of a record, and the enricher what is written of each event in it. Both read with one
// package: whatever a client sends, the key is the visitor of every good event, and a session has one key.
import fc from 'fast-check'
import { createCollect, type EventRequest } from '@sluicebox/collector/collect/collect'
import { collectorConfig } from '@sluicebox/collector/config'
import { enricherConfig } from '@sluicebox/enricher/config'
import { createEnricher } from '@sluicebox/enricher/enricher'
import { asCollectedTime } from '@sluicebox/event/instants'
import type { GoodRecord, RawRecord } from '@sluicebox/event/records'
import { ANONYMOUS_ID, visitorOf } from '@sluicebox/protocol/ids'
import { loadEventSchemas } from '@sluicebox/registry/events/events'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { expect, test } from 'vitest'

const TP2 = '/com.snowplowanalytics.snowplow/tp2'
const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'
const codecs = { rawCodec: folderCodec('raw'), goodCodec: folderCodec('good'), badCodec: folderCodec('bad') }
const enricher = createEnricher({
  ...codecs,
  config: enricherConfig.parse({}),
  schemas: loadEventSchemas([]),
})

/** The raw records of a request, and the good events of each. */
function through(path: string, request: Partial<EventRequest>, method: 'tracker' | 'pixel' | 'events') {
  let made = 0
  const collect = createCollect({
    config: collectorConfig.parse({}),
    uuid: () => `made-${made++}`,
    checkEvent: () => [],
  })
  const whole: EventRequest = {
    query: null,
    headers: {},
    peer: '203.0.113.77',
    collectedAt: asCollectedTime(Date.UTC(2026, 10, 20)),
    body: null,
    ...request,
  }
  const outcome = method === 'events' ? collect.events(whole) : collect[method](path, whole)
  const records = 'records' in outcome ? outcome.records : []
  return records.map((raw, i) => {
    const value = codecs.rawCodec.encode(raw)
    const batch = {
      stream: 'raw',
      partition: 0,
      records: [{ key: raw.visitor, value, position: BigInt(i), appendedAt: 0 }],
      next: BigInt(i + 1),
    }
    const { good } = enricher.process(enricher.start(0), batch)
    return { raw, good: good.map(({ value }) => codecs.goodCodec.decode(value) as GoodRecord) }
  })
}

/** Whether the enricher made the id: those are UUIDs of version 8. */
const isMade = (eventId: string): boolean => /^[0-9a-f]{8}-[0-9a-f]{4}-8/.test(eventId)

/** Whose event it is by what is written of it. A network user id that was made for the request is not the client's. */
function visitorIn(good: GoodRecord, raw: RawRecord): string {
  const made = (id: string | null): string | null => (id?.startsWith('made-') === true ? null : id)
  return visitorOf(
    {
      domainUserId: good.domain_user_id,
      networkUserId: raw.privacy === 'anonymous' ? null : made(good.network_user_id),
      sessionId: good.session_id,
    },
    isMade(good.event_id) ? null : good.event_id,
    { networkUserId: null, fallback: raw.visitor },
  )
}

const uuid = fc.constantFrom(
  '1c9a1f62-6f3e-4a4b-9f0e-0d6a1f0b7a11',
  '2C9A1F62-6F3E-4A4B-9F0E-0D6A1F0B7A22',
  ANONYMOUS_ID,
)
const id = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    '',
    'undefined',
    'null',
    '[object Object]',
    '0',
    ANONYMOUS_ID,
    '\u0000\u0000\u0000\u0000',
    ' a ',
    'a\u0007',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constant('x'.repeat(129)),
)
const session = fc.record({ userId: fc.oneof(id, uuid), sessionId: uuid }).map(ids => ({
  schema: `${SNOWPLOW}/client_session/jsonschema/1-0-2`,
  data: { ...ids, sessionIndex: 1, previousSessionId: null, storageMechanism: 'SQLITE', firstEventId: null },
}))
const page = fc.constant({
  schema: `${SNOWPLOW}/web_page/jsonschema/1-0-0`,
  data: { id: '1c9a1f62-6f3e-4a4b-9f0e-0d6a1f0b7a11' },
})
const contexts = fc
  .array(fc.oneof(session, page), { maxLength: 2 })
  .map(data => JSON.stringify({ schema: `${SNOWPLOW}/contexts/jsonschema/1-0-1`, data }))
const trackerEvent = fc.record(
  {
    e: fc.constantFrom('pv', 'pp', 'se'),
    p: fc.constantFrom('web', 'mob', 'srv'),
    tv: fc.constant('t-1'),
    eid: uuid,
    duid: id,
    nuid: id,
    tnuid: id,
    sid: uuid,
    uid: id,
    ip: fc.constantFrom('203.0.113.9', 'nonsense', ''),
    co: contexts,
    cx: contexts.map(text => Buffer.from(text).toString('base64url')),
    page: fc.oneof(fc.string({ maxLength: 5 }), fc.constant('t'.repeat(70_000)), fc.constant('"{[\\')),
  },
  { requiredKeys: ['e', 'p', 'tv'] },
)
const query = fc.option(
  fc
    .array(
      fc.tuple(
        fc.constantFrom('duid', 'nuid', 'tnuid', 'sid', 'eid', 'aid', '%64uid', 'x'),
        fc.oneof(id.map(encodeURIComponent), uuid, fc.constant('%zz')),
      ),
      { maxLength: 3 },
    )
    .map(pairs => pairs.map(pair => pair.join('=')).join('&')),
)
const headers = fc.record(
  {
    cookie: fc.constantFrom('sp=cookie', `sp=${ANONYMOUS_ID}`, 'sp=undefined', 'other=1'),
    'content-type': fc.constantFrom('application/json; charset=UTF-8', 'application/json', 'text/plain'),
    'sp-anonymous': fc.constant('*'),
    dnt: fc.constant('1'),
  },
  { requiredKeys: ['content-type'] },
)
const mark = fc.constantFrom('', '\ufeff')

const body = fc
  .tuple(mark, fc.array(trackerEvent, { minLength: 1, maxLength: 4 }), fc.nat({ max: 40 }))
  .map(([before, data, depth]) => {
    const deep = depth > 34 ? [`"deep":${'['.repeat(depth)}${']'.repeat(depth)}`] : []
    const schema = `"schema":"${SNOWPLOW}/payload_data/jsonschema/1-0-4"`
    return Buffer.from(`${before}{${[schema, `"data":${JSON.stringify(data)}`, ...deep].join(',')}}`)
  })

const plainEvent = fc.record(
  {
    action: fc.constant('page_view'),
    visitor_id: id,
    session_id: id,
    event_id: fc.oneof(id, uuid),
    user_id: id,
  },
  { requiredKeys: ['action'] },
)
const plainBody = fc
  .tuple(mark, fc.array(plainEvent, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([before, events, isLines]) =>
    Buffer.from(
      before + (isLines ? events.map(event => JSON.stringify(event)).join('\n') : JSON.stringify(events)),
    ),
  )

test('the key of a record is the visitor of every good event that is made of it', () => {
  let judged = 0
  const check = (read: ReturnType<typeof through>): void => {
    const keys = new Map<string, Set<string>>()
    for (const { raw, good } of read)
      for (const event of good) {
        judged++
        expect(event.visitor).toBe(raw.visitor)
        expect(visitorIn(event, raw)).toBe(raw.visitor)
        if (event.session_id === null || event.domain_user_id === null) continue
        const one = `${event.domain_user_id}\n${event.session_id}`
        keys.set(one, (keys.get(one) ?? new Set()).add(raw.visitor))
      }
    for (const [one, visitors] of keys) expect([...visitors], one).toHaveLength(1)
  }
  fc.assert(
    fc.property(body, query, headers, (sent, asked, given) => {
      check(through(TP2, { body: sent, query: asked, headers: given }, 'tracker'))
    }),
    { numRuns: 1_500 },
  )
  fc.assert(
    fc.property(trackerEvent, headers, (event, given) => {
      const pairs = Object.entries(event).map(
        ([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`,
      )
      check(through('/i', { query: pairs.join('&'), headers: given }, 'pixel'))
    }),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(plainBody, query, headers, (sent, asked, given) => {
      check(through('/v1/events', { body: sent, query: asked, headers: given }, 'events'))
    }),
    { numRuns: 1_000 },
  )
  expect(judged).toBeGreaterThan(1_000)
})

test('six events of an app without cookies, with a session entity and nothing else, have one key', () => {
  const entity = {
    schema: `${SNOWPLOW}/client_session/jsonschema/1-0-2`,
    data: {
      userId: '3c9a1f62-6f3e-4a4b-9f0e-0d6a1f0b7a33',
      sessionId: '4c9a1f62-6f3e-4a4b-9f0e-0d6a1f0b7a44',
      sessionIndex: 1,
      previousSessionId: null,
      storageMechanism: 'SQLITE',
      firstEventId: '5c9a1f62-6f3e-4a4b-9f0e-0d6a1f0b7a55',
    },
  }
  const co = JSON.stringify({ schema: `${SNOWPLOW}/contexts/jsonschema/1-0-1`, data: [entity] })
  const keys = Array.from({ length: 6 }, (_, i) => {
    const event = {
      e: 'pv',
      p: 'mob',
      tv: 't',
      ...(i % 2 === 0 ? { co } : { cx: Buffer.from(co).toString('base64') }),
    }
    const sent = { schema: `${SNOWPLOW}/payload_data/jsonschema/1-0-4`, data: [event] }
    const [one] = through(
      TP2,
      { body: Buffer.from(JSON.stringify(sent)), headers: { 'content-type': 'application/json' } },
      'tracker',
    )
    expect(one?.good[0]).toMatchObject({ session_id: entity.data.sessionId, visitor: entity.data.userId })
    return one?.raw.visitor
  })
  expect(new Set(keys).size).toBe(1)
})
