import { asCollectedTime } from '@sluicebox/event/instants'
import type { BadRecord, GoodRecord, RawRecord } from '@sluicebox/event/records'
import { maskAddresses } from '@sluicebox/protocol/mask'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { firstTry, toRaw } from './retry.ts'
import {
  COLLECTED_AT,
  contexts,
  pageView,
  rawRecord,
  run,
  schemas,
  testEnricher,
  TP2,
  tp2Body,
  unstruct,
} from './testing/run.ts'

const VOTE = 'iglu:com.example/vote/jsonschema/1-0-0'
/** Before the repair no schema of com.example is known; after it each takes everything. */
const before = testEnricher()
const after = testEnricher(
  {},
  { schemas: { validator: ref => (ref === VOTE ? () => [] : schemas.validator(ref)) } },
)

test.each([
  ['cut off', 'application/json', (text: string) => Buffer.from(text.slice(0, -2)), 'payload_not_json'],
  ['of another type', 'text/plain', (text: string) => Buffer.from(text), 'content_type_unsupported'],
  ['in UTF-16', 'application/json', (text: string) => Buffer.from(text, 'utf16le'), 'payload_not_json'],
])('a body %s that was masked is good once it is repaired', (_what, content_type, spoil, reason) => {
  const sent = Buffer.from(tp2Body(pageView({ ip: '203.0.113.77', duid: 'jane' }))).toString()
  const body = maskAddresses(spoil(sent), { ipv4PrefixBits: 24, ipv6PrefixBits: 48 })
  const [bad] = run([rawRecord({ content_type, body })], before).bad
  expect(bad?.reason).toBe(reason)
  const repaired = Buffer.from(sent.replace('.77"', '.0"').replace('.77\\"', '.0\\"'))
  const { good, bad: again } = run([toRaw(bad as BadRecord, repaired)], before)
  expect(again).toEqual([])
  expect(good[0]).toMatchObject({ visitor: 'jane', collected_at: bad?.collected_at })
})

/** Without the coordinates, by which alone a retried event differs. */
function content(event: GoodRecord): object {
  const { source_partition: _p, source_position: _n, source_index: _i, ...rest } = event
  return rest
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('9007199254740993', '"', '\\', '[]}'),
)
const entity = fc.record({
  schema: fc.constant(VOTE),
  data: fc.record({ a: text, b: fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })) }),
})
const common = {
  aid: text,
  dtm: fc.integer({ min: COLLECTED_AT - 1e6, max: COLLECTED_AT }).map(String),
  stm: fc.constant(String(COLLECTED_AT)),
  eid: fc.uuid(),
  url: fc.constantFrom('https://shop.example.com/product/7?utm_source=x', '/cart'),
}
const trackerEvent = fc
  .record(
    {
      ...common,
      co: fc.array(entity, { maxLength: 2 }).map(entities => contexts(...entities)),
      ue_pr: entity.map(({ data }) => unstruct(VOTE, data)),
    },
    { requiredKeys: [] },
  )
  .map(fields => pageView({ ...fields, e: fields.ue_pr === undefined ? 'pv' : 'ue' }))
const plainEvent = fc.oneof(
  fc.record({
    action: fc.constantFrom('vote', 'view'),
    properties: fc.dictionary(fc.string({ minLength: 1, maxLength: 9 }), text),
  }),
  fc.record({ action: fc.constant('a/b') }),
)
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value, null, 1))
const nothing = { querystring: null, content_type: null, body: null }
const request: fc.Arbitrary<Partial<RawRecord>> = fc.oneof(
  fc
    .array(trackerEvent, { minLength: 1, maxLength: 4 })
    .chain(events =>
      fc.constantFrom<Partial<RawRecord>>(
        { body: tp2Body(...events) },
        { body: tp2Body(...events), querystring: 'aid=q&nuid=n' },
      ),
    ),
  trackerEvent.map(event => ({
    ...nothing,
    path: '/i',
    querystring: new URLSearchParams(event as Record<string, string>).toString(),
  })),
  fc
    .array(plainEvent, { minLength: 1, maxLength: 4 })
    .map(events => ({ path: '/v1/events', body: json(events) })),
  plainEvent.map(event => ({ path: '/v1/events', body: json(event) })),
  fc.array(plainEvent, { minLength: 2, maxLength: 4 }).map(events => ({
    path: '/v1/events',
    content_type: 'application/x-ndjson',
    body: Buffer.from(events.map(event => JSON.stringify(event)).join('\r\n')),
  })),
  fc
    .array(
      fc.oneof(
        entity.map(each => each.data),
        fc.constant(7),
      ),
      { minLength: 1, maxLength: 3 },
    )
    .map(items => ({
      path: '/com.snowplowanalytics.iglu/v1',
      content_type: 'application/json',
      querystring: `schema=${encodeURIComponent(VOTE)}&aid=hook`,
      body: json(items),
    })),
  fc.array(entity, { minLength: 1, maxLength: 3 }).map(items => ({
    path: '/com.snowplowanalytics.iglu/v1',
    content_type: 'application/json',
    body: json(items),
  })),
  fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), text).map(data => ({
    path: '/com.snowplowanalytics.iglu/v1',
    content_type: 'application/x-www-form-urlencoded',
    querystring: `schema=${encodeURIComponent(VOTE)}`,
    body: Buffer.from(new URLSearchParams(data).toString()),
  })),
)
const raw = fc
  .record({
    request,
    privacy: fc.constantFrom('none' as const, 'anonymous' as const),
    user_agent: fc.constantFrom(null, 'curl/8.0'),
    referer: fc.constantFrom(null, 'https://shop.example.com/from-header'),
    network_user_id: fc.constantFrom(null, 'network-1'),
    collected_at: fc.integer({ min: COLLECTED_AT, max: COLLECTED_AT + 1e6 }).map(asCollectedTime),
  })
  .map(({ request: changes, ...rest }) => rawRecord({ ...rest, ...changes }))

