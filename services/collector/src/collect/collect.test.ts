import fc from 'fast-check'
import { asCollectedTime } from '@sluicebox/event/instants'
import type { RawRecord } from '@sluicebox/event/records'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { createCollect, type Collected, type EventRequest } from './collect.ts'
import type { collectorConfig } from '../config.ts'
import { isRefusal, type Refusal } from '../http/reply.ts'
import { configOf, countingIds, payloadData, TP2 } from '../testing/parts.ts'

const rawCodec = folderCodec('raw')
const AT = asCollectedTime(Date.UTC(2026, 10, 20, 12))
const ZEROS = '00000000-0000-0000-0000-000000000000'

type Settings = z.input<typeof collectorConfig>

function collector(settings: Settings = {}, checkEvent: (event: unknown) => readonly string[] = () => []) {
  return createCollect({ config: configOf(settings), uuid: countingIds(), checkEvent })
}

function request(body: string | null, others: Partial<EventRequest> = {}): EventRequest {
  return {
    query: null,
    headers: { host: 'collect.shop.example:8080' },
    peer: '203.0.113.77',
    collectedAt: AT,
    body: body === null ? null : Buffer.from(body),
    ...others,
  }
}

function accepted(outcome: Collected | Refusal): Collected {
  if (isRefusal(outcome)) throw new Error(outcome.message)
  return outcome
}

function tracker(body: string, others: Partial<EventRequest> = {}, settings: Settings = {}): Collected {
  return accepted(collector(settings).tracker(TP2, request(body, others)))
}

const SESSION = '1c9a1f62-6f3e-4a4b-9f0e-0d6a1f0b7a11'
const EVENT = '2c9a1f62-6f3e-4a4b-9f0e-0d6a1f0b7a22'
const CLIENT_SESSION = {
  schema: 'iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2',
  data: { userId: 'app-user', sessionId: SESSION },
}
const contexts = (...data: unknown[]): string =>
  JSON.stringify({ schema: 'iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0', data })

const bodyText = (record: RawRecord | undefined): string | undefined =>
  record?.body === null ? undefined : Buffer.from(record?.body as Uint8Array).toString()

const byVisitor = (records: readonly RawRecord[]): [string, unknown[]][] =>
  records.map(record => [
    record.visitor,
    (JSON.parse(bodyText(record) as string) as { data: unknown[] }).data,
  ])

