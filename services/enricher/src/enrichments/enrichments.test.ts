import { asCollectedTime } from '@sluicebox/event/instants'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blankEvent, type SentEvent } from '@sluicebox/protocol/sent-event'
import { botReason } from './bot.ts'
import { remember } from './cache.ts'
import { CAMPAIGN_NAMES, readCampaign, type Campaign } from './campaign.ts'
import { eventName } from './event-name.ts'
import { eventTime } from './event-time.ts'
import { fingerprint } from './fingerprint.ts'
import { readIdentifiers } from './identifiers.ts'
import { keeper, KEPT_PARAMETERS } from './kept-parameters.ts'
import { readPage } from './page.ts'
import { scrollOffsets } from './page-ping.ts'
import { createPseudonyms } from './pseudonyms.ts'
import { NO_USER_AGENT, readUserAgent } from './user-agent.ts'

const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'
const event = (changes: Partial<SentEvent> = {}): SentEvent => ({ ...blankEvent({}), ...changes })

describe('remember', () => {
  test('gives what was computed, computes again what it forgot, and never holds more than it may', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 })), fc.integer({ min: 2, max: 6 }), (keys, entriesMax) => {
        const computed: string[] = []
        const square = remember(
          key => {
            computed.push(key)
            return { value: Number(key) ** 2 }
          },
          { entriesMax, keyLengthMax: 10 },
        )
        for (const key of keys) expect(square(String(key)).value).toBe(key ** 2)
        expect(computed.length).toBeLessThanOrEqual(keys.length)
        // The last one asked for is always still there.
        const last = keys.at(-1)
        const before = computed.length
        if (last !== undefined) square(String(last))
        expect(computed.length).toBe(before)
      }),
    )
  })

  test('keeps what is asked for again while others go', () => {
    const computed: string[] = []
    const noted = remember(
      key => {
        computed.push(key)
        return {}
      },
      { entriesMax: 4, keyLengthMax: 10 },
    )
    for (const key of ['a', 'b', 'c', 'a', 'd', 'a', 'e', 'a', 'b']) noted(key)
    expect(computed).toEqual(['a', 'b', 'c', 'd', 'e', 'b'])
  })

  test('does not remember long keys', () => {
    let count = 0
    const counted = remember(() => ({ count: ++count }), { entriesMax: 10, keyLengthMax: 3 })
    expect(
      [counted('abc'), counted('abc'), counted('abcd'), counted('abcd')].map(each => each.count),
    ).toEqual([1, 1, 2, 3])
  })
})

describe('campaign', () => {
  test.each<[Record<string, string>, Partial<Campaign>]>([
    [{}, {}],
    [
      { utm_medium: 'email', utm_source: 'letter', utm_term: 't', utm_content: 'c', utm_campaign: 'may' },
      { medium: 'email', source: 'letter', term: 't', content: 'c', campaign: 'may', clickId: null },
    ],
    [{ gclid: 'g1' }, { clickId: 'g1', network: 'Google' }],
    [{ msclkid: 'm1' }, { clickId: 'm1', network: 'Microsoft' }],
    [{ dclid: 'd1' }, { clickId: 'd1', network: 'DoubleClick' }],
    [
      { fbclid: 'f1', gclid: 'g1' },
      { clickId: 'g1', network: 'Google' },
    ],
    [{ constructor: 'x' }, { clickId: null, network: null }],
  ])('%j', (parameters, expected) => {
    const campaign = readCampaign(new Map(Object.entries(parameters)), CAMPAIGN_NAMES, [], {
      withClickId: true,
    })
    expect(campaign).toMatchObject(expected)
  })

  test('has no click id where that is not wanted, and tells what is too long', () => {
    const parameters = new Map([
      ['gclid', 'g1'],
      ['utm_source', 'x'.repeat(256)],
    ])
    const faults: { reason: string; place: string }[] = []
    const campaign = readCampaign(parameters, CAMPAIGN_NAMES, faults as never, { withClickId: false })
    expect([campaign.clickId, campaign.network, campaign.source]).toEqual([null, null, null])
    expect(faults).toMatchObject([{ reason: 'field_too_long', place: 'url?utm_source' }])
  })
})