test('what was bad gives, once the schemas are there, what a correct first pass would have given', () => {
  let retried = 0
  fc.assert(
    fc.property(raw, record => {
      const correct = new Map(run([record], after).good.map(event => [event.source_index, content(event)]))
      for (const bad of run([record], before).bad) {
        const wanted = correct.get(bad.source_index)
        const again = run([toRaw(bad)], after, 4711n)
        expect(again.good.map(content)).toEqual(wanted === undefined ? [] : [wanted])
        retried += again.good.length
      }
    }),
    { numRuns: 600 },
  )
  expect(retried).toBeGreaterThan(100)
})

test('an event that is bad again is still known by its first place, and gets the same id in the end', () => {
  const body = tp2Body(pageView(), pageView({ e: 'ue', ue_pr: unstruct(VOTE, {}) }))
  const wanted = run([rawRecord({ body })], after).good.find(event => event.source_index === 1)
  let [bad] = run([rawRecord({ body })], before).bad
  for (const position of [20n, 30n]) {
    if (bad === undefined) throw new Error('it is not bad any more')
    expect(firstTry(bad)).toBe('3/7/1')
    ;[bad] = run([toRaw(bad)], before, position).bad
    expect(bad).toMatchObject({ source_position: String(position), source_index: 0, retry_of: '3/7/1' })
  }
  if (bad === undefined) throw new Error('it is not bad any more')
  expect(run([toRaw(bad)], after, 40n).good[0]?.event_id).toBe(wanted?.event_id)
})

test('a body that was refused as a whole gives each of its events the id of a first pass', () => {
  const body = tp2Body(pageView(), pageView({ dtm: 1 }), pageView())
  const wanted = run([rawRecord({ body })]).good.map(event => event.event_id)
  const [bad] = run([rawRecord({ body })], testEnricher({ strict: true })).bad
  if (bad === undefined) throw new Error('it is not bad')
  const again = run([toRaw(bad)], before, 20n)
  expect(again.good.map(event => event.event_id)).toEqual(wanted)
  // One of them is still bad, and known by its own place in the first request.
  expect(again.bad.map(firstTry)).toEqual(['3/7/1'])
})

test('the edited event takes the place of the original, with all else of the request', () => {
  const [bad] = run([
    rawRecord({
      body: tp2Body(pageView({ dtm: 'now' })),
      querystring: 'aid=q',
      user_agent: 'curl/8.0',
      request_id: 'r-9',
    }),
  ]).bad
  if (bad === undefined) throw new Error('it is not bad')
  const edited = Buffer.from(`{\n "e": "pv", "p": "tv", "tv": "x"\n}`)
  const sent = toRaw(bad, edited)
  expect(sent).toMatchObject({ path: TP2, request_id: 'r-9', collected_at: COLLECTED_AT, retry_of: '3/7/0' })
  expect(run([sent]).good).toMatchObject([{ platform: 'tv', app_id: 'q', user_agent: 'curl/8.0' }])
})

test('an edited line may be written over several', () => {
  const [bad] = run([rawRecord({ path: '/v1/events', body: Buffer.from('{"action":"a/b"}') })]).bad
  if (bad === undefined) throw new Error('it is not bad')
  const edited = Buffer.from('{\r\n  "action": "a b"\r\n}\n')
  expect(run([toRaw(bad, edited)]).good.map(event => event.action)).toEqual(['a b'])
})
