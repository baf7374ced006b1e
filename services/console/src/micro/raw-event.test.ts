import { describe, expect, test } from 'vitest'
import { badEventOf, badPayloadOf, rawEventOf } from './raw-event.ts'
import { record } from '../testing/records.ts'

const TP2 = '/com.snowplowanalytics.snowplow/tp2'
const body = (text: string): Uint8Array => Buffer.from(text)

describe('the event that came in', () => {
  test.each([
    {
      description: 'of an envelope, the parameters of the URL winning',
      path: TP2,
      querystring: 'p=mob&x=a%20b',
      sent: '{"schema":"iglu:x","data":[{"e":"pv"},{"e":"pp","p":"web"}]}',
      parameters: { e: 'pp', p: 'mob', x: 'a b' },
    },
    {
      description: 'of an array',
      path: '/v1/events',
      sent: '[{"action":"a"},{"action":"b"}]',
      parameters: { action: 'b' },
    },
    {
      description: 'of lines',
      path: '/v1/events',
      sent: '{"action":"a"}\n\n{"action":"b"}\n',
      parameters: { action: 'b' },
    },
    { description: 'of a body that is not JSON', path: TP2, sent: 'x', parameters: {} },
    { description: 'of a body with fewer', path: TP2, sent: '{"data":[{"e":"pv"}]}', parameters: {} },
  ])('$description', ({ path, querystring = null, sent, parameters }) => {
    expect(rawEventOf(record('raw', { path, querystring, body: body(sent) }), 1).parameters).toEqual(
      parameters,
    )
  })

  test('of one object', () => {
    const raw = record('raw', { path: '/v1/events', body: body('{"action":"a"}') })
    expect(rawEventOf(raw, 0).parameters).toEqual({ action: 'a' })
  })

  test('of a pixel, with the request that it came in', () => {
    const raw = record('raw', {
      path: '/i',
      querystring: 'e=pv&p=web',
      collected_at: 1_795_167_000_120 as never,
      collector: 'collector-0.1.0',
      ip: '203.0.113.0',
      user_agent: 'Mozilla/5.0',
      referer: 'https://shop.test/',
      hostname: 'c.shop.test',
      headers: ['Accept: */*'],
      network_user_id: 'n-1',
    })
    expect(rawEventOf(raw, 0)).toEqual({
      api: { vendor: 'com.snowplowanalytics.snowplow', version: 'tp1' },
      parameters: { e: 'pv', p: 'web' },
      contentType: null,
      source: { name: 'collector-0.1.0', encoding: 'UTF-8', hostname: 'c.shop.test' },
      context: {
        timestamp: '2026-11-20T09:30:00.120Z',
        ipAddress: '203.0.113.0',
        useragent: 'Mozilla/5.0',
        refererUri: 'https://shop.test/',
        headers: ['Accept: */*'],
        userId: 'n-1',
      },
    })
  })

  test('has the protocol that its path names', () => {
    expect(rawEventOf(record('raw', { path: TP2 }), 0).api).toEqual({
      vendor: 'com.snowplowanalytics.snowplow',
      version: 'tp2',
    })
  })
})

describe('a bad event', () => {
  test.each([
    { original_format: 'event', original: '{"e":"pv"}', parameters: { e: 'pv', aid: 'shop' } },
    { original_format: 'line', original: '{"action":"a"}', parameters: { action: 'a', aid: 'shop' } },
    { original_format: 'query', original: 'e=pv&aid=other', parameters: { e: 'pv', aid: 'other' } },
  ] as const)('kept as $original_format is read', ({ original_format, original, parameters }) => {
    const bad = record('bad', {
      original_format,
      original: body(original),
      querystring: 'aid=shop',
      path: TP2,
    })
    expect(badEventOf(bad)?.parameters).toEqual(parameters)
  })

  test.each([
    { original_format: 'body', original: '{"data":[]}' },
    { original_format: 'event', original: '{' },
    { original_format: 'line', original: '[]' },
  ] as const)('kept as $original_format: $original is not an event', ({ original_format, original }) => {
    expect(badEventOf(record('bad', { original_format, original: body(original) }))).toBeNull()
  })

  test('keeps its request, with the body as it was', () => {
    const bad = record('bad', {
      original: body('{'),
      querystring: 'a=1',
      path: TP2,
      processor: 'enricher-0.1.0',
    })
    expect(badPayloadOf(bad)).toMatchObject({
      api: { version: 'tp2' },
      querystring: [{ name: 'a', value: '1' }],
      body: '{',
      source: { name: 'enricher-0.1.0' },
    })
  })
})