describe('a tracker’s POST', () => {
  test('becomes one record with the bytes as they came', () => {
    const body = payloadData({ e: 'pv', duid: 'd1' }, { e: 'pp', duid: 'd1' }).replace('{', '{ ')
    const { records, reply, eventCount } = tracker(body, {
      query: 'aid=shop&x=%20z',
      headers: {
        host: 'collect.shop.example:8080',
        'content-type': 'application/json; charset=UTF-8',
        'user-agent': 'A browser',
        referer: 'https://shop.example/p?q=1',
        origin: 'https://shop.example',
        'accept-language': 'de',
        cookie: 'sp=abc; secret=1',
        authorization: 'Bearer secret',
        'x-forwarded-for': '198.51.100.9',
        'x-real-ip': '198.51.100.9',
        forwarded: 'for=198.51.100.9',
      },
    })
    expect(records).toEqual([
      {
        kind: 'payload',
        collected_at: AT,
        collector: 'sluicebox-0.1.0',
        request_id: 'id-1',
        visitor: 'd1',
        path: TP2,
        querystring: 'aid=shop&x=%20z',
        content_type: 'application/json; charset=utf-8',
        body: Buffer.from(body),
        ip: '203.0.113.0',
        user_agent: 'A browser',
        referer: 'https://shop.example/p?q=1',
        hostname: 'collect.shop.example',
        network_user_id: 'abc',
        headers: ['accept-language: de', 'origin: https://shop.example'],
        privacy: 'none',
        retry_of: null,
      },
    ])
    expect(eventCount).toBe(2)
    expect(reply).toMatchObject({ status: 200, body: 'ok', headers: { 'content-type': 'text/plain' } })
  })

  test.each([
    ['no JSON', '{"schema":"iglu:x","data":[{"e":'],
    ['a form', 'e=pv&p=web'],
    ['nothing', ''],
    ['no list of events', '{"schema":"iglu:x"}'],
    ['too deep to be parsed', `{"data":[${'['.repeat(500)}`],
    ['text with NUL in it', '\u0000\u0000'],
  ])('is stored and gets 200 although it is %s', (_name, body) => {
    const { records, reply } = tracker(body)
    expect(reply.status).toBe(200)
    expect(records.map(bodyText)).toEqual([body])
    expect(records[0]?.visitor).toBe('id-1')
  })

  test.each<[string, object, Partial<EventRequest>, string]>([
    ['domain user id', { duid: 'd', nuid: 'n', sid: SESSION, eid: EVENT }, {}, 'd'],
    ['tnuid', { tnuid: 't', nuid: 'n', sid: SESSION, eid: EVENT }, {}, 't'],
    ['nuid', { nuid: 'n', sid: SESSION, eid: EVENT }, {}, 'n'],
    ['the cookie', { sid: SESSION, eid: EVENT }, { headers: { cookie: 'sp=c' } }, 'c'],
    ['session id, before an id made for this request', { sid: SESSION, eid: EVENT }, {}, SESSION],
    ['a session id in capitals, as the enricher writes it', { sid: SESSION.toUpperCase() }, {}, SESSION],
    ['event id', { eid: EVENT }, {}, EVENT],
    ['an id made for this request', {}, {}, 'id-1'],
    ['what the query says, against the body', { duid: 'd' }, { query: 'duid=q' }, 'q'],
    ['what an encoded name in the query says', { duid: 'd' }, { query: '%64uid=q' }, 'q'],
    ['the last of two in the query', { duid: 'd' }, { query: 'duid=a&duid=b' }, 'b'],
    ['the nuid of the query', { sid: SESSION }, { query: 'nuid=q', headers: { cookie: 'sp=c' } }, 'q'],
    ['no empty id', { duid: '', sid: SESSION }, {}, SESSION],
    ['no id that is not a text', { duid: 7, nuid: { a: 1 }, sid: SESSION }, {}, SESSION],
    [
      'no word that replaces an id',
      { duid: 'undefined', tnuid: 'null', nuid: ZEROS, sid: SESSION },
      {},
      SESSION,
    ],
    ['an id without its control characters', { duid: '\u0000d\u0007\u0000 ' }, {}, 'd'],
    ['no id of control characters alone', { duid: '\u0000\u0000\u0000\u0000', sid: SESSION }, {}, SESSION],
    ['no id that is longer than ids are', { duid: 'x'.repeat(5_000), sid: SESSION }, {}, SESSION],
    ['the entity of the session', { co: contexts(CLIENT_SESSION) }, {}, 'app-user'],
    [
      'the entity of the session, encoded',
      { cx: Buffer.from(contexts(CLIENT_SESSION)).toString('base64url') },
      {},
      'app-user',
    ],
    ['an inherited name is not an id', { constructor: 'x' }, {}, 'id-1'],
  ])('belongs to the visitor by %s', (_name, event, others, expected) => {
    expect(tracker(payloadData(event), others).records.map(record => record.visitor)).toEqual([expected])
  })

  test('of several visitors is split, each with its own events in order, under one request id', () => {
    const { records, eventCount } = tracker(
      payloadData({ duid: 'a', n: 1 }, { duid: 'b', n: 2 }, { duid: 'a', n: 3 }, 'none', { duid: 'b', n: 4 }),
    )
    expect(byVisitor(records)).toEqual([
      [
        'a',
        [
          { duid: 'a', n: 1 },
          { duid: 'a', n: 3 },
        ],
      ],
      [
        'b',
        [
          { duid: 'b', n: 2 },
          { duid: 'b', n: 4 },
        ],
      ],
      ['id-1', ['none']],
    ])
    expect(new Set(records.map(record => record.request_id)).size).toBe(1)
    expect(eventCount).toBe(5)
  })

  test('never loses or doubles an event, whichever visitors they belong to and however small records must be', () => {
    const events = fc.array(
      fc.record({ duid: fc.constantFrom('a', 'b', 'c', ''), text: fc.string({ maxLength: 3_000 }) }),
      { minLength: 1, maxLength: 120 },
    )
    fc.assert(
      fc.property(events, sent => {
        const numbered = sent.map((event, n) => ({ ...event, n }))
        const { records } = tracker(
          payloadData(...numbered),
          {},
          {
            limits: { recordBytesMax: 200_000, headerBytesMax: 150_000, bodyBytesMax: 1e6 },
          },
        )
        for (const record of records)
          expect(record.body?.length).toBeLessThanOrEqual(200_000 - 150_000 - 4_096)
        const stored = byVisitor(records).flatMap(([, data]) => data) as { n: number }[]
        expect(stored.toSorted((a, b) => a.n - b.n)).toEqual(numbered)
      }),
      { numRuns: 50 },
    )
  })

  test('that no record could hold is refused, not lost', () => {
    const settings = { limits: { recordBytesMax: 200_000, headerBytesMax: 190_000 } }
    const collect = collector(settings)
    expect(collect.tracker(TP2, request(`not json ${'x'.repeat(10_000)}`))).toMatchObject({
      error: 'record_too_large',
    })
    expect(collect.tracker(TP2, request(payloadData({ a: 'x' }, { a: 'x'.repeat(10_000) })))).toMatchObject({
      error: 'record_too_large',
    })
  })

  test('takes as many events as the limit says, and no more', () => {
    const collect = collector({ limits: { eventsMax: 3 } })
    const events = (count: number): string =>
      payloadData(...Array.from({ length: count }, () => ({ duid: 'd' })))
    expect(accepted(collect.tracker(TP2, request(events(3)))).eventCount).toBe(3)
    expect(collect.tracker(TP2, request(events(4)))).toMatchObject({
      error: 'too_many_events',
      details: { count: 4 },
    })
  })
})

