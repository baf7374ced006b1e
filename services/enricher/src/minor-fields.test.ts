import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GoodRecord, RawRecord } from '@sluicebox/event/records'
import { FIELDS } from '@sluicebox/protocol/fields'
import { contexts, pageView, rawRecord, run, testEnricher, tp2Body, type Outcome } from './testing/run.ts'

// A fault in a field that neither identifies a visitor nor affects a score costs the field, and not the event.

const long = (length: number): string => 'x'.repeat(length)
const strict = testEnricher({ minorFields: 'refuse' })

/** The requests by which an event may come. */
const post = (event: object): RawRecord => rawRecord({ body: tp2Body(pageView({ ...event })) })
const pixel = (event: object): RawRecord =>
  rawRecord({
    path: '/i',
    body: null,
    content_type: null,
    querystring: new URLSearchParams({ e: 'pv', p: 'web', tv: 'x', ...event }).toString(),
  })
const v1 = (event: object): RawRecord =>
  rawRecord({ path: '/v1/events', body: Buffer.from(JSON.stringify({ action: 'a', ...event })) })

function goodOne({ good, bad }: Outcome): GoodRecord {
  if (bad[0] !== undefined) throw new Error(bad[0].message)
  return good[0] as GoodRecord
}

const TRACKER_FAULTS: [object, Partial<GoodRecord>, string][] = [
  [{ page: long(3000) }, { page_title: null }, 'page is 3000 characters long'],
  [
    { refr: 'not a url' },
    { page_referrer: null, referrer_host: null, referrer_medium: null },
    'refr must be',
  ],
  [{ refr: 'https://[' }, { page_referrer: null }, 'refr must be a URL'],
  [
    { refr: `https://a.example/${long(7000)}` },
    { page_referrer: null },
    'refr has a path of 7001 characters',
  ],
  [{ refr: long(10_001) }, { page_referrer: null }, 'refr is 10001 characters long'],
  [{ res: '1280' }, { screen_width: null, screen_height: null }, 'res must be two numbers'],
  [{ vp: '1280.5x720' }, { viewport_width: null, viewport_height: null }, 'vp must be two numbers'],
  [{ ds: 'NaNxNaN' }, { document_width: null, document_height: null }, 'ds must be two numbers'],
  [{ lang: long(256) }, { language: null }, 'lang is 256'],
  [{ tz: long(256) }, { timezone: null }, 'tz is 256'],
  [{ cs: long(129) }, {}, 'cs is 129'],
  [{ cd: 'twenty-four bits' }, {}, 'cd is 16'],
  [{ cookie: 'yes' }, {}, 'cookie must be 0 or 1'],
  [{ p: 'toaster' }, { platform: null }, 'p must be one of web'],
  [{ tv: long(101) }, { tracker: null }, 'tv is 101'],
  [{ tna: long(129) }, { tracker_namespace: null }, 'tna is 129'],
  [{ vid: '1.5' }, { session_index: null }, 'vid must be an integer'],
  [{ ua: long(1001) }, { user_agent: null }, 'ua is 1001'],
  [{ ip: long(129) }, { ip: '203.0.113.0' }, 'ip is 129'],
  [
    { e: 'pp', pp_mix: '1', pp_miy: '1.5', pp_may: 'NaN' },
    { scroll_x_min: 1, scroll_x_max: 0, scroll_y_min: null, scroll_y_max: null },
    'pp_miy must be an integer',
  ],
  [{ tr_tx: '1,99' }, {}, 'tr_tx must be a number'],
  [
    { url: `https://a.example/cart?utm_source=b&utm_campaign=${long(256)}` },
    { mkt_source: 'b', mkt_campaign: null, page_kind: 'cart' },
    'url?utm_campaign is 256',
  ],
]

describe.each([
  ['a POST', post],
  ['a GET', pixel],
])('by %s', (_name, request) => {
  test.each(TRACKER_FAULTS)('%j costs only the field', (fields, expected, text) => {
    const event = goodOne(run([request(fields)]))
    expect(event).toMatchObject(expected)
    expect(event.notes.join('\n')).toContain(text)
    expect(event.notes.every(line => line.endsWith('; left out'))).toBe(true)
  })

  test.each(TRACKER_FAULTS)('%j is bad where fields are strict', (fields, _expected, text) => {
    const { good, bad } = run([request(fields)], strict)
    expect(good).toEqual([])
    expect(bad[0]?.errors.join('\n')).toContain(text)
  })
})

test.each<[object, Partial<GoodRecord>, string]>([
  [{ tv: undefined, p: undefined }, { tracker: null, platform: null }, 'tv is missing'],
  [{ x: '1' }, { event_name: 'page_view' }, 'x is not a field of payload_data'],
  [{ page: 5 }, { page_title: null }, 'page must be a text, not 5'],
  [{ refr: null }, { page_referrer: null }, 'refr must be a text, not null'],
  [{ e: 'pp', pp_may: 700 }, { scroll_y_max: null, scroll_y_min: 0 }, 'pp_may must be a text, not 700'],
  [JSON.parse('{"__proto__":"y"}') as object, { event_name: 'page_view' }, '__proto__ is not a field'],
])('the envelope of a POST: %j costs only the field', (fields, expected, text) => {
  const event = goodOne(run([post(fields)]))
  expect(event).toMatchObject(expected)
  expect(event.notes.join('\n')).toContain(text)
  expect(run([post(fields)], strict).bad).toHaveLength(1)
})

