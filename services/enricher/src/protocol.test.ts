import { describe, expect, test } from 'vitest'
import type { RawRecord } from '@sluicebox/event/records'
import {
  badOf,
  contexts,
  goodOf,
  pageView,
  PAYLOAD,
  rawRecord,
  run,
  testEnricher,
  TP2,
  tp2Body,
  unstruct,
  type ConfigChanges,
} from './testing/run.ts'

const WEB_PAGE = 'iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0'
const LINK_CLICK = 'iglu:com.snowplowanalytics.snowplow/link_click/jsonschema/1-0-1'
const STRICT = { entity: 'refuse', version: 'refuse', event: 'refuse' } as const
const webPage = { schema: WEB_PAGE, data: { id: '10000000-0000-4000-8000-000000000000' } }
const click = unstruct(LINK_CLICK, { targetUrl: 'https://a.example/ü' })
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const base64url = (text: string): string => Buffer.from(text).toString('base64url')

/** What came out of one request: each good event's name, each bad record's reason. */
function outcome(changes: Partial<RawRecord>, config: ConfigChanges = {}): string[] {
  const { good, bad } = run([rawRecord(changes)], testEnricher(config))
  return [...good.map(event => event.event_name), ...bad.map(record => record.reason)]
}

const CONTEXTS_LATER = 'iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-1-0'

describe('where a request goes', () => {
  const get = { body: null, content_type: null, querystring: 'e=pv&p=web&tv=x' }
  const post = { body: tp2Body(pageView()) }
  const click = { action: 'vote' }
  test.each<[string, Partial<RawRecord>, string[]]>([
    ['tp2 by POST', { path: TP2, ...post }, ['page_view']],
    ['tp2 by GET', { path: TP2, ...get }, ['page_view']],
    ['tp2 with a slash at its end', { path: `${TP2}/`, ...post }, ['page_view']],
    ['/i', { path: '/i', ...get }, ['page_view']],
    ['/ice.png', { path: '/ice.png', ...get }, ['page_view']],
    ['tp1', { path: '/com.snowplowanalytics.snowplow/tp1', ...get }, ['page_view']],
    ['/v1/events', { path: '/v1/events', body: Buffer.from(JSON.stringify(click)) }, ['vote']],
    ['a path that is named in the configuration', { path: '/acme/events', ...post }, ['page_view']],
    ['another vendor', { path: '/com.example/hook', ...post }, ['path_unsupported']],
    ['one segment', { path: '/x', ...get }, ['path_unsupported']],
    ['a protocol’s name', { path: '/tp2', ...post }, ['path_unsupported']],
    ['no path', { path: '', ...get }, ['path_unsupported']],
    ['a path of every object', { path: '/constructor', ...get }, ['path_unsupported']],
  ])('%s', (_name, changes, expected) => {
    expect(outcome(changes, { paths: { 'acme/events': 'tp2' } })).toEqual(expected)
  })
})