describe('a body without events', () => {
  const schemas = [
    'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4',
    'iglu:../../etc/passwd',
  ]
  const bodies = [
    ...schemas.map(schema => JSON.stringify({ schema, data: [] })),
    '',
    '[]',
    '{}',
    'text',
    '\u0000',
  ]
  const others = [{}, { 'sp-anonymous': '*' }, { 'content-type': 'text/plain' }]
  test.each(bodies.flatMap(body => others.map(headers => [body, headers] as const)))(
    'is written under a visitor, or refused: %j with %o',
    (body, headers) => {
      const outcome = collector().tracker(TP2, request(body, { headers }))
      for (const record of isRefusal(outcome) ? [] : outcome.records) {
        expect(record.visitor).toMatch(/./)
        expect(rawCodec.encode(record).length).toBeGreaterThan(0)
      }
      expect(isRefusal(outcome) || outcome.records.length === 1).toBe(true)
    },
  )
})

describe('a tracker’s GET', () => {
  test('becomes one record with the query, and an image', () => {
    const collect = collector()
    const { records, reply, eventCount } = collect.pixel(
      '/i',
      request(null, { query: 'e=pv&duid=d1&page=%C3%A4', headers: { 'content-type': 'text/plain' } }),
    )
    expect(records).toHaveLength(1)
    expect(records[0]).toMatchObject({
      visitor: 'd1',
      path: '/i',
      querystring: 'e=pv&duid=d1&page=%C3%A4',
      content_type: null,
      body: null,
    })
    expect(eventCount).toBe(1)
    expect(reply).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'image/gif',
        'content-length': '43',
        'cache-control': 'no-cache, no-store, must-revalidate',
      },
    })
    expect((reply.body as Buffer).toString('latin1', 0, 6)).toBe('GIF89a')
  })

  test('without a query is stored all the same', () => {
    expect(collector().pixel('/i', request(null)).records).toHaveLength(1)
  })
})

describe('the network user id', () => {
  const cookieOf = (collected: Collected): string | undefined =>
    collected.reply.headers['set-cookie']?.split(';')[0]

  test.each<[string, Partial<EventRequest>, string, string | undefined]>([
    ['is made for a client without one', {}, 'id-1', 'sp=id-1'],
    ['is what the cookie says', { headers: { cookie: 'sp=c' } }, 'c', 'sp=c'],
    [
      'is what the query says, against the cookie',
      { query: 'nuid=q', headers: { cookie: 'sp=c' } },
      'q',
      'sp=q',
    ],
    ['is zeros for an anonymous visitor', { headers: { 'sp-anonymous': '*' } }, ZEROS, undefined],
    [
      'is taken from an anonymous visitor',
      { query: 'nuid=q', headers: { 'sp-anonymous': '*', cookie: 'sp=c' } },
      ZEROS,
      'sp=',
    ],
  ])('%s', (_name, others, id, cookie) => {
    const body = payloadData({ e: 'pv' })
    for (const collected of [tracker(body, others), collector().pixel('/i', request(null, others))]) {
      expect(collected.records[0]?.network_user_id).toBe(id)
      expect(cookieOf(collected)).toBe(cookie)
    }
  })

  test('is not made when cookies are off, and none is set', () => {
    const collected = tracker(payloadData({ e: 'pv' }), {}, { cookie: { enabled: false } })
    expect(collected.records[0]?.network_user_id).toBe(null)
    expect(collected.reply.headers).not.toHaveProperty('set-cookie')
  })
})

