import { describe, expect, test } from 'vitest'
import { HARMLESS_PARAMETERS } from '@sluicebox/protocol/url-filter'
import { isAnonymousHeader } from './anonymous-data.ts'
import { createAnonymiser, isAnonymous } from './privacy.ts'

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

const options = { anonymousParameters: HARMLESS_PARAMETERS, ipv4PrefixBits: 24, ipv6PrefixBits: 48 }
const strict = createAnonymiser({ ...options, anonymousSessions: 'strict' })
const keep = createAnonymiser({ ...options, anonymousSessions: 'keep' })

test.each([
  ['accept-language', true],
  ['sec-gpc', true],
  ['sec-ch-ua', true],
  ['sec-ch-ua-mobile', true],
  ['sec-ch-ua-platform', true],
  ['sec-ch-ua-platform-version', false],
  ['sec-ch-ua-full-version-list', false],
  ['sec-ch-ua-model', false],
  ['sec-ch-ua-arch', false],
  ['sec-ch-viewport-width', false],
])('the header %s of an anonymous visitor may be written: %s', (name, expected) => {
  expect(isAnonymousHeader(name)).toBe(expected)
})

const CONTEXTS = 'iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0'
const SESSION = {
  schema: 'iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2',
  data: { userId: 'canary', sessionId: 'canary' },
}
const PAGE = { schema: 'iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0', data: { id: 'p' } }
const OWN = { schema: 'iglu:com.acme/customer/jsonschema/1-0-0', data: { email: 'canary' } }
const BROWSER = 'iglu:com.snowplowanalytics.snowplow/browser_context/jsonschema/2-0-0'
const HINTS = 'iglu:org.ietf/http_client_hints/jsonschema/1-0-0'
const contexts = (...data: unknown[]): string => JSON.stringify({ schema: CONTEXTS, data })
const LINK = 'iglu:com.snowplowanalytics.snowplow/link_click/jsonschema/1-0-1'
const CHANGE = 'iglu:com.snowplowanalytics.snowplow/change_form/jsonschema/1-0-0'
const SUBMIT = 'iglu:com.snowplowanalytics.snowplow/submit_form/jsonschema/1-0-0'
const wrapped = (schema: string, data: object): string =>
  JSON.stringify({
    schema: 'iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0',
    data: { schema, data },
  })
const base64 = (text: string): string => Buffer.from(text).toString('base64url')

describe('of an event', () => {
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
    [
      'drops the visitor in a link to another site',
      { e: 'ue', ue_pr: wrapped(LINK, { targetUrl: 'https://x.example/?_sp=canary.17' }) },
      { e: 'ue', ue_pr: wrapped(LINK, { targetUrl: 'https://x.example/' }) },
    ],
    [
      'drops it in an encoded event',
      { e: 'ue', ue_px: base64(wrapped(LINK, { targetUrl: 'mailto:canary@mail.example' })) },
      { e: 'ue', ue_px: base64(wrapped(LINK, { targetUrl: 'mailto:' })) },
    ],
    ['drops an event that can’t be read', { e: 'ue', ue_pr: '{"canary', ue_px: 'canary' }, { e: 'ue' }],
    [
      'drops what was typed into a form',
      { ue_pr: wrapped(CHANGE, { formId: 'f', elementId: 'e', nodeName: 'INPUT', value: 'canary' }) },
      { ue_pr: wrapped(CHANGE, { formId: 'f', elementId: 'e', nodeName: 'INPUT', value: null }) },
    ],
    [
      'drops it in all elements of a form',
      {
        ue_pr: wrapped(SUBMIT, {
          formId: 'f',
          elements: [{ name: 'n', value: 'canary', nodeName: 'INPUT' }],
        }),
      },
      { ue_pr: wrapped(SUBMIT, { formId: 'f', elements: [{ name: 'n', value: null, nodeName: 'INPUT' }] }) },
    ],
    [
      'drops who somebody is',
      { ue_pr: wrapped('iglu:com.snowplowanalytics.snowplow/identify/jsonschema/1-0-0', { id: 'canary' }) },
      { ue_pr: wrapped('iglu:com.snowplowanalytics.snowplow/identify/jsonschema/1-0-0', {}) },
    ],
    [
      'drops names of people in properties, at any depth',
      {
        action: 'x',
        properties: { list: [{ userId: 'canary', Customer_Number: 7, n: 1 }], 'e-mail': 'canary' },
      },
      { action: 'x', properties: { list: [{ n: 1 }] } },
    ],
    [
      'masks addresses in every text',
      {
        action: 'x',
        properties: { note: 'canary@mail.example from 203.0.113.77' },
        search_term: 'canary%40mail.example',
      },
      { action: 'x', properties: { note: '(email) from 203.0.113.0' }, search_term: '(email)' },
    ],
    ['drops parts where a tracker sends texts', { e: 'pv', se_la: { a: 'canary' } }, { e: 'pv' }],
    ['keeps the versions of a browser', { ua: 'Chrome/10.0.3.2' }, { ua: 'Chrome/10.0.3.2' }],
    ['drops fields that no protocol knows', { e: 'pv', idfa: 'canary', mac: 'canary' }, { e: 'pv' }],
    [
      'keeps the client hints that every browser sends to every site',
      {
        co: contexts({
          schema: HINTS,
          data: {
            isMobile: true,
            brands: [{ brand: 'Google Chrome', version: '126.0.6478.canary' }],
            platform: 'Android',
            platformVersion: 'canary',
            model: 'canary',
            architecture: 'canary',
            uaFullVersion: 'canary',
          },
        }),
      },
      {
        co: contexts({
          schema: HINTS,
          data: { isMobile: true, brands: [{ brand: 'Google Chrome', version: '126' }], platform: 'Android' },
        }),
      },
    ],
    [
      'reads client hints that no browser sends',
      { co: contexts({ schema: HINTS, data: { brands: [null, 1] } }) },
      { co: contexts({ schema: HINTS, data: { brands: [{}, {}] } }) },
    ],
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
      { url: 'https://shop.example/?_sp=canary.17&page=1', refr: 'https://x.example/?page=1&_sp=canary' },
      { url: 'https://shop.example/?page=1', refr: 'https://x.example/?page=1' },
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
    const stripped = strict.event(event as Record<string, unknown>)
    expect(stripped).toEqual(expected)
    expect(JSON.stringify(stripped)).not.toContain('canary')
  })
})