describe('a POST to tp2', () => {
  const body = tp2Body(pageView())
  const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
  test.each<[string, Partial<RawRecord>, string[]]>([
    ['without charset', { body, content_type: 'application/json' }, ['page_view']],
    [
      'with another form of charset',
      { body, content_type: 'application/json;charset="UTF-8"' },
      ['page_view'],
    ],
    [
      'with another charset',
      { body, content_type: 'application/json; charset=utf-16' },
      ['content_type_unsupported'],
    ],
    ['as a form', { body, content_type: 'application/x-www-form-urlencoded' }, ['content_type_unsupported']],
    ['without content type', { body, content_type: null }, ['content_type_unsupported']],
    ['without body', { body: null }, ['payload_empty']],
    ['with an empty body', { body: Buffer.alloc(0) }, ['payload_empty']],
    ['with nothing at all', { body: null, content_type: null }, ['payload_empty']],
    ['with a byte order mark', { body: Buffer.concat([Buffer.from('\ufeff'), body]) }, ['page_view']],
    ['of bytes that are not UTF-8', { body: Buffer.from([0xff, 0xfe]) }, ['payload_undecodable']],
    ['of broken JSON', { body: Buffer.from('{"schema":') }, ['payload_not_json']],
    ['of an array', { body: json([pageView()]) }, ['payload_invalid']],
    ['of null', { body: json(null) }, ['payload_invalid']],
    ['without schema', { body: json({ data: [pageView()] }) }, ['payload_schema_unknown']],
    [
      'of another schema',
      { body: json({ schema: WEB_PAGE, data: [pageView()] }) },
      ['payload_schema_unknown'],
    ],
    [
      'of a later revision',
      { body: json({ schema: PAYLOAD.replace('1-0-4', '1-0-9'), data: [pageView()] }) },
      ['page_view'],
    ],
    [
      'of a later addition, with entities in one, too',
      {
        body: json({
          schema: PAYLOAD.replace('1-0-4', '1-1-0'),
          data: [{ ...pageView(), co: json({ schema: CONTEXTS_LATER, data: [] }).toString() }],
        }),
      },
      ['page_view'],
    ],
    [
      'of a later model',
      { body: json({ schema: PAYLOAD.replace('1-0-4', '2-0-0'), data: [pageView()] }) },
      ['payload_schema_unknown'],
    ],
    ['of no array', { body: json({ schema: PAYLOAD, data: pageView() }) }, ['payload_invalid']],
    ['of no events', { body: json({ schema: PAYLOAD, data: [] }) }, ['payload_empty']],
    ['with a broken query string', { body, querystring: 'nuid=%zz' }, ['query_undecodable']],
    [
      'of more events than allowed',
      { body: tp2Body(...Array.from({ length: 4 }, () => pageView())) },
      ['events_too_many'],
    ],
  ])('%s', (_name, changes, expected) => {
    expect(outcome(changes, { eventsMax: 3 })).toEqual(expected)
  })

  test('takes parameters of the query string over those of the events', () => {
    const { good } = run([
      rawRecord({
        body: tp2Body(
          pageView({ aid: 'own', nuid: 'own', dtm: '1' }),
          pageView({ ttm: '2', tnuid: 'third', tv: undefined }),
        ),
        querystring: 'aid=query&nuid=query&dtm=3&tv=query-1&unknown=x',
      }),
    ])
    const inOrder = good.toSorted((a, b) => a.source_index - b.source_index)
    expect(
      inOrder.map(event => [event.app_id, event.network_user_id, event.created_at, event.tracker]),
    ).toEqual([
      ['query', 'query', 3, 'query-1'],
      ['query', 'third', 2, 'query-1'],
    ])
  })

  const faulty: [string, unknown, string[]][] = [
    ['no object', 'pv', [' must be an object, not "pv"']],
    ['nothing of what is required', {}, ['e is missing', 'tv is missing', 'p is missing']],
    ['a number', pageView({ dtm: 1 }), ['dtm must be a text, not 1']],
    ['null', pageView({ url: null }), ['url must be a text, not null']],
    [
      'several faults',
      pageView({ x: '1', p: 'toaster', dtm: 'now', co: '{' }),
      [
        'dtm must be milliseconds since 1970, not "now"',
        'co is not JSON',
        'x is not a field of payload_data',
        'p must be one of web, mob, pc, srv, app, tv, cnsl, iot, headset, not "toaster"',
      ],
    ],
  ]
  test.each(faulty)('with an event of %s keeps the others', (_name, event, errors) => {
    const { good, bad } = run([rawRecord({ body: tp2Body(pageView(), event, pageView()) })])
    expect(good.map(each => each.source_index)).toEqual([0, 2])
    expect(bad.map(each => each.errors)).toEqual([errors.map(each => each.trim())])
  })

  test.each(faulty)('with an event of %s is bad as a whole in strict mode', (_name, event) => {
    const body = tp2Body(pageView(), event, pageView())
    const { good, bad } = run([rawRecord({ body })], testEnricher({ strict: true }))
    expect(good).toEqual([])
    expect(bad.map(each => [each.source_index, each.original_format])).toEqual([[0, 'body']])
    expect(bad[0]?.errors[0]).toMatch(/^data\[1\]/)
    expect(Buffer.from(bad[0]?.original ?? [])).toEqual(Buffer.from(body))
  })

  test('is not bad as a whole in strict mode for what is in a field', () => {
    const body = tp2Body(pageView(), pageView({ dtm: 'now' }))
    expect(outcome({ body }, { strict: true })).toEqual(['page_view', 'field_invalid'])
  })

  test('keeps the very characters of a bad event', () => {
    const event = '{"e" : "pv", "p":"web","tv":"\\u0041", "dtm":9007199254740993, "n":[1, {"a":"]}\\""}]}'
    const text = ` {"x":"data","data":[],"schema":"${PAYLOAD}","dat\\u0061":[ {"e":"pv","p":"web","tv":"x"} , ${event}\n]}`
    const [bad] = run([rawRecord({ body: Buffer.from(text) })]).bad
    expect(Buffer.from(bad?.original ?? []).toString()).toBe(event)
    expect(bad).toMatchObject({ original_format: 'event', source_index: 1 })
  })
})