describe('addresses', () => {
  test.each<[string, Partial<EventRequest>, Settings, string | null]>([
    ['are truncated', { peer: '203.0.113.77' }, {}, '203.0.113.0'],
    [
      'are truncated to what is configured',
      { peer: '203.0.113.77' },
      { privacy: { ipv4PrefixBits: 16 } },
      '203.0.0.0',
    ],
    [
      'come from the proxy that is trusted',
      { headers: { 'x-forwarded-for': '192.0.2.1, 198.51.100.7' } },
      { trustedProxyHops: 1 },
      '198.51.100.0',
    ],
    [
      'don’t come from a header that no trusted proxy wrote',
      { headers: { 'x-forwarded-for': '198.51.100.7' } },
      {},
      '203.0.113.0',
    ],
    ['are nothing when there is none', { peer: undefined }, {}, null],
    ['are unknown for anonymous visitors', { headers: { dnt: '1' } }, {}, 'unknown'],
  ])('%s', (_name, others, settings, expected) => {
    expect(tracker(payloadData({ e: 'pv' }), others, settings).records[0]?.ip).toBe(expected)
  })

  test('in parameters of an event or the query are truncated too', () => {
    const { records } = tracker(
      payloadData(
        { duid: 'd', ip: '198.51.100.7, 10.0.0.1', n: 1 },
        { duid: 'd', ip: 'no address' },
        { duid: 'd' },
      ),
      { query: 'ip=198.51.100.8&a=%20' },
    )
    expect(byVisitor(records)).toEqual([
      ['d', [{ duid: 'd', ip: '198.51.100.0', n: 1 }, { duid: 'd' }, { duid: 'd' }]],
    ])
    expect(records[0]?.querystring).toBe('ip=198.51.100.0&a=%20')
  })
})

