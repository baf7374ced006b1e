import { describe, expect, test } from 'vitest'
import type { BadRecord, GoodRecord } from '@sluicebox/event/records'
import { COLLECTED_AT, rawRecord, run, type Outcome } from './testing/run.ts'

function post(body: string, content_type: string | null = 'application/json'): Outcome {
  return run([rawRecord({ path: '/v1/events', body: Buffer.from(body), content_type })])
}

function goodOne(event: object): GoodRecord {
  const { good, bad } = post(JSON.stringify(event))
  if (bad[0] !== undefined) throw new Error(bad[0].message)
  return good[0] as GoodRecord
}

const actions = ({ good, bad }: Outcome): string[] => [
  ...good.map(event => event.action),
  ...bad.map(record => record.reason),
]

describe('the body', () => {
  const ndjson = 'application/x-ndjson'
  const form = 'application/x-www-form-urlencoded'
  test.each<[string, string, string | null, string[]]>([
    ['one event', '{"action":"a"}', 'application/json', ['a']],
    ['one event over several lines', '{\n"action":\n"a"\n}\n', 'application/json', ['a']],
    ['what curl calls a form', '{"action":"a"}', form, ['a']],
    ['without content type', '{"action":"a"}', null, ['a']],
    ['an array', '[{"action":"a"},{"action":"b"}]', 'application/json', ['a', 'b']],
    ['lines', '{"action":"a"}\n{"action":"b"}\n', ndjson, ['a', 'b']],
    ['lines that do not say so', '{"action":"a"}\n{"action":"b"}\n', form, ['a', 'b']],
    ['lines of which some are blank', '\n{"action":"a"}\r\n \r\n{"action":"b"}\r\n', ndjson, ['a', 'b']],
    ['one line', '{"action":"a"}', ndjson, ['a']],
    [
      'lines of which one is broken',
      '{"action":"a"}\n{"action"\n{"action":"b"}',
      ndjson,
      ['a', 'b', 'not_json'],
    ],
    [
      'an array with what is not an event',
      '[{"action":"a"},7,null]',
      'application/json',
      ['a', 'event_not_object', 'event_not_object'],
    ],
    ['a number', '7', 'application/json', ['event_not_object']],
    ['an empty array', '[]', 'application/json', ['payload_empty']],
    ['spaces', '  ', 'application/json', ['payload_empty']],
    ['a broken object', '{"action":\n"a"', 'application/json', ['payload_not_json']],
    ['words', 'action=a', form, ['payload_not_json']],
  ])('%s', (_name, body, contentType, expected) => {
    expect(actions(post(body, contentType))).toEqual(expected)
  })

  test('keeps the very characters of each bad event', () => {
    const originals = (outcome: Outcome): string[] =>
      outcome.bad.map(record => Buffer.from(record.original).toString())
    expect(originals(post('[{"action":"a"}, {"x":9007199254740993} ]'))).toEqual(['{"x":9007199254740993}'])
    expect(originals(post('{"action":"a"}\n{"x" : 1}\n{', 'application/x-ndjson'))).toEqual([
      '{"x" : 1}',
      '{',
    ])
    expect(originals(post('{"x" : 1}'))).toEqual(['{"x" : 1}'])
  })
})

