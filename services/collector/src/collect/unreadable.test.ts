// No whole address is stored, whether or not what was sent can be read.
import { asCollectedTime } from '@sluicebox/event/instants'
import { expect, test } from 'vitest'
import { configOf, countingIds, payloadData, TP2 } from '../testing/parts.ts'
import { createCollect, type EventRequest } from './collect.ts'

const V4 = '203.0.113.77'
const V6 = '2001:db8:1234:5678::9'
const collect = createCollect({
  config: configOf({}),
  uuid: countingIds(),
  checkEvent: event => ('client_ip' in (event as object) ? ['client_ip is not known'] : []),
})

function request(body: string | null, others: Partial<EventRequest> = {}): EventRequest {
  return {
    query: null,
    headers: { 'content-type': 'application/json' },
    peer: V4,
    collectedAt: asCollectedTime(0),
    body: body === null ? null : Buffer.from(body),
    ...others,
  }
}

const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } }
const IGLU = '/com.snowplowanalytics.iglu/v1'
const line = (event: object): string => JSON.stringify({ action: 'page_view', visitor_id: 'v', ...event })
const base64 = (text: string): string => Buffer.from(text).toString('base64url')

test.each<[string, string, EventRequest]>([
  [
    'a readable event',
    TP2,
    request(payloadData({ e: 'pv', duid: 'd', ip: V4 }, { e: 'pv', duid: 'd', ip: `[${V6}]:80` })),
  ],
  ['a parameter', TP2, request(payloadData({ e: 'pv', duid: 'd' }), { query: `ip=${V6}` })],
  ['a list of proxies', TP2, request(payloadData({ e: 'pv', duid: 'd', ip: `${V4}, ${V6}` }))],
  ['a body that is cut off', TP2, request(payloadData({ e: 'pv', duid: 'd', ip: V4, x: V6 }).slice(0, -4))],
  [
    'a cut body with entities in base64',
    TP2,
    request(`{"data":[{"cx":"${base64(`{"ip":"${V4}","to":"${V6}"}`)}`),
  ],
  ['a body with escapes that is cut off', TP2, request('{"data":[{"ip":"203\\u002e0.113.77"')],
  [
    'a member of the envelope that nobody reads',
    TP2,
    request(
      payloadData({ e: 'pv', p: 'web', tv: 't', duid: 'd' }).replace('{', `{"from":"${V4}","via":["${V6}"],`),
    ),
  ],
  [
    'events that are there twice, of which the last are read',
    TP2,
    request(
      payloadData({ e: 'pv', p: 'web', tv: 't', duid: 'd' }).replace(
        '"data":',
        `"data":[{"e":"pv","ip":"${V4}","duid":"${V6}"}],"data":`,
      ),
    ),
  ],
  ['an envelope that is missing', TP2, request(JSON.stringify({ ip: V4, e: 'pv' }))],
  [
    'an event with an unknown field',
    TP2,
    request(payloadData({ e: 'pv', p: 'web', tv: 't', duid: 'd', client_ip: V4 })),
  ],
  [
    'an event with one in capitals',
    TP2,
    request(payloadData({ e: 'pv', p: 'web', tv: 't', duid: 'd', userIP: V6 })),
  ],
  [
    'an event with an unknown address',
    TP2,
    request(payloadData({ e: 'pv', p: 'web', tv: 't', duid: 'd', remote_addr: V4 })),
  ],
  ['a form', TP2, request(`e=pv&ip=${V4}&y=${encodeURIComponent(V6)}`, form)],
  [
    'a form of the webhook',
    IGLU,
    request(`schema=iglu:a/b/jsonschema/1-0-0&ip=${V4}&y=${encodeURIComponent(V6)}`, form),
  ],
  [
    'JSON of the webhook',
    IGLU,
    request(JSON.stringify({ schema: 'iglu:a/b/jsonschema/1-0-0', data: { ip: V4, y: V6 } })),
  ],
  ['an unknown path', '/acme/track', request(`{"ip":"${V4}"}`, { query: `client=${V6}` })],
  ['a GET of an unknown path', '/acme/track', request(null, { query: `client=${V4}&y=${V6}` })],
  ['a query with a broken code', '/i', request(null, { query: `e=pv&client=${V4}&y=%` })],
  [
    'a query with a broken code beside a body',
    TP2,
    request(payloadData({ e: 'pv' }), { query: `client=${V4}&y=%` }),
  ],
  ['a name in codes', '/i', request(null, { query: `e=pv&p=web&%69p=${V4}` })],
  ['a query without a type', '/i', request(null, { query: `client=${V4}` })],
  ['a plain event', '/v1/events', request(line({ ip: V4 }))],
  ['a plain event with an unknown field', '/v1/events', request(`[${line({ client_ip: V4 })},${line({})}]`)],
  ['a line that is broken', '/v1/events', request(`${line({})}\n{"ip":"${V4}","y":"${V6}"`)],
  ['bytes', TP2, request(Buffer.from([0xff, 0xfe, ...Buffer.from(V4), 0x80]).toString('latin1'))],
])('an address in %s', (_where, path, sent) => {
  const collected =
    path === '/v1/events'
      ? collect.events(sent)
      : sent.body === null
        ? collect.pixel(path, sent)
        : collect.tracker(path, sent)
  if (!('records' in collected)) throw new Error('not stored')
  const stored = collected.records
    .map(
      ({ body, ...record }) =>
        `${JSON.stringify(record)} ${body === null ? '' : Buffer.from(body).toString('latin1')}`,
    )
    .join('\n')
  const decoded = stored.replaceAll(
    /[\w-]{16,}/g,
    run => `${run} ${Buffer.from(run, 'base64').toString('latin1')}`,
  )
  for (const text of [
    decoded,
    decodeURIComponent(decoded.replaceAll('%', '%25')),
    decoded.replaceAll('\\u002e', '.'),
  ]) {
    expect(text).not.toContain(V4)
    expect(text).not.toContain(V6)
    expect(text).not.toContain(encodeURIComponent(V6))
  }
  expect(stored).toContain('203.0.113.0')
})

test('the bytes of a readable event of an identified visitor stay as they came', () => {
  const body = payloadData({ e: 'pv', p: 'web', tv: 't', duid: 'd', page: `from ${V4}` })
  const collected = collect.tracker(TP2, request(body))
  expect('records' in collected && Buffer.from(collected.records[0]?.body as Uint8Array).toString()).toBe(
    body,
  )
})