describe('a GET', () => {
  const query = (querystring: string): Partial<RawRecord> => ({
    path: '/i',
    body: null,
    content_type: null,
    querystring,
  })
  test.each<[string, string, string[]]>([
    ['the least there can be', 'e=pp', ['page_ping']],
    ['with parameters that are not known', 'e=pv&x=1&e2=3&__proto__=1', ['page_view']],
    ['with legacy names of structured events', 'e=se&ev_ca=a&ev_ac=b&ev_va=1.5', ['event']],
    ['with a legacy event type', 'e=ev&se_ca=a&se_ac=b', ['event']],
    ['without type', 'p=web&tv=x', ['field_missing']],
    ['with an empty type', 'e=', ['field_missing']],
    ['with an unknown type', 'e=xx', ['field_invalid']],
    ['with an id that is not a UUID', 'e=pp&p=web&tv=x&eid=notauuid', ['field_invalid']],
    ['without query string', '', ['payload_empty']],
    ['with a broken percent code', 'e=pv&page=%E0%A4%A', ['query_undecodable']],
  ])('%s', (_name, querystring, expected) => {
    expect(outcome(query(querystring))).toEqual(expected)
  })

  test('decodes plus signs and percent codes, and of repeated parameters takes the last', () => {
    const { good } = run([rawRecord(query('e=pv&aid=a&aid=b&page=a+%2B+%C3%BC'))])
    expect(good[0]).toMatchObject({ app_id: 'b', page_title: 'a + ü' })
  })

  test('has no body: what is there is not looked at', () => {
    const { good, bad } = run([
      rawRecord({ ...query('e=pv'), body: Buffer.from('{') }),
      rawRecord({ ...query('e=%zz'), body: Buffer.from('{') }),
    ])
    expect(good.length).toBe(1)
    expect(bad).toMatchObject([{ reason: 'query_undecodable', original_format: 'query' }])
  })

  test('keeps the query string of a bad event', () => {
    const { bad } = run([rawRecord(query('e=xx&page=a+b'))])
    expect(Buffer.from(bad[0]?.original ?? []).toString()).toBe('e=xx&page=a+b')
    expect(bad[0]?.original_format).toBe('query')
  })
})

