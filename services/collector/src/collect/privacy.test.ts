import { describe, expect, test } from 'vitest'
import { isAnonymous, stripEvent, stripQuery, stripUrl } from './privacy.ts'

describe('isAnonymous', () => {
  const all = { honourGpc: true, honourDnt: true }
  test.each([
    ['no sign of it', {}, all, false],
    ['the header of trackers', { 'sp-anonymous': '*' }, all, true],
    ['that header without a value', { 'sp-anonymous': '' }, all, true],
    [
      'that header, whatever else is honoured',
      { 'sp-anonymous': '*' },
      { honourGpc: false, honourDnt: false },
      true,
    ],
    ['Sec-GPC: 1', { 'sec-gpc': '1' }, all, true],
    ['Sec-GPC: 0', { 'sec-gpc': '0' }, all, false],
    ['Sec-GPC not honoured', { 'sec-gpc': '1' }, { ...all, honourGpc: false }, false],
    ['DNT: 1', { dnt: '1' }, all, true],
    ['DNT: 0', { dnt: '0' }, all, false],
    ['DNT not honoured', { dnt: '1' }, { ...all, honourDnt: false }, false],
  ])('%s', (_name, headers, options, expected) => {
    expect(isAnonymous(headers, options)).toBe(expected)
  })
})

const CONTEXTS = 'iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0'
const SESSION = {
  schema: 'iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2',
  data: { userId: 'canary', sessionId: 'canary' },
}
const PAGE = { schema: 'iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0', data: { id: 'p' } }
const OWN = { schema: 'iglu:com.acme/customer/jsonschema/1-0-0', data: { email: 'canary' } }
const BROWSER = 'iglu:com.snowplowanalytics.snowplow/browser_context/jsonschema/2-0-0'
const contexts = (...data: unknown[]): string => JSON.stringify({ schema: CONTEXTS, data })
const base64 = (text: string): string => Buffer.from(text).toString('base64url')

describe('stripEvent', () => {
  test.each([
    [
      'drops what identifies the visitor of a tracker',
      {
        e: 'pv',
        duid: 'c',
        uid: 'c',
        nuid: 'c',
        tnuid: 'c',
        sid: 'c',
        vid: '1',
        ip: 'c',
        fp: 'c',
        aid: 'shop',
      },
      { e: 'pv', aid: 'shop' },
    ],
    [
      'drops what identifies the visitor in plain events',
      { action: 'page_view', visitor_id: 'c', session_id: 'c', user_id: 'c', event_id: 'e' },
      { action: 'page_view', event_id: 'e' },
    ],
    ['drops ids that are not texts', { duid: 7, sid: { a: 'c' }, uid: null, e: 'pv' }, { e: 'pv' }],
    ['keeps other entities', { co: contexts(PAGE, SESSION) }, { co: contexts(PAGE) }],
    ['drops entities of the site’s own', { co: contexts(PAGE, OWN) }, { co: contexts(PAGE) }],
    [
      'drops the tab of a browser',
      { co: contexts({ schema: BROWSER, data: { tabId: 'canary', online: true } }) },
      { co: contexts({ schema: BROWSER, data: { online: true } }) },
    ],
    ['drops fields that no protocol knows', { e: 'pv', idfa: 'canary', mac: 'canary' }, { e: 'pv' }],
    ['drops entities that are a session alone', { co: contexts(SESSION), e: 'pv' }, { e: 'pv' }],
    ['reads encoded entities', { cx: base64(contexts(PAGE, SESSION)) }, { cx: base64(contexts(PAGE)) }],
    ['drops entities that can’t be read', { co: '{"data":"canary', cx: '%%%', e: 'pv' }, { e: 'pv' }],
    ['drops entities that are not a list', { co: '{"data":{"canary":1}}', e: 'pv' }, { e: 'pv' }],
    [
      'drops entities with nothing where one is expected',
      { co: contexts(null, SESSION), e: 'pv' },
      { e: 'pv' },
    ],
    [
      'drops the id in a link from another site',
      { url: 'https://shop.example/?_sp=canary.17&a=1', refr: 'https://x.example/?a=1&_sp=canary' },
      { url: 'https://shop.example/?a=1', refr: 'https://x.example/?a=1' },
    ],
    [
      'drops it in plain events too',
      { page: { url: 'https://shop.example/?_sp=canary', referrer: 'https://x.example/?_sp=canary#f' } },
      { page: { url: 'https://shop.example/', referrer: 'https://x.example/#f' } },
    ],
    [
      'leaves what is not an identifier',
      { page: 'duid', se_ca: 'sid', product: { price: 3 } },
      { page: 'duid', se_ca: 'sid', product: { price: 3 } },
    ],
    ['is not led astray by odd keys', JSON.parse('{"__proto__":{"a":1},"duid":"c"}'), {}],
  ])('%s', (_name, event: object, expected) => {
    const stripped = stripEvent(event as Record<string, unknown>, 'strict')
    expect(stripped).toEqual(expected)
    expect(JSON.stringify(stripped)).not.toContain('canary')
  })
})

test.each([
  [
    'e=pv&duid=c&nuid=c&url=https%3A%2F%2Fx.example%2F%3F_sp%3Dc%26a%3D1',
    'e=pv&url=https%3A%2F%2Fx.example%2F%3Fa%3D1',
  ],
  [`e=pv&cx=${base64(contexts(PAGE, SESSION))}`, `e=pv&cx=${base64(contexts(PAGE))}`],
  ['%64uid=c&e=pv', 'e=pv'],
  ['duid', 'duid'],
])('the query %s becomes %s', (query, expected) => {
  expect(stripQuery(query, 'strict')).toBe(expected)
})

test.each([
  ['https://a.example/p', 'https://a.example/p'],
  ['https://a.example/p?a=1', 'https://a.example/p?a=1'],
  ['https://a.example/p?_sp=x', 'https://a.example/p'],
  ['https://a.example/p?_sp=x&_sp=y&a=1', 'https://a.example/p?a=1'],
  ['https://a.example/p?a=1&_sp=x#_sp=y', 'https://a.example/p?a=1'],
  ['https://a.example/p?a_sp=1', 'https://a.example/p?a_sp=1'],
  ['https://a.example/p#?_sp=x', 'https://a.example/p'],
  ['https://a.example/#/cart?_sp=x&a=1', 'https://a.example/#/cart?a=1'],
  ['https://a.example/p?_ga=1.2.3&gclid=x&fbclid=y&a=1', 'https://a.example/p?a=1'],
  ['https://a.example/p#chapter-2', 'https://a.example/p#chapter-2'],
  ['no url at all', 'no url at all'],
])('the URL %s becomes %s', (url, expected) => {
  expect(stripUrl(url)).toBe(expected)
})