describe('page', () => {
  const options = {
    keep: keeper(KEPT_PARAMETERS, new Set()),
    campaign: CAMPAIGN_NAMES,
    withClickId: true,
  }
  test('drops what may not be kept, and reads the campaign before', () => {
    const page = readPage('https://me:pw@Shop.example.com/a?email=x@y.z&utm_source=mail&gclid=1#tab', options)
    expect(page).toMatchObject({
      faults: undefined,
      url: 'https://shop.example.com/a?utm_source=mail&gclid=1#tab',
      host: 'shop.example.com',
      path: '/a',
      query: 'utm_source=mail&gclid=1',
      fragment: 'tab',
      campaign: { source: 'mail', clickId: '1' },
    })
  })

  test.each([
    ['no-url', 'field_invalid'],
    [`https://a.example/${'x'.repeat(3001)}`, 'field_too_long'],
    [`https://a.example/?x=${'x'.repeat(6001)}`, 'field_too_long'],
    [`https://a.example/#${'x'.repeat(3001)}`, 'field_too_long'],
    [`https://${'x'.repeat(256)}/`, 'field_too_long'],
    [`${'x'.repeat(17)}://a.example/`, 'field_too_long'],
  ])('%s is bad', (url, reason) => {
    expect(readPage(url, options).faults).toMatchObject([{ reason, place: 'url' }])
  })

  test('the parameter that carries a visitor’s id from another site is not kept', () => {
    expect(readPage('https://a.example/?_sp=visitor.123&q=1', options).url).toBe('https://a.example/?q=1')
  })
})

describe('user agent', () => {
  const chrome =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'
  const iphone =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1'
  const ipad =
    'Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1'
  const crawler = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'
  test.each([
    [chrome, 'Chrome', 'Windows', 'desktop', false],
    [iphone, 'Safari', 'iOS', 'mobile', false],
    [ipad, 'Safari', 'iOS', 'tablet', false],
    [crawler, 'Googlebot', null, 'bot', true],
    ['node', null, null, 'bot', true],
    ['curl/8.0', null, null, 'bot', true],
  ])('%s', (text, browserName, osName, deviceType, isBot) => {
    const agent = readUserAgent(text)
    expect(agent).toMatchObject({ text, osName, deviceType, isBot })
    if (browserName !== null) expect(agent.browserName).toBe(browserName)
  })

  test('is capped, and an empty one is absent', () => {
    expect(readUserAgent('x'.repeat(600)).text).toBe('x'.repeat(512))
    expect(readUserAgent('')).toBe(NO_USER_AGENT)
  })

  test('any text can be read', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 600 }), text => void readUserAgent(text)))
  })
})

test.each<[string, Partial<SentEvent>, string | null]>([
  ['curl/8.0', {}, 'user_agent'],
  ['', {}, null],
  [
    '',
    { entities: [{ schema: `${SNOWPLOW}/browser_context/jsonschema/2-0-0`, data: { webdriver: true } }] },
    'webdriver',
  ],
  [
    '',
    { entities: [{ schema: `${SNOWPLOW}/browser_context/jsonschema/2-0-0`, data: { webdriver: false } }] },
    null,
  ],
  ['', { entities: [{ schema: `${SNOWPLOW}/web_page/jsonschema/1-0-0`, data: { webdriver: true } }] }, null],
])('the user agent "%s" with %j is a bot for %s', (agent, changes, reason) => {
  expect(botReason(readUserAgent(agent), event(changes).entities)).toBe(reason)
})

describe('fingerprint', () => {
  const claims = { e: 'pv', url: 'https://a.example/', eid: '1', stm: '1', nuid: 'n', dtm: '5' }
  test('is the same for copies with other ids and send times, in any order', () => {
    const copy = { stm: '2', dtm: '5', url: 'https://a.example/', tnuid: 't', eid: '2', e: 'pv', cv: 'x' }
    expect(fingerprint(copy)).toBe(fingerprint(claims))
    expect(fingerprint(claims)).toMatch(/^[0-9a-f]{32}$/)
  })

  test.each([
    ['another value', { ...claims, dtm: '6' }],
    ['a field more', { ...claims, uid: '' }],
    ['values moved between fields', { ...claims, dtm: '', duid: '5' }],
  ])('is another for %s', (_name, other) => {
    expect(fingerprint(other)).not.toBe(fingerprint(claims))
  })
})

test.each<[string, Partial<SentEvent>, number, 'past' | 'future' | null]>([
  ['nothing known', {}, 1000, null],
  ['sent right away', { createdAt: 5, sentAt: 5 }, 1000, null],
  ['sent later', { createdAt: 5, sentAt: 105 }, 900, null],
  ['sent before it was created', { createdAt: 105, sentAt: 5 }, 1000, 'future'],
  ['no send time', { createdAt: 5 }, 1000, null],
  ['true time without send time', { createdAt: 990, isTimeTrue: true }, 990, null],
  ['true time with send time', { createdAt: 5, sentAt: 25, isTimeTrue: true }, 980, null],
  ['true time in the future', { createdAt: 1001, isTimeTrue: true }, 1000, 'future'],
  ['long ago', { createdAt: 0, sentAt: 72 * 3_600_000 + 1 }, 1000 - 72 * 3_600_000, 'past'],
  // 31 January 23:59:59.900 to 1 February: months do not matter.
  ['over the end of a month', { createdAt: 2_678_399_900, sentAt: 2_678_400_100 }, 800, null],
])('event time: %s', (_name, times, expected, clamped) => {
  expect(eventTime(event(times), asCollectedTime(1000))).toEqual({ eventTime: expected, clamped })
})

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