describe('self-describing parts', () => {
  const both = contexts(webPage)
  test.each<[string, Record<string, unknown>]>([
    ['plain', { co: both, ue_pr: click }],
    ['in base64url', { cx: base64url(both), ue_px: base64url(click) }],
    [
      'in base64url with padding',
      { cx: base64(both).replaceAll('+', '-').replaceAll('/', '_'), ue_px: base64url(click) },
    ],
    ['in base64 of the standard alphabet', { cx: base64(both), ue_px: base64(click) }],
    [
      'in base64 of which a query string made spaces',
      { cx: base64(both).replaceAll('+', ' '), ue_px: base64(click).replaceAll('+', ' ') },
    ],
    ['with empty others', { co: both, cx: '', ue_pr: click, ue_px: '' }],
  ])('%s', (_name, fields) => {
    const event = goodOf(pageView({ e: 'ue', ...fields }))
    expect(event).toMatchObject({ event_name: 'link_click', event_schema: LINK_CLICK })
    expect(JSON.parse(event.event_data ?? '')).toEqual({ targetUrl: 'https://a.example/ü' })
    expect(JSON.parse(event.contexts ?? '')).toEqual([webPage])
  })

  test('entities of both encodings come together', () => {
    const event = goodOf(pageView({ co: both, cx: base64url(both) }))
    expect(JSON.parse(event.contexts ?? '')).toEqual([webPage, webPage])
  })

  const broken = { schema: WEB_PAGE, data: { id: 'x' } }
  const unknown = { schema: 'iglu:com.example/none/jsonschema/1-0-0', data: {} }
  const contextsOf = (data: unknown): string =>
    JSON.stringify({ schema: 'iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0', data })
  test.each<[string, Record<string, unknown>, string, string[]]>([
    ['no event at all', { e: 'ue' }, 'field_missing', ['ue_pr']],
    ['no JSON', { e: 'ue', ue_pr: '{' }, 'not_json', ['ue_pr']],
    ['no JSON in base64', { e: 'ue', ue_px: base64url('{') }, 'not_json', ['ue_px']],
    ['a number', { e: 'ue', ue_pr: '7' }, 'not_self_describing', ['ue_pr']],
    ['the wrapper of the other', { e: 'ue', ue_pr: contexts() }, 'not_self_describing', ['ue_pr.schema']],
    [
      'a wrapper around nothing',
      { e: 'ue', ue_pr: unstruct('', {}) },
      'not_self_describing',
      ['ue_pr.data.schema'],
    ],
    [
      'a schema of another place',
      { e: 'ue', ue_pr: unstruct('iglu:../x/jsonschema/1-0-0', {}) },
      'not_self_describing',
      ['ue_pr.data.schema'],
    ],
    [
      'a schema that is not known',
      { e: 'ue', ue_pr: unstruct(unknown.schema, {}) },
      'schema_unknown',
      ['ue_pr.data'],
    ],
    [
      'data against its schema',
      { e: 'ue', ue_pr: unstruct(LINK_CLICK, {}) },
      'schema_violation',
      ['ue_pr.data'],
    ],
    ['entities that are not an array', { co: contextsOf({}) }, 'not_self_describing', ['co.data']],
    ['an entity that is a number', { co: contextsOf([7]) }, 'not_self_describing', ['co.data[0]']],
    [
      'too many entities',
      { co: contextsOf([webPage, webPage, webPage, webPage, webPage]) },
      'not_self_describing',
      ['co.data'],
    ],
    [
      'a text where a number belongs',
      { co: contexts(webPage).replace('"1000', '1e999,"x":"1000') },
      'field_invalid',
      ['co'],
    ],
    ['an evil key', { co: contexts(webPage).replace('"id"', '"__proto__"') }, 'field_invalid', ['co']],
    [
      'deep data',
      { co: contextsOf([{ schema: WEB_PAGE, data: [[[[[[[]]]]]]] }]) },
      'nested_too_deep',
      ['co'],
    ],
    [
      'several faults of several entities: all are reported',
      { co: contexts(webPage, broken, unknown), cx: base64url(contexts(broken)) },
      'schema_violation',
      ['co.data[1]/id', 'co.data[2]', 'cx.data[0]/id'],
    ],
  ])('%s', (_name, fields, reason, places) => {
    const bad = badOf(pageView(fields), {}, { entitiesMax: 4, depthMax: 6, unknownSchemas: STRICT })
    expect(bad.reason).toBe(reason)
    expect(bad.errors.map(error => error.split(' ')[0])).toEqual(places)
  })

  test('the bad record names the schema', () => {
    const schemaOf = (co: string): string | null =>
      badOf(pageView({ co }), {}, { unknownSchemas: STRICT }).schema
    expect(schemaOf(contexts(webPage, broken))).toBe(WEB_PAGE)
    expect(schemaOf(contexts(unknown))).toBe(unknown.schema)
  })
})

describe('parts that no schema vouches for', () => {
  const own = { schema: 'iglu:example.shop/customer/jsonschema/1-0-0', data: { tier: 'gold' } }
  const newer = { ...webPage, schema: WEB_PAGE.replace('1-0-0', '1-0-7') }
  const newerButOdd = { schema: newer.schema, data: { id: 7 } }
  const otherModel = { ...webPage, schema: WEB_PAGE.replace('1-0-0', '2-0-0') }
  const ownEvent = pageView({
    e: 'ue',
    ue_pr: unstruct('iglu:example.shop/wish/jsonschema/1-0-0', { product: 'shoe-1' }),
  })

  test.each<[string, unknown, string]>([
    ['an entity whose schema is not known', own, 'kept unvalidated'],
    [
      'an entity that does not fit its schema',
      { schema: WEB_PAGE, data: { id: 7 } },
      `does not fit ${WEB_PAGE}`,
    ],
    ['a newer version, which fits the newest known one', newer, `it fits ${WEB_PAGE}`],
    ['a newer version, which does not fit it', newerButOdd, `it does not fit ${WEB_PAGE}`],
    ['another model of a known schema', otherModel, 'kept unvalidated'],
  ])('%s is kept as sent, and noted', (_name, entity, words) => {
    const good = goodOf(pageView({ co: contexts(entity) }))
    expect(JSON.parse(good.contexts!)).toEqual([entity])
    expect(good.notes).toHaveLength(1)
    expect(good.notes[0]).toContain('co.data[0]')
    expect(good.notes[0]).toContain(words)
  })

  test('entities keep their order of validity: those with a schema first', () => {
    const good = goodOf(pageView({ co: contexts(own, webPage) }))
    expect(JSON.parse(good.contexts!)).toEqual([webPage, own])
  })

  test('nothing is read from an entity that does not fit', () => {
    const good = goodOf(pageView({ co: contexts(newerButOdd) }))
    expect(good.notes[0]).toContain('it does not fit')
  })

  test('the notes of one event are bounded', () => {
    const good = goodOf(pageView({ co: contexts(...Array.from({ length: 30 }, () => own)) }))
    expect(good.notes.length).toBe(20)
    expect(JSON.parse(good.contexts!)).toHaveLength(30)
  })

  test.each<[string, Record<string, unknown>, ConfigChanges, string]>([
    ['the event’s own data', ownEvent, {}, 'schema_unknown'],
    [
      'data that does not fit a known schema',
      pageView({ e: 'ue', ue_pr: unstruct(LINK_CLICK, { targetUrl: 7 }) }),
      {},
      'schema_violation',
    ],
    ['an entity, strictly', pageView({ co: contexts(own) }), { unknownSchemas: STRICT }, 'schema_unknown'],
    [
      'a newer version, strictly',
      pageView({ co: contexts(newer) }),
      { unknownSchemas: STRICT },
      'schema_unknown',
    ],
  ])('%s is refused', (_name, event, config, reason) => {
    expect(badOf(event, {}, config).reason).toBe(reason)
  })

  test('the event’s own data is kept where that is asked for', () => {
    const config = { unknownSchemas: { ...STRICT, event: 'keep' } } as const
    const good = goodOf(ownEvent, {}, config)
    expect(good.event_schema).toBe('iglu:example.shop/wish/jsonschema/1-0-0')
    expect(JSON.parse(good.event_data!)).toEqual({ product: 'shoe-1' })
    expect(good.notes).toHaveLength(1)
  })
})