test.each([
  [
    'e=pv&duid=c&nuid=c&url=https%3A%2F%2Fx.example%2F%3F_sp%3Dc%26page%3D1',
    'e=pv&url=https%3A%2F%2Fx.example%2F%3Fpage%3D1',
  ],
  [`e=pv&cx=${base64(contexts(PAGE, SESSION))}`, `e=pv&cx=${base64(contexts(PAGE))}`],
  ['%64uid=c&e=pv', 'e=pv'],
  ['duid', ''],
  ['duid%3Dc&e=pv', 'e=pv'],
  ['%duid=c&e=pv', 'e=pv'],
  ['e=pv&page=jane%40mail.example', 'e=pv&page=(email)'],
])('the query %s becomes %s', (query, expected) => {
  expect(strict.query(query)).toBe(expected)
})

test.each([
  ['https://a.example/p?page=1', 'https://a.example/p?page=1'],
  ['https://a.example/p?_sp=x', 'https://a.example/p'],
  ['https://a.example/p?page=1&_sp=x#_sp=y', 'https://a.example/p?page=1'],
  ['https://a.example/#/cart?_sp=x&page=1', 'https://a.example/#/cart?page=1'],
  ['https://a.example/p?_ga=1.2.3&gclid=x&fbclid=y&whatever=z&sort=up', 'https://a.example/p?sort=up'],
  ['https://a.example/p#chapter-2', 'https://a.example/p#chapter-2'],
  ['https://a.example/jane%40mail.example/203.0.113.77', 'https://a.example/(email)/203.0.113.0'],
  ['no url at all', 'no url at all'],
])('the URL %s becomes %s', (url, expected) => {
  expect(strict.text(url)).toBe(expected)
})

test('of a session stays its id, and the event’s place in it', () => {
  const data = {
    ...{ userId: 'canary', sessionId: 's', sessionIndex: 17, previousSessionId: 'canary', other: 'canary' },
    ...{ eventIndex: 3, storageMechanism: 'LOCAL_STORAGE', firstEventId: 'f' },
  }
  const kept = keep.event({ co: contexts({ ...SESSION, data }), duid: 'canary', sid: 's' })
  expect(JSON.parse(kept['co'] as string)).toEqual(
    JSON.parse(
      contexts({
        schema: SESSION.schema,
        data: {
          ...{ userId: '00000000-0000-0000-0000-000000000000', sessionIndex: 1, previousSessionId: null },
          ...{ sessionId: 's', eventIndex: 3, firstEventId: 'f', storageMechanism: 'LOCAL_STORAGE' },
        },
      }),
    ),
  )
  expect(kept['sid']).toBe('s')
})

test.each([
  [
    'com.snowplowanalytics.snowplow/element',
    { element_name: 'e', attributes: [{ attribute: 'id', value: 'c' }] },
    { element_name: 'e', attributes: [] },
  ],
  [
    'com.snowplowanalytics.snowplow.ecommerce/checkout_step',
    { step: 1, billing_full_address: 'c', shipping_postcode: 'c' },
    { step: 1 },
  ],
  ['com.snowplowanalytics.mobile/deep_link', { url: 'app://x/?token=c' }, { url: 'app://x/' }],
  ['com.snowplowanalytics.snowplow.media/session', { mediaSessionId: 'm' }, { mediaSessionId: 'm' }],
  [
    'org.whatwg/media_element',
    { htmlId: 'v', src: 'https://x.example/v.mp4?Signature=c' },
    { htmlId: 'v', src: 'https://x.example/v.mp4' },
  ],
])('the entity %s stays, without what may identify', (name, data, expected) => {
  const schema = `iglu:${name}/jsonschema/1-0-0`
  expect(keep.event({ co: contexts({ schema, data }) })).toEqual({ co: contexts({ schema, data: expected }) })
})

test.each([
  ...['com.snowplowanalytics.snowplow.ecommerce/user', 'com.snowplowanalytics.snowplow/mobile_context'],
  ...[
    'com.snowplowanalytics.snowplow/geolocation_context',
    'com.google.analytics/cookies',
    'com.google.ga4/cookies',
  ],
  ...[
    'com.optimizely/visitor',
    'dev.amp.snowplow/amp_id',
    'com.roku/device_info',
    'org.ietf/http_cookie',
    'com.acme/anything',
  ],
])('the entity %s does not stay', name => {
  expect(
    keep.event({ co: contexts({ schema: `iglu:${name}/jsonschema/1-0-0`, data: { id: 'c' } }) }),
  ).toEqual({})
})