test('a page ping lacks the offsets that are zero; other events have none', () => {
  expect(scrollOffsets(event({ type: 'page_ping', scrollYMax: 300 }))).toEqual({
    xMin: 0,
    xMax: 0,
    yMin: 0,
    yMax: 300,
  })
  expect(scrollOffsets(event({ type: 'page_view', scrollYMax: 300 })).yMax).toBeNull()
})

describe('identifiers', () => {
  const session = {
    schema: `${SNOWPLOW}/client_session/jsonschema/1-0-2`,
    data: {
      userId: 'entity-user',
      sessionId: 'ENTITY-SESSION',
      sessionIndex: 4,
      previousSessionId: 'before',
    },
  }
  const page = { schema: `${SNOWPLOW}/web_page/jsonschema/1-0-0`, data: { id: 'page' } }
  const known = event({
    userId: 'user',
    domainUserId: 'domain',
    networkUserId: 'network',
    sessionId: 'session',
    sessionIndex: 2,
    appId: 'shop',
    entities: [session, page],
  })
  const raw = { network_user_id: 'cookie', privacy: 'none' as const }

  test('come from the parameters, else from the session’s entity and the cookie', () => {
    expect(readIdentifiers(known, raw, undefined)).toMatchObject({
      userId: 'user',
      domainUserId: 'domain',
      networkUserId: 'network',
      sessionId: 'session',
      sessionIndex: 2,
    })
    expect(readIdentifiers(event({ entities: [page, session] }), raw, undefined)).toMatchObject({
      userId: null,
      domainUserId: 'entity-user',
      networkUserId: 'cookie',
      sessionId: 'entity-session',
      sessionIndex: 4,
    })
  })

  test('of an event without any are null', () => {
    const nobody = '00000000-0000-0000-0000-000000000000'
    const entity = { ...session, data: { userId: nobody, sessionId: nobody, sessionIndex: 1 } }
    const ids = readIdentifiers(event({ entities: [entity] }), { ...raw, network_user_id: nobody }, undefined)
    expect([ids.domainUserId, ids.networkUserId, ids.sessionId]).toEqual([null, null, null])
  })

  test('of an anonymous event are its session alone, without entities that have others', () => {
    expect(readIdentifiers(known, { ...raw, privacy: 'anonymous' }, undefined)).toEqual({
      userId: null,
      domainUserId: null,
      networkUserId: null,
      sessionId: 'session',
      sessionIndex: null,
      entities: [page],
    })
  })

  test('stand under other names, the same in the entity as in the fields', () => {
    const fields = ['user_id', 'domain_user_id', 'session_id'] as const
    const pseudonyms = createPseudonyms(Buffer.alloc(32, 1), fields, 10)
    const same = event({ ...known, domainUserId: null, sessionId: null })
    const ids = readIdentifiers(same, raw, pseudonyms)
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/
    expect(ids.userId).toMatch(uuid)
    expect(ids.domainUserId).toMatch(uuid)
    expect(ids.networkUserId).toBe('network')
    const renamed = ids.entities[0]?.data as Record<string, unknown>
    expect(renamed['userId']).toBe(ids.domainUserId)
    expect(renamed['previousSessionId']).toMatch(uuid)
    expect(renamed['sessionIndex']).toBe(4)
    expect(JSON.stringify(ids)).not.toContain('entity-user')
  })

  test('have other names for another key, application and field', () => {
    const one = createPseudonyms(Buffer.alloc(32, 1), ['user_id', 'domain_user_id'], 10)
    const two = createPseudonyms(Buffer.alloc(32, 2), ['user_id', 'domain_user_id'], 10)
    const names = [
      one.of('user_id', 'ann', 'shop'),
      two.of('user_id', 'ann', 'shop'),
      one.of('user_id', 'ann', 'blog'),
      one.of('domain_user_id', 'ann', 'shop'),
      one.of('user_id', 'bob', 'shop'),
    ]
    expect(new Set(names).size).toBe(5)
    expect(one.of('user_id', 'ann', 'shop')).toBe(names[0])
    expect(one.of('user_id', null, 'shop')).toBeNull()
  })
})