describe('an anonymous visitor', () => {
  const signals = [{ 'sp-anonymous': '*' }, { 'sec-gpc': '1' }, { dnt: '1' }]
  const headers = {
    host: 'collect.example',
    cookie: 'sp=canary; other=canary',
    authorization: 'canary',
    'x-forwarded-for': '198.51.100.77',
    referer: 'https://shop.example/?_sp=canary.1&a=1',
  }
  const query =
    'nuid=canary&tnuid=canary&duid=canary&uid=canary&sid=canary&vid=canary&fp=canary&ip=198.51.100.77&e=pv'
  const session = JSON.stringify({
    schema: 'iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0',
    data: [
      {
        schema: 'iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2',
        data: { userId: 'canary' },
      },
    ],
  })
  const ids = {
    ...{ duid: 'canary', uid: 'canary', nuid: 'canary', tnuid: 'canary', sid: 'canary', vid: 'canary' },
    ...{ fp: 'canary', ip: '198.51.100.77', co: session, cx: Buffer.from(session).toString('base64url') },
  }

  test.each(signals)('leaves no identifier in anything that is written (%o)', signal => {
    const all = { query, headers: { ...headers, ...signal }, peer: '198.51.100.77' }
    const collect = collector({ trustedProxyHops: 1, privacy: { anonymousSessions: 'strict' } })
    const written = [
      ...accepted(
        collect.tracker(
          TP2,
          request(
            `{"canary":"canary","schema":"s","data":[${JSON.stringify({ e: 'pv', ...ids })},"canary"]}`,
            all,
          ),
        ),
      ).records,
      ...collect.pixel('/i', request(null, all)).records,
      ...accepted(
        collect.events(
          request(
            '{"action":"page_view","visitor_id":"canary","session_id":"canary","user_id":"canary"}',
            all,
          ),
        ),
      ).records,
    ]
    expect(written).toHaveLength(3)
    for (const record of written) {
      const everything = JSON.stringify({ ...record, body: bodyText(record) ?? null })
      expect(everything).not.toContain('canary')
      expect(everything).not.toContain('198.51.100')
      expect(record).toMatchObject({ privacy: 'anonymous', ip: 'unknown', network_user_id: ZEROS })
    }
    expect(byVisitor(written.slice(0, 1))).toEqual([['id-1', [{ e: 'pv' }, null]]])
  })

  test('is stripped of ids in a body that could be stored as it came, too', () => {
    const [record] = tracker(
      payloadData({ e: 'pv', duid: 'canary', sid: 'canary' }, { e: 'pp', duid: 'canary' }),
      {
        headers: { 'sp-anonymous': '*' },
      },
    ).records
    expect(bodyText(record)).toBe(payloadData({ e: 'pv', sid: 'canary' }, { e: 'pp' }))
  })

  test('keeps its session together by the session id, and by nothing that lives longer', () => {
    const headers = { 'sp-anonymous': '*', cookie: 'sp=canary' }
    const event = { e: 'pv', duid: 'canary', vid: '7', sid: SESSION, co: contexts(CLIENT_SESSION) }
    const [record] = tracker(payloadData(event), { headers, query: 'nuid=canary' }).records
    expect(record).toMatchObject({ visitor: SESSION, network_user_id: ZEROS, querystring: '' })
    const [sent] = byVisitor([record as RawRecord])[0]![1] as Record<string, string>[]
    expect(sent).toEqual({
      e: 'pv',
      sid: SESSION,
      co: contexts({
        schema: CLIENT_SESSION.schema,
        data: { userId: ZEROS, sessionId: SESSION, sessionIndex: 1, previousSessionId: null },
      }),
    })
  })

  test('loses its session id where the site is strict', () => {
    const settings: Settings = { privacy: { anonymousSessions: 'strict' } }
    const body = payloadData({ e: 'pv', sid: SESSION, co: contexts(CLIENT_SESSION) })
    const [record] = tracker(body, { headers: { dnt: '1' } }, settings).records
    expect(record?.visitor).toBe('id-1')
    expect(bodyText(record)).toBe(payloadData({ e: 'pv' }))
  })

  test.each([
    [
      'a tracker’s body that is not JSON',
      (body: string) => collector().tracker(TP2, request(body, { headers: { dnt: '1' } })),
      '{"duid":"canary"',
    ],
    [
      'a tracker’s body that is something else',
      (body: string) => collector().tracker(TP2, request(body, { headers: { dnt: '1' } })),
      '{"duid":"canary"}',
    ],
    [
      'a line that can’t be read',
      (body: string) => collector().events(request(body, { headers: { dnt: '1' } })),
      '{"a":1}\n{"visitor_id":"canary"',
    ],
  ])('is not served with %s, out of which no identifier could be taken', (_name, collect, body) => {
    expect(collect(body)).toMatchObject({ status: 422, error: 'unreadable_anonymous' })
  })

  test('may be identified where the site has decided not to heed the browser', () => {
    const settings = { privacy: { honourDnt: false, honourGpc: false } }
    const [record] = tracker(
      payloadData({ duid: 'd' }),
      { headers: { dnt: '1', 'sec-gpc': '1' } },
      settings,
    ).records
    expect(record).toMatchObject({ privacy: 'none', visitor: 'd', headers: ['dnt: 1', 'sec-gpc: 1'] })
  })
})

