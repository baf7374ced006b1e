import { asCollectedTime } from '@sluicebox/event/instants'
import type { BadRecord, GoodRecord, RawRecord } from '@sluicebox/event/records'
import { Unresolved } from '@sluicebox/stream/driver/stage'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eventIdOf } from './coordinates.ts'
import {
  badCodec,
  batchOf,
  COLLECTED_AT,
  contexts,
  decodeAll,
  goodCodec,
  goodOf,
  pageView,
  PAYLOAD,
  rawCodec,
  rawRecord,
  run,
  schemas,
  testEnricher,
  tp2Body,
  unstruct,
} from './testing/run.ts'

const WEB_PAGE = 'iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0'
const ids = ['1', '2', '3', '4'].map(digit => `${digit}0000000-0000-4000-8000-000000000000`)

describe('a record of raw', () => {
  test('gives its good and its bad events, each once, with their places in it', () => {
    const { good, bad } = run([
      rawRecord({
        body: tp2Body(
          pageView({ eid: ids[0] }),
          pageView({ eid: ids[1], e: undefined }),
          7,
          pageView({ eid: ids[3] }),
        ),
      }),
    ])
    expect(good.map(event => [event.source_index, event.event_id])).toEqual([
      [0, ids[0]],
      [3, ids[3]],
    ])
    expect(bad.map(record => [record.source_index, record.reason, record.event_id])).toEqual([
      [1, 'field_missing', ids[1]],
      [2, 'event_not_object', null],
    ])
    for (const record of [...good, ...bad])
      expect(record).toMatchObject({ source_partition: 3, source_position: '7', visitor: 'visitor-1' })
  })

  test('keeps its key for all that is made from it', () => {
    const enricher = testEnricher()
    const body = tp2Body(pageView(), pageView({ e: 'nonsense' }))
    const outputs = enricher.process(enricher.start(3), batchOf([rawCodec.encode(rawRecord({ body }))]))
    expect([...outputs.good, ...outputs.bad].map(({ key, partition }) => [key, partition])).toEqual([
      ['key-0', undefined],
      ['key-0', undefined],
    ])
  })

  test('gives its events in the order in which they happened', () => {
    const at = (secondsBefore: number): Record<string, unknown> =>
      pageView({ dtm: String(COLLECTED_AT - secondsBefore * 1000), stm: String(COLLECTED_AT) })
    const { good } = run([rawRecord({ body: tp2Body(at(5), at(30), at(5), at(10)) })])
    expect(good.map(event => [(COLLECTED_AT - event.event_time) / 1000, event.source_index])).toEqual([
      [30, 1],
      [10, 3],
      [5, 0],
      [5, 2],
    ])
  })

  test('that is a heartbeat is passed on to its own partition', () => {
    const enricher = testEnricher()
    const value = rawCodec.encode(rawRecord({ kind: 'heartbeat', visitor: '' }))
    const { good, bad } = enricher.process(enricher.start(3), batchOf([value]))
    expect(bad).toEqual([])
    expect(good.map(({ key, partition }) => [key, partition])).toEqual([[null, 3]])
    expect(decodeAll(goodCodec, good)[0]).toMatchObject({
      kind: 'heartbeat',
      collected_at: COLLECTED_AT,
      event_time: COLLECTED_AT,
      source_partition: 3,
      source_position: '7',
      event_id: '',
      visitor: '',
    })
  })

  test('with an event without id gives it one that a second run gives too', () => {
    const body = tp2Body(pageView(), pageView())
    const [first, second] = run([rawRecord({ body })]).good
    expect(first?.event_id).toBe(eventIdOf({ partition: 3, position: '7', index: 0 }))
    expect(first?.event_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(second?.event_id).not.toBe(first?.event_id)
    expect(run([rawRecord({ body })]).good[0]).toEqual(first)
  })

  test.each([
    ['no framing at all', Buffer.from('hello')],
    ['nothing', Buffer.alloc(0)],
    ['a truncated record', rawCodec.encode(rawRecord()).subarray(0, 20)],
  ])('of %s is bad with its bytes, and the next one is good', (_name, value) => {
    const enricher = testEnricher()
    const next = rawCodec.encode(rawRecord({ body: tp2Body(pageView()) }))
    const { good, bad } = enricher.process(enricher.start(3), batchOf([value, next]))
    expect(good.length).toBe(1)
    const [record] = decodeAll(badCodec, bad)
    expect(record).toMatchObject({ reason: 'record_undecodable', visitor: 'key-0', source_position: '7' })
    expect(Buffer.from(record?.original ?? [])).toEqual(Buffer.from(value))
  })
})

describe('what is not here yet', () => {
  const unknownWriter = Buffer.from([0, 0, 0, 0, 9, 1, 2, 3])

  test('stops the batch before the state is touched: the schema of a writer', () => {
    const enricher = testEnricher()
    const state = enricher.start(3)
    const good = rawCodec.encode(rawRecord({ body: tp2Body(pageView()) }))
    expect(() => enricher.process(state, batchOf([good, unknownWriter]))).toThrow(new Unresolved(['avro:9']))
    expect(state).toEqual(enricher.start(3))
  })

  test('is bad once the registry has said that there is no such schema', () => {
    const enricher = testEnricher({}, { absentSchemas: new Set([9]) })
    const { bad } = enricher.process(enricher.start(3), batchOf([unknownWriter]))
    expect(decodeAll(badCodec, bad)[0]?.errors[0]).toContain('the schema 9')
  })

  test('stops the batch when a validator asks for it', () => {
    const asking = {
      validator: (ref: string): never => {
        throw new Unresolved([ref])
      },
    }
    const enricher = testEnricher({}, { schemas: asking })
    const value = rawCodec.encode(
      rawRecord({ body: tp2Body(pageView({ co: contexts({ schema: WEB_PAGE, data: {} }) })) }),
    )
    expect(() => enricher.process(enricher.start(3), batchOf([value]))).toThrow(new Unresolved([WEB_PAGE]))
  })
})

test('a fault of an enrichment makes the event bad, not its neighbours', () => {
  const failing = {
    validator(ref: string) {
      if (ref === WEB_PAGE) throw new TypeError('cannot read properties of undefined')
      return schemas.validator(ref)
    },
  }
  const body = tp2Body(pageView(), pageView({ co: contexts({ schema: WEB_PAGE, data: {} }) }), pageView())
  const { good, bad } = run([rawRecord({ body })], testEnricher({}, { schemas: failing }))
  expect(good.map(event => event.source_index)).toEqual([0, 2])
  expect(bad).toMatchObject([
    { source_index: 1, reason: 'enrichment_failed', errors: ['cannot read properties of undefined'] },
  ])
})

test('an event too large for the stream is bad', () => {
  const large = pageView({ co: contexts({ schema: WEB_PAGE, data: { id: 'x'.repeat(2000) } }) })
  const lenient = { validator: () => () => [] }
  const { good, bad } = run(
    [rawRecord({ body: tp2Body(large, pageView()) })],
    testEnricher({ goodBytesMax: 2000 }, { schemas: lenient }),
  )
  expect(good.map(event => event.source_index)).toEqual([1])
  expect(bad.map(record => record.reason)).toEqual(['too_large'])
})

test('what comes out does not depend on where batches begin and end, nor on what came before', () => {
  const records = Array.from({ length: 12 }, (_, i) =>
    rawRecord({
      collected_at: asCollectedTime(COLLECTED_AT + i),
      user_agent: i % 2 === 0 ? 'curl/8.0' : null,
      body: tp2Body(
        pageView({ url: `https://shop.example.com/products/p${i % 3}` }),
        pageView({ p: i % 4 === 0 ? 'x' : 'web' }),
      ),
    }),
  )
  // A cache of two entries forgets all the time.
  const enrichers = [testEnricher({ rememberedMax: 2 }), testEnricher()]
  const together = run(records, enrichers[0])
  const alone = records.map((record, i) => run([record], enrichers[1], 7n + BigInt(i)))
  expect(alone.flatMap(outcome => outcome.good)).toEqual(together.good)
  expect(alone.flatMap(outcome => outcome.bad)).toEqual(together.bad)
})

test('the tally tells what was done', () => {
  const enricher = testEnricher()
  const state = enricher.start(3)
  const values = [
    rawRecord({
      body: tp2Body(
        pageView(),
        pageView({ url: 'https://a.example/x/y', p: 'x', res: 'y' }),
        pageView({ dtm: 'x' }),
      ),
    }),
    rawRecord({ kind: 'heartbeat', collected_at: asCollectedTime(COLLECTED_AT + 5) }),
  ].map(record => rawCodec.encode(record))
  enricher.process(state, batchOf(values))
  enricher.process(state, batchOf([Buffer.from('?')]))
  expect(state.tally).toEqual({
    amounts: new Map(),
    countries: new Map([[null, 2]]),
    notes: new Map([['field', 2]]),
    ignoredIds: 0,
    records: 3,
    heartbeats: 1,
    good: 2,
    bad: new Map([
      ['field_invalid', 1],
      ['record_undecodable', 1],
    ]),
    views: new Map([
      ['home', 1],
      ['other', 1],
    ]),
    lastCollectedAt: COLLECTED_AT + 5,
  })
})

test('the record says by which rules and lists it was made', () => {
  const own = { when: { path: '/x' }, then: { pageKind: 'cart' as const } }
  const names = [{}, { rules: [own] }, { defaultRules: false }].map(
    config => goodOf(pageView(), {}, config).enricher,
  )
  expect(names[0]).toMatch(
    /^sluicebox-enricher\/test rules\/[\d.]+ sites\/\d{4}-\d\d-\d\d\+[0-9a-f]{8} agents\/[\d.]+\+isbot-[\d.]+$/,
  )
  expect(new Set(names).size).toBe(3)
})

describe('whatever a record holds', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom('', '\u0000', '\ud800'))
  const nullable = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
    fc.option(arbitrary, { nil: null })
  const key = fc.oneof(
    fc.constantFrom(
      'e',
      'p',
      'tv',
      'url',
      'co',
      'cx',
      'ue_pr',
      'ue_px',
      'dtm',
      'stm',
      'eid',
      'refr',
      'se_va',
      'ip',
    ),
    text,
  )
  const selfDescribing = fc.record({
    schema: fc.oneof(fc.constantFrom(WEB_PAGE, 'iglu:com.example/none/jsonschema/1-0-0'), text),
    data: fc.jsonValue(),
  })
  const value = fc.oneof(
    text,
    fc.constantFrom(
      'pv',
      'ue',
      'se',
      'web',
      'https://shop.example.com/?q=%zz#a=b',
      '1760000000000',
      'null',
      '{',
    ),
    fc.jsonValue().map(json => JSON.stringify(json)),
    fc.array(selfDescribing, { maxLength: 3 }).map(entities => contexts(...entities)),
    selfDescribing.map(({ schema, data }) => unstruct(schema, data)),
  )
  const event = fc.oneof(
    fc.dictionary(key, fc.oneof({ weight: 9, arbitrary: value }, fc.jsonValue()), { maxKeys: 8 }),
    fc.dictionary(key, value, { maxKeys: 5 }).map(fields => ({ ...pageView(), ...fields })),
    fc.jsonValue(),
  )
  const v1Event = fc.record(
    {
      action: fc.oneof(fc.constantFrom('page_view', 'transaction', 'has "quotes"'), text),
      time: fc.oneof(fc.constantFrom('2026-11-20T09:30:00Z', 1e999, -1), text),
      page: fc.oneof(fc.record({ url: value, kind: text }), fc.jsonValue()),
      product: fc.oneof(fc.record({ id: text, price: fc.double() }), fc.jsonValue()),
      properties: fc.jsonValue(),
      __proto__: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  const body = fc.oneof(
    fc.uint8Array(),
    fc.json().map(json => Buffer.from(json)),
    text.map(each => Buffer.from(each)),
    fc.array(event, { maxLength: 5 }).map(events => tp2Body(...events)),
    fc.array(event, { maxLength: 5 }).map(events => Buffer.from(JSON.stringify(events))),
    fc
      .array(v1Event, { maxLength: 5 })
      .map(events => Buffer.from(events.map(each => JSON.stringify(each)).join('\n'))),
    fc.array(v1Event, { maxLength: 5 }).map(events => Buffer.from(JSON.stringify(events))),
  )
  const querystring = fc.oneof(
    text,
    fc.dictionary(key, value, { maxKeys: 6 }).map(fields => new URLSearchParams(fields).toString()),
    selfDescribing.map(({ schema }) => `schema=${schema}`),
  )
  const raw: fc.Arbitrary<RawRecord> = fc.record({
    kind: fc.constantFrom('payload', 'payload', 'heartbeat', 'other' as 'payload'),
    collected_at: fc.integer({ min: 0, max: 253_402_300_799_999 }).map(asCollectedTime),
    collector: text,
    request_id: text,
    visitor: text,
    path: fc.oneof(
      fc.constantFrom(
        '/com.snowplowanalytics.snowplow/tp2',
        '/i',
        '/v1/events',
        '/com.snowplowanalytics.iglu/v1',
      ),
      text,
    ),
    querystring: nullable(querystring),
    content_type: nullable(
      fc.oneof(
        fc.constantFrom('application/json', 'application/x-ndjson', 'application/x-www-form-urlencoded'),
        text,
      ),
    ),
    body: nullable(body),
    ip: nullable(fc.oneof(fc.ipV4(), fc.ipV6(), text)),
    user_agent: nullable(text),
    referer: nullable(fc.oneof(fc.webUrl(), text)),
    hostname: nullable(text),
    network_user_id: nullable(text),
    headers: fc.array(text, { maxLength: 3 }),
    privacy: fc.constantFrom('none', 'anonymous'),
    retry_of: nullable(fc.oneof(fc.constant('1/2/3'), text)),
  })

  function coordinates(records: readonly (GoodRecord | BadRecord)[]): string[] {
    return records.map(record => `${record.source_position}/${record.source_index}`)
  }

  test('it never throws, and every event comes out once, numbered without a gap', () => {
    const enricher = testEnricher()
    fc.assert(
      fc.property(fc.array(raw, { minLength: 1, maxLength: 4 }), records => {
        const outcome = run(records, enricher)
        const all = [...coordinates(outcome.good), ...coordinates(outcome.bad)]
        expect(new Set(all).size).toBe(all.length)
        for (const [i] of records.entries()) {
          const own = all.filter(each => each.startsWith(`${7 + i}/`))
          expect(own.length).toBeGreaterThan(0)
          for (let index = 0; index < own.length; index++) expect(own).toContain(`${7 + i}/${index}`)
        }
        for (const record of outcome.bad) {
          expect(record.message).not.toBe('')
          expect(record.errors.length).toBeGreaterThan(0)
          expect(record.reason).not.toBe('enrichment_failed')
        }
      }),
      { numRuns: 1500 },
    )
  })

  test('of a tracker, as many come out as went in', () => {
    const enricher = testEnricher()
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 8 }), events => {
        const { good, bad } = run([rawRecord({ body: tp2Body(...events) })], enricher)
        expect(good.length + bad.length).toBe(events.length)
      }),
      { numRuns: 500 },
    )
  })

  test('arbitrary bytes never stop it', () => {
    const enricher = testEnricher(
      {},
      { absentSchemas: { has: () => true } as unknown as ReadonlySet<number> },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.uint8Array().map(bytes => Buffer.concat([Buffer.alloc(5), bytes])),
          fc.uint8Array({ maxLength: 300 }).map(bytes => {
            const value = Buffer.from(rawCodec.encode(rawRecord({ body: tp2Body(pageView()) })))
            for (const [i, byte] of bytes.entries()) if (byte % 40 === 0) value[5 + i] = byte
            return value
          }),
        ),
        value => {
          const { good, bad } = enricher.process(enricher.start(3), batchOf([value]))
          expect(good.length + bad.length).toBeGreaterThan(0)
        },
      ),
      { numRuns: 1000 },
    )
  })
})

test('a payload of the deepest nesting is bad, not the end', () => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  const bodies = [
    deep,
    `{"schema":"${PAYLOAD}","data":${deep}}`,
    `{"schema":"${PAYLOAD}","data":[{"e":"pv","tv":"x","p":"web","co":${JSON.stringify(`{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0","data":[{"schema":"${WEB_PAGE}","data":${deep}}]}`)}}]}`,
  ]
  const { good, bad } = run(bodies.map(body => rawRecord({ body: Buffer.from(body) })))
  expect(good).toEqual([])
  expect(bad.map(record => record.reason)).toEqual(['payload_invalid', 'event_not_object', 'nested_too_deep'])
})
