import { describe, expect, test } from 'vitest'
import type { GoodRecord, RawRecord } from '@sluicebox/event/records'
import {
  badOf,
  COLLECTED_AT,
  contexts,
  goodOf,
  pageView,
  rawRecord,
  run,
  testEnricher,
  tp2Body,
} from './testing/run.ts'

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'
const webPage = {
  schema: 'iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0',
  data: { id: '30000000-0000-4000-8000-000000000000' },
}

/** A page view as the browser tracker sends it by default. */
const BROWSER: Readonly<Record<string, string>> = {
  e: 'pv',
  url: 'https://www.shop.example.com/product/lamp-7?utm_source=letter&utm_medium=email&session=secret#top',
  page: 'Lamp',
  refr: 'https://www.google.com/search?q=lamp&ved=1',
  eid: '10000000-0000-4000-8000-000000000000',
  tv: 'js-4.10.1',
  tna: 'sp1',
  aid: 'shop',
  p: 'web',
  cookie: '1',
  cs: 'UTF-8',
  lang: 'en-GB',
  res: '1920x1080',
  cd: '24',
  tz: 'Europe/Berlin',
  dtm: String(COLLECTED_AT - 3_600_000 - 1500),
  stm: String(COLLECTED_AT - 3_600_000),
  vp: '1280x720',
  ds: '1265x3000',
  vid: '3',
  sid: '20000000-0000-4000-8000-000000000000',
  duid: '40000000-0000-4000-8000-000000000000',
  uid: 'customer-1',
  co: contexts(webPage),
}

test('a page view of the browser tracker, whole', () => {
  const good = goodOf(BROWSER, {
    user_agent: CHROME,
    network_user_id: '50000000-0000-4000-8000-000000000000',
    ip: '203.0.113.77',
  })
  const { event_fingerprint, ...rest } = good
  expect(event_fingerprint).toMatch(/^[0-9a-f]{32}$/)
  expect(rest).toEqual({
    kind: 'event',
    source_partition: 3,
    source_position: '7',
    source_index: 0,
    collected_at: COLLECTED_AT,
    created_at: COLLECTED_AT - 3_601_500,
    sent_at: COLLECTED_AT - 3_600_000,
    event_time: COLLECTED_AT - 1500,
    event_time_clamped: null,
    visitor: 'visitor-1',
    event_id: '10000000-0000-4000-8000-000000000000',
    session_id: '20000000-0000-4000-8000-000000000000',
    session_index: 3,
    action: 'product_view',
    page_kind: 'product',
    product_id: 'lamp-7',
    category: null,
    price: null,
    quantity: null,
    currency: null,
    revenue: null,
    base_currency: null,
    price_base: null,
    revenue_base: null,
    order_id: null,
    search_term: null,
    page_url: 'https://www.shop.example.com/product/lamp-7?utm_source=letter&utm_medium=email#top',
    page_title: 'Lamp',
    page_host: 'www.shop.example.com',
    page_path: '/product/lamp-7',
    page_query: 'utm_source=letter&utm_medium=email',
    page_fragment: 'top',
    page_referrer: 'https://www.google.com/search?q=lamp',
    referrer_host: 'www.google.com',
    referrer_path: '/search',
    referrer_medium: 'search',
    referrer_source: 'Google',
    referrer_term: 'lamp',
    mkt_medium: 'email',
    mkt_source: 'letter',
    mkt_term: null,
    mkt_content: null,
    mkt_campaign: null,
    mkt_click_id: null,
    mkt_network: null,
    user_agent: CHROME,
    browser_name: 'Chrome',
    browser_version: '126.0.0.0',
    os_name: 'Linux',
    os_version: null,
    device_type: 'desktop',
    is_bot: false,
    bot_reason: null,
    ip: '203.0.113.77',
    app_id: 'shop',
    platform: 'web',
    tracker: 'js-4.10.1',
    tracker_namespace: 'sp1',
    user_id: 'customer-1',
    domain_user_id: '40000000-0000-4000-8000-000000000000',
    network_user_id: '50000000-0000-4000-8000-000000000000',
    event_name: 'page_view',
    event_schema: 'iglu:com.snowplowanalytics.snowplow/page_view/jsonschema/1-0-0',
    event_data: null,
    notes: [],
    contexts: JSON.stringify([webPage]),
    language: 'en-GB',
    timezone: 'Europe/Berlin',
    geo_country: 'DE',
    geo_country_source: 'timezone',
    geo_region: null,
    geo_city: null,
    viewport_width: 1280,
    viewport_height: 720,
    screen_width: 1920,
    screen_height: 1080,
    document_width: 1265,
    document_height: 3000,
    scroll_x_min: null,
    scroll_x_max: null,
    scroll_y_min: null,
    scroll_y_max: null,
    struct_category: null,
    struct_action: null,
    struct_label: null,
    struct_property: null,
    struct_value: null,
    privacy: 'none',
    simulated: false,
    enricher: good.enricher,
  })
})

