import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { protocolAt, readPayload } from './payload.ts'
import type { ProtocolOptions, Request } from './request.ts'

const options: ProtocolOptions = { strict: false, eventsMax: 3, depthMax: 8, paths: { 'acme/own': 'tp2' } }
const TP2 = '/com.snowplowanalytics.snowplow/tp2'
const envelope = (...data: unknown[]): string =>
  JSON.stringify({ schema: 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4', data })
const view = { e: 'pv', p: 'web', tv: 't' }

const read = (request: Partial<Request>) =>
  readPayload(
    { path: TP2, querystring: null, content_type: 'application/json', body: null, ...request },
    options,
  )

test.each([
  [TP2, 'tp2'],
  ['/com.snowplowanalytics.snowplow/tp2/', 'tp2'],
  ['/acme/own', 'tp2'],
  ['/i', 'pixel'],
  ['//i', 'pixel'],
  ['/v1/events', 'v1'],
  ['/com.snowplowanalytics.iglu/v1', 'iglu'],
  ['/constructor', undefined],
  ['/acme/other', undefined],
])('at %s %s is spoken', (path, expected) => {
  expect(protocolAt(path, options.paths)).toBe(expected)
})

describe('readPayload', () => {
  test.each<[string, Partial<Request>, number | string]>([
    ['a batch', { body: Buffer.from(envelope(view, view)) }, 2],
    ['a batch behind a byte order mark', { body: Buffer.from('\ufeff' + envelope(view)) }, 1],
    ['a batch that is too long', { body: Buffer.from(envelope(view, view, view, view)) }, 'events_too_many'],
    ['an empty batch', { body: Buffer.from(envelope()) }, 'payload_empty'],
    ['half of a batch', { body: Buffer.from(envelope(view).slice(0, -9)) }, 'payload_not_json'],
    ['bytes that are not UTF-8', { body: Buffer.from([0x7b, 0xff, 0x7d]) }, 'payload_undecodable'],
    [
      'a form',
      { content_type: 'application/x-www-form-urlencoded', body: Buffer.from('e=pv') },
      'content_type_unsupported',
    ],
    ['a query', { path: '/i', querystring: 'e=pv&p=web&tv=t' }, 1],
    ['a broken query', { path: '/i', querystring: 'e=%zz' }, 'query_undecodable'],
    ['nothing', { path: '/i' }, 'payload_empty'],
    ['lines', { path: '/v1/events', body: Buffer.from('{"action":"a"}\n{"action":"b"}\n') }, 2],
    ['a path that is not known', { path: '/a/b', body: Buffer.from('{}') }, 'path_unsupported'],
  ])('of %s gives %s', (_what, request, expected) => {
    const payload = read(request)
    expect('refused' in payload ? payload.refused.reason : payload.events.length).toBe(expected)
  })

  test('keeps the text that each event was read from', () => {
    const second = '{"e" : "pp","p":"web","tv":"t"}'
    const payload = read({
      body: Buffer.from(
        `{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[${JSON.stringify(view)}, ${second} ]}`,
      ),
    })
    expect('original' in payload && typeof payload.original === 'function' && payload.original(1)).toBe(
      second,
    )
  })

  test('returns whatever the request is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(TP2, '/i', '/v1/events', '/com.snowplowanalytics.iglu/v1', '/acme/own', '/x'),
        fc.option(fc.string({ unit: 'binary' })),
        fc.option(
          fc.constantFrom(
            'application/json',
            'application/x-ndjson',
            'text/plain',
            'application/x-www-form-urlencoded',
          ),
        ),
        fc.option(
          fc.oneof(
            fc.uint8Array(),
            fc.json().map(text => Buffer.from(text)),
            fc.json().map(text => Buffer.from(envelope(JSON.parse(text) as unknown))),
          ),
        ),
        (path, querystring, content_type, body) => {
          const payload = read({ path, querystring, content_type, body })
          expect('refused' in payload || payload.events.length > 0).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })
})