describe('/v1/events', () => {
  const answer = (outcome: Collected | Refusal) =>
    JSON.parse(accepted(outcome).reply.body as string) as {
      accepted: number
      bad: number
      events: { index: number; status: string; event_id?: string; reason?: string; message?: string }[]
    }

  test('says what happened to each event, and stores them all', () => {
    const collect = collector({}, event =>
      typeof (event as { action?: unknown }).action === 'string' ? [] : ['action is missing', 'and so on'],
    )
    const body =
      '{"action":"page_view","event_id":"e1","visitor_id":"v"}\n{"visitor_id":"v"}\nnonsense\n{"action":"search","visitor_id":"v"}'
    const outcome = collect.events(request(body))
    expect(answer(outcome)).toEqual({
      accepted: 2,
      bad: 2,
      events: [
        { index: 0, status: 'accepted', event_id: 'e1' },
        { index: 1, status: 'bad', reason: 'schema_violation', message: 'action is missing; and so on' },
        { index: 2, status: 'bad', reason: 'not_json', message: expect.stringContaining('Line 3') as string },
        { index: 3, status: 'accepted' },
      ],
    })
    const { records, eventCount, reply } = accepted(outcome)
    expect(reply.status).toBe(200)
    expect(reply.headers).not.toHaveProperty('set-cookie')
    expect(eventCount).toBe(4)
    // The line without a visitor is a record of its own; no line is left out.
    expect(records.map(record => [record.visitor, bodyText(record)])).toEqual([
      [
        'v',
        '{"action":"page_view","event_id":"e1","visitor_id":"v"}\n{"visitor_id":"v"}\n{"action":"search","visitor_id":"v"}',
      ],
      ['id-1', 'nonsense'],
    ])
    expect(records.map(record => record.content_type)).toEqual([
      'application/x-ndjson',
      'application/x-ndjson',
    ])
  })

  test.each<[string, object, Partial<EventRequest>, string]>([
    ['visitor id', { visitor_id: 'v', session_id: 's', event_id: 'e' }, { headers: { cookie: 'sp=c' } }, 'v'],
    ['the cookie', { session_id: 's', event_id: 'e' }, { headers: { cookie: 'sp=c' } }, 'c'],
    ['session id', { session_id: 's', event_id: 'e' }, {}, 's'],
    ['event id', { event_id: 'e' }, {}, 'e'],
    ['an id made for this request', {}, {}, 'id-1'],
  ])('belongs to the visitor by %s', (_name, event, others, expected) => {
    const { records } = accepted(collector().events(request(JSON.stringify(event), others)))
    expect(records.map(record => record.visitor)).toEqual([expected])
  })

  test('of several visitors is split with the very bytes of each event', () => {
    const body = '[{"visitor_id":"a","n":9007199254740993}, {"visitor_id":"b"} ,{"visitor_id":"a","n":1e999}]'
    const { records } = accepted(collector().events(request(body)))
    expect(records.map(record => [record.visitor, bodyText(record)])).toEqual([
      ['a', '[{"visitor_id":"a","n":9007199254740993},{"visitor_id":"a","n":1e999}]'],
      ['b', '[{"visitor_id":"b"}]'],
    ])
  })

  test.each([
    ['application/json', true],
    ['Application/JSON; charset=utf-8', true],
    ['application/x-ndjson', true],
    ['application/ndjson', true],
    ['text/plain;charset=UTF-8', true],
    ['application/x-www-form-urlencoded', true],
    [undefined, true],
    ['text/html', false],
    ['application/jsonp', false],
    ['multipart/form-data; boundary=x', false],
    ['application/xml', false],
  ])('called %s: taken %s', (type, isTaken) => {
    const headers = type === undefined ? {} : { 'content-type': type }
    const outcome = collector().events(request('{"action":"x"}', { headers }))
    expect(isRefusal(outcome) ? outcome.error : 'taken').toBe(isTaken ? 'taken' : 'content_type')
  })

  test('names the event that is too large, and stores nothing', () => {
    const body = JSON.stringify([{ a: 1 }, { a: 'x'.repeat(40_000), b: 'x'.repeat(40_000) }])
    expect(collector().events(request(body))).toMatchObject({
      status: 413,
      error: 'event_too_large',
      details: { index: 1 },
    })
  })

  test('takes as many events as the limit says, and no more', () => {
    const collect = collector({ limits: { eventsMax: 2 } })
    expect(collect.events(request('[{},{}]'))).toHaveProperty('records')
    expect(collect.events(request('[{},{},{}]'))).toMatchObject({ status: 413, error: 'too_many_events' })
    expect(collect.events(request('{}\n{}\n{}'))).toMatchObject({ status: 413, error: 'too_many_events' })
  })
})

test('client hints that tell devices apart are stored where the configuration says so, and never of an anonymous visitor', () => {
  const headers = { 'sec-ch-ua': '"Chromium";v="126"', 'sec-ch-ua-model': '"Pixel 8"' }
  const settings = { privacy: { storedHeaders: ['sec-ch-ua', 'sec-ch-ua-model'] } }
  const stored = (others: Record<string, string>): readonly string[] | undefined =>
    tracker('{"data":[{"e":"pv"}]}', { headers: { ...headers, ...others } }, settings).records[0]?.headers
  expect(stored({})).toEqual(['sec-ch-ua: "Chromium";v="126"', 'sec-ch-ua-model: "Pixel 8"'])
  expect(stored({ 'sec-gpc': '1' })).toEqual(['sec-ch-ua: "Chromium";v="126"'])
})