test('an anonymous event has its session and no other id, address or click id', () => {
  const session = {
    schema: 'iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-0',
    data: {
      userId: BROWSER['duid'],
      sessionId: BROWSER['sid'],
      sessionIndex: 3,
      previousSessionId: null,
      storageMechanism: 'COOKIE_1',
    },
  }
  const good = goodOf(
    {
      ...BROWSER,
      url: 'https://a.example/?gclid=click-1&utm_source=x',
      nuid: 'network',
      ip: '203.0.113.77',
      co: contexts(webPage, session),
    },
    { privacy: 'anonymous', ip: 'unknown', network_user_id: '00000000-0000-0000-0000-000000000000' },
  )
  expect(good).toMatchObject({
    user_id: null,
    domain_user_id: null,
    network_user_id: null,
    // The collector lets it through, or takes it out where the site is strict.
    session_id: '20000000-0000-4000-8000-000000000000',
    session_index: null,
    ip: 'unknown',
    mkt_click_id: null,
    mkt_network: null,
    mkt_source: 'x',
    page_url: 'https://a.example/?utm_source=x',
    contexts: JSON.stringify([webPage]),
    privacy: 'anonymous',
  })
  const stored = JSON.stringify(good)
  for (const secret of [BROWSER['duid'], BROWSER['uid'], 'click-1', '203.0.113'])
    expect(stored).not.toContain(secret)
})

describe('the request fills in what the event does not say', () => {
  test.each<[string, Record<string, unknown>, Partial<RawRecord>, Partial<GoodRecord>]>([
    [
      'the page',
      { url: undefined },
      { referer: 'https://a.example/cart?x=1' },
      { page_url: 'https://a.example/cart', page_kind: 'cart' },
    ],
    [
      'no page, when the header is not a URL',
      { url: undefined },
      { referer: 'nonsense' },
      { page_url: null, page_kind: 'other' },
    ],
    [
      'not the page that the event says',
      {},
      { referer: 'https://b.example/' },
      { page_url: 'https://shop.example.com/' },
    ],
    [
      'the user agent',
      {},
      { user_agent: 'curl/8.0' },
      { user_agent: 'curl/8.0', is_bot: true, bot_reason: 'library', device_type: 'bot' },
    ],
    [
      'not the user agent that the event says',
      { ua: CHROME },
      { user_agent: 'curl/8.0' },
      { user_agent: CHROME, is_bot: false },
    ],
    ['the address', {}, { ip: '2001:DB8:1:0::' }, { ip: '2001:db8:1::' }],
    [
      'not the address that the event says',
      { ip: '198.51.100.9, 10.0.0.1' },
      { ip: '203.0.113.1' },
      { ip: '198.51.100.9' },
    ],
    ['no address', {}, { ip: null }, { ip: null }],
    ['the network user', {}, { network_user_id: 'n-1' }, { network_user_id: 'n-1' }],
    [
      'not the network user that the event says',
      { nuid: 'n-2' },
      { network_user_id: 'n-1' },
      { network_user_id: 'n-2' },
    ],
  ])('%s', (_name, event, request, expected) => {
    expect(goodOf(pageView(event), request)).toMatchObject(expected)
  })
})

test('a referrer of the site itself is internal, and says no more', () => {
  const refr = 'https://www.google.com/search?q=lamp'
  const event = pageView({
    url: 'https://shop.example.com/',
    refr: 'https://www.shop.example.com/search?q=lamp',
  })
  expect(goodOf(event)).toMatchObject({ referrer_medium: 'internal', referrer_source: null })
  expect(goodOf(pageView({ refr }), {}, { internalHosts: ['Google.com'] })).toMatchObject({
    referrer_medium: 'internal',
    referrer_source: null,
    referrer_term: null,
    page_referrer: 'https://www.google.com/search?q=lamp',
  })
  expect(goodOf(pageView())).toMatchObject({ referrer_medium: null, page_referrer: null })
})

test('the settings decide what is kept', () => {
  const url = 'https://a.example/?ref=r-1&Src=letter&clk=c-1&q=lamp'
  const campaign = {
    medium: [],
    source: ['utm_source', 'SRC'],
    term: [],
    content: [],
    campaign: [],
    clickIds: { CLK: 'Acme' },
  }
  expect(
    goodOf(pageView({ url }), { ip: '203.0.113.77' }, { keptParameters: ['re*'], campaign }),
  ).toMatchObject({
    page_url: 'https://a.example/?ref=r-1',
    mkt_source: 'letter',
    mkt_click_id: 'c-1',
    mkt_network: 'Acme',
    ip: '203.0.113.77',
  })
})

test('faults of fields, entities and URLs are all reported', () => {
  const bad = badOf(pageView({ url: 'nonsense', refr: ':', dtm: 'x', co: '{', aid: 'x'.repeat(256) }))
  expect(bad.errors.map(error => error.split(' ')[0])).toEqual(['dtm', 'aid', 'co', 'url', 'refr'])
  expect(bad.reason).toBe('field_invalid')
  expect(bad.message).toContain('(and 4 more)')
})

test('a bad record lists at most twenty faults, and none of them at length', () => {
  const fields = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [`x${'y'.repeat(i * 100)}${i}`, '1']),
  )
  const bad = badOf(pageView(fields), {}, { minorFields: 'refuse' })
  expect(bad.errors.length).toBe(21)
  expect(bad.errors.at(-1)).toBe('… and 10 more')
  expect(Math.max(...bad.errors.map(error => error.length))).toBeLessThanOrEqual(501)
})

test('pseudonyms take the place of people, and the key of the record stays', () => {
  const enricher = testEnricher(
    { pseudonyms: { keyFile: 'key', fields: ['user_id', 'domain_user_id'] } },
    { pseudonymKey: Buffer.alloc(32, 1) },
  )
  const [good] = run([rawRecord({ body: tp2Body(BROWSER) })], enricher).good
  expect(good?.visitor).toBe('visitor-1')
  expect(good?.session_id).toBe(BROWSER['sid'])
  expect(JSON.stringify(good)).not.toContain(BROWSER['duid'])
  expect(good?.domain_user_id).toMatch(/^[0-9a-f-]{36}$/)
})