const page = { url: 'https://shop.example.com/cart', title: 'Cart' }
test.each<[object, Partial<GoodRecord>, string]>([
  [{ page: { ...page, title: long(3000) } }, { page_title: null, page_kind: 'cart' }, '/page/title'],
  [{ page: { ...page, title: 5 } }, { page_title: null, page_kind: 'cart' }, '/page/title must be string'],
  [{ page: { ...page, title: '' } }, { page_title: null, page_kind: 'cart' }, '/page/title'],
  [
    { page: { ...page, referrer: long(10_001) } },
    { page_referrer: null, page_title: 'Cart' },
    '/page/referrer',
  ],
  [{ page: { ...page, referrer: 'not a url' } }, { page_referrer: null, page_title: 'Cart' }, 'refr must be'],
  [{ user_agent: long(2000) }, { user_agent: null }, '/user_agent'],
  [{ search_term: long(2000) }, { search_term: null }, '/search_term'],
  [{ platform: 'toaster' }, { platform: null }, '/platform'],
  [
    { product: { id: 'p-1', name: long(2000) }, properties: { colour: 'red' } },
    { product_id: 'p-1', event_data: '{"colour":"red"}' },
    '/product/name',
  ],
  [
    { platform: 7, page: { title: long(3000), referrer: 8 }, product: { name: [], price: 2 } },
    { platform: null, page_title: null, page_referrer: null, price: 2, event_data: null },
    '/platform',
  ],
])('/v1/events: %j costs only the field', (fields, expected, text) => {
  const event = goodOne(run([v1(fields)]))
  expect(event).toMatchObject(expected)
  expect(event.notes.join('\n')).toContain(text)
  expect(run([v1(fields)], strict).bad).toHaveLength(1)
})

test.each<[string, RawRecord]>([
  ['a type', post({ e: 'xx' })],
  ['an empty type', post({ e: '' })],
  ['an empty type beside a minor fault', post({ e: '', x: '1' })],
  ['a session', post({ sid: 'x', page: long(3000) })],
  ['a visitor', post({ duid: long(129) })],
  ['a user', post({ uid: long(256) })],
  ['an event id', post({ eid: 'x' })],
  ['a time', post({ dtm: 'now' })],
  ['a price', post({ e: 'ti', ti_pr: '1,99' })],
  ['a revenue', post({ e: 'tr', tr_tt: 'many' })],
  ['an order', post({ e: 'tr', tr_id: long(256) })],
  ['a page', post({ url: 'not a url' })],
  ['entities', post({ co: '{' })],
  ['an action', v1({ action: 'a/b', platform: 'toaster' })],
  ['a price', v1({ product: { price: '9' } })],
  ['a field of ours that is misspelt', v1({ prise: 9 })],
])('a fault in %s decides over the event', (_name, request) => {
  expect(run([request]).bad).toHaveLength(1)
})

test('a bad event names the fault that decides first, and the minor ones too', () => {
  const { bad } = run([post({ page: long(3000), dtm: 'now' })])
  expect(bad[0]?.errors.map(error => error.split(' ')[0])).toEqual(['dtm', 'page'])
})

test('an entity without a usable reference is set aside; the others are read', () => {
  const product = {
    schema: 'iglu:com.snowplowanalytics.snowplow.ecommerce/product/jsonschema/1-0-0',
    data: { id: 'p-1', category: 'lamps', price: 9.5, currency: 'EUR' },
  }
  const co = contexts({ schema: 'acme/shop', data: { a: 1 } }, 7, product)
  const event = goodOne(run([post({ co })]))
  expect(event).toMatchObject({ product_id: 'p-1', price: 9.5 })
  expect(event.notes).toEqual([
    'co.data[0] is not an entity with the reference of a schema; kept unvalidated',
    'co.data[1] is not an entity with the reference of a schema; left out',
  ])
  expect(event.contexts).toContain('acme/shop')
})

test('whatever minor fields hold, what carries identity and score is the same', () => {
  const minor = [...FIELDS].filter(([, field]) => field.isMinor).map(([key]) => key)
  const odd = fc.dictionary(fc.constantFrom(...minor), fc.oneof(fc.string(), fc.constant(long(11_000))))
  const carried = {
    ...{ eid: '10000000-0000-4000-8000-000000000000', sid: '20000000-0000-4000-8000-000000000000' },
    ...{ duid: 'v-1', dtm: '1760000000000', e: 'tr', tr_id: 'o-1', tr_tt: '79', tr_cu: 'EUR' },
  }
  const url = 'https://shop.example.com/'
  const read = (fields: object): Partial<GoodRecord> => {
    const event = goodOne(run([rawRecord({ body: tp2Body({ ...fields, ...carried, url }) })]))
    return Object.fromEntries(CARRIED.map(name => [name, event[name]]))
  }
  const plain = read({ p: 'web', tv: 'x' })
  fc.assert(
    fc.property(odd, fields => {
      expect(read(fields)).toEqual(plain)
    }),
    { numRuns: 200 },
  )
})

const CARRIED: readonly (keyof GoodRecord)[] = [
  ...(['kind', 'visitor', 'event_id', 'event_name', 'event_time', 'created_at', 'session_id'] as const),
  ...(['domain_user_id', 'action', 'page_kind', 'page_url', 'order_id', 'revenue', 'currency'] as const),
]