describe('the webhook', () => {
  const path = '/com.snowplowanalytics.iglu/v1'
  const schema = `schema=${encodeURIComponent(LINK_CLICK)}`
  const data = { targetUrl: 'https://a.example/' }
  const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
  const form = { content_type: 'application/x-www-form-urlencoded' }
  test.each<[string, Partial<RawRecord>, string[]]>([
    ['an object', { querystring: schema, body: json(data) }, ['link_click']],
    ['an array', { querystring: schema, body: json([data, data]) }, ['link_click', 'link_click']],
    [
      'lines',
      {
        querystring: schema,
        body: Buffer.from('{"targetUrl":"a"}\n{"targetUrl":"b"}'),
        content_type: 'application/x-ndjson',
      },
      ['link_click', 'link_click'],
    ],
    ['a self-describing body', { body: json({ schema: LINK_CLICK, data }) }, ['link_click']],
    ['a form', { querystring: schema, body: Buffer.from('targetUrl=a%20b'), ...form }, ['link_click']],
    ['a GET', { querystring: `${schema}&targetUrl=a`, body: null, content_type: null }, ['link_click']],
    [
      'an array with one that is not an event',
      { querystring: schema, body: json([data, 7]) },
      ['link_click', 'event_not_object'],
    ],
    [
      'a broken line',
      {
        querystring: schema,
        body: Buffer.from('{"targetUrl":"a"}\n{'),
        content_type: 'application/x-ndjson',
      },
      ['link_click', 'not_json'],
    ],
    ['no schema anywhere', { body: json(data) }, ['not_self_describing']],
    ['a form without schema', { body: Buffer.from('targetUrl=a'), ...form }, ['not_self_describing']],
    ['a broken form', { querystring: schema, body: Buffer.from('a=%zz'), ...form }, ['query_undecodable']],
    [
      'a GET without schema',
      { querystring: 'targetUrl=a', body: null, content_type: null },
      ['payload_empty'],
    ],
    ['data against the schema', { querystring: schema, body: json({ x: 1 }) }, ['schema_violation']],
    ['broken JSON', { querystring: schema, body: Buffer.from('{') }, ['payload_not_json']],
    ['nothing but spaces', { querystring: schema, body: Buffer.from(' \n ') }, ['payload_empty']],
    [
      'a text',
      { querystring: schema, body: json(data), content_type: 'text/plain' },
      ['content_type_unsupported'],
    ],
  ])('takes %s', (_name, changes, expected) => {
    expect(outcome({ path, ...changes })).toEqual(expected)
  })

  test('lifts what speaks of the event out of its data', () => {
    const { good } = run([
      rawRecord({
        path,
        body: null,
        content_type: null,
        querystring: `${schema}&targetUrl=a&aid=hook&nuid=n1&p=srv&cv=1`,
      }),
    ])
    expect(good[0]).toMatchObject({
      app_id: 'hook',
      network_user_id: 'n1',
      platform: 'srv',
      tracker: 'com.snowplowanalytics.iglu-v1',
      event_data: '{"targetUrl":"a"}',
    })
  })
})