describe('an event', () => {
  test('says everything in words of its own', () => {
    const event = goodOne({
      action: 'add_to_cart',
      event_id: 'e-1',
      visitor_id: 'v-1',
      session_id: 's-1',
      user_id: 'u-1',
      time: '2026-11-20T11:59:30+00:00',
      app_id: 'shop',
      platform: 'web',
      page: {
        url: 'https://shop.example.com/x?q=a&token=b',
        title: 'X',
        referrer: 'https://www.bing.com/?q=lamp',
        kind: 'product',
      },
      product: { id: 'p-1', name: 'Lamp', category: 'lamps', price: 9.5, quantity: 2, currency: 'EUR' },
      search_term: 'lamp',
      user_agent: 'curl/8.0',
      properties: { colour: 'red' },
      simulated: true,
    })
    expect(event).toMatchObject({
      action: 'add_to_cart',
      event_name: 'add_to_cart',
      event_schema: null,
      event_id: 'e-1',
      domain_user_id: 'v-1',
      session_id: 's-1',
      user_id: 'u-1',
      created_at: COLLECTED_AT - 30_000,
      sent_at: null,
      event_time: COLLECTED_AT - 30_000,
      page_kind: 'product',
      page_url: 'https://shop.example.com/x?q=a',
      page_title: 'X',
      referrer_medium: 'search',
      referrer_term: 'lamp',
      product_id: 'p-1',
      category: 'lamps',
      price: 9.5,
      quantity: 2,
      currency: 'EUR',
      search_term: 'lamp',
      is_bot: true,
      event_data: '{"product_name":"Lamp","colour":"red"}',
      simulated: true,
    })
  })

  test.each(['order', 'transaction'])('has an order under %s', key => {
    expect(
      goodOne({ action: 'transaction', [key]: { id: 'o-1', revenue: 79, currency: 'EUR' } }),
    ).toMatchObject({
      order_id: 'o-1',
      revenue: 79,
      currency: 'EUR',
      page_kind: 'confirmation',
    })
  })

  test('keeps the name of its action, whatever the page', () => {
    const url = 'https://shop.example.com/product/lamp-7'
    expect(goodOne({ action: 'page_view', page: { url } })).toMatchObject({
      action: 'page_view',
      page_kind: 'product',
      product_id: 'lamp-7',
    })
    expect(goodOne({ action: 'Wave at.me-2_x' }).action).toBe('Wave at.me-2_x')
  })

  test('takes null as absent', () => {
    expect(
      goodOne({ action: 'a', session_id: null, page: null, time: null, properties: null }),
    ).toMatchObject({
      session_id: null,
      page_url: null,
      created_at: null,
      event_data: null,
      event_time: COLLECTED_AT,
    })
  })

  test.each<[string, unknown, number, string | null]>([
    ['a text with a zone', { time: '2026-11-20T12:30:00+01:00' }, -30 * 60_000, null],
    ['milliseconds', { time: COLLECTED_AT - 5 }, -5, null],
    ['another clock', { time: COLLECTED_AT + 3_600_000 - 7, sent_at: COLLECTED_AT + 3_600_000 }, -7, null],
    ['the future', { time: COLLECTED_AT + 1 }, 0, 'future'],
    ['long ago', { time: '2020-01-01T00:00:00Z' }, -72 * 3_600_000, 'past'],
  ])('happens when %s says', (_name, times, offsetMs, clamped) => {
    const event = goodOne({ action: 'a', ...(times as object) })
    expect([event.event_time - COLLECTED_AT, event.event_time_clamped]).toEqual([offsetMs, clamped])
  })

  test.each<[string, object, string]>([
    ['no action', {}, 'field_missing'],
    ['an empty action', { action: '' }, 'action_invalid'],
    ['an action with other characters', { action: 'a/b' }, 'action_invalid'],
    ['an action that is too long', { action: 'x'.repeat(129) }, 'action_invalid'],
    ['an action that is a number', { action: 7 }, 'action_invalid'],
    ['a field that is not known', { action: 'a', sessionid: 's' }, 'field_unknown'],
    ['a field that is too long', { action: 'a', session_id: 'x'.repeat(129) }, 'field_too_long'],
    ['a price that is a text', { action: 'a', product: { price: '9.50' } }, 'field_invalid'],
    ['an unknown kind of page', { action: 'a', page: { kind: 'PDP' } }, 'field_invalid'],
    ['a time without zone', { action: 'a', time: '2026-11-20T12:30:00' }, 'field_invalid'],
    ['a time in seconds', { action: 'a', time: 1_760_000_000 }, 'field_invalid'],
    ['30 February', { action: 'a', time: '2026-02-30T00:00:00Z' }, 'field_invalid'],
    ['a time with text behind it', { action: 'a', time: '2026-02-20T00:00:00Z!' }, 'field_invalid'],
    ['a time that is an object', { action: 'a', time: { toString: 1 } }, 'field_invalid'],
    ['a time of sending that is a list', { action: 'a', sent_at: [1, 2] }, 'field_invalid'],
    [
      'microseconds in the place of milliseconds',
      { action: 'a', time: 1_760_000_000_000_000 },
      'field_invalid',
    ],
    ['a price beyond all prices', { action: 'a', product: { price: 1e300 } }, 'field_invalid'],
    ['a broken URL', { action: 'a', page: { url: 'https://[' } }, 'field_invalid'],
    [
      'deep properties',
      { action: 'a', properties: JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) as object },
      'nested_too_deep',
    ],
  ])('with %s is bad', (_name, event, reason) => {
    const { good, bad } = post(JSON.stringify(event))
    expect(good).toEqual([])
    expect(bad.map(record => record.reason)).toEqual([reason])
  })

  test('with an integer that JavaScript can not hold is bad, not rounded', () => {
    const { bad } = post('{"action":"a","properties":{"order":9007199254740993}}')
    expect(bad[0]).toMatchObject({ reason: 'field_invalid' })
    expect(bad[0]?.errors[0]).toContain('2^53')
  })

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('may have the action %s', action => {
    expect(goodOne({ action })).toMatchObject({ action, page_kind: 'other' })
  })

  test('that is bad keeps its id, and says what was probably meant', () => {
    const { bad } = post('{"action":"a","event_id":"e-1","sesion_id":"s"}')
    expect(bad[0]).toMatchObject({ event_id: 'e-1', original_format: 'line' } satisfies Partial<BadRecord>)
    expect(bad[0]?.errors[0]).toContain('session_id')
  })
})
