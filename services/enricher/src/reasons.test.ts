import type { BadRecord, RawRecord } from '@sluicebox/event/records'
import { describe, expect, test } from 'vitest'
import { REASONS, type BadReason } from '@sluicebox/protocol/reasons'
import { firstTry, toRaw } from './retry.ts'
import {
  badCodec,
  batchOf,
  contexts,
  decodeAll,
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

const LINK_CLICK = 'iglu:com.snowplowanalytics.snowplow/link_click/jsonschema/1-0-1'
const FAILING = 'iglu:com.example/failing/jsonschema/1-0-0'
const body = (text: string): Partial<RawRecord> => ({ body: Buffer.from(text) })
const event = (changes: Record<string, unknown>): Partial<RawRecord> => ({ body: tp2Body(pageView(changes)) })

/** A request for each reason. */
const EXAMPLES: Readonly<Record<Exclude<BadReason, 'record_undecodable'>, Partial<RawRecord>>> = {
  path_unsupported: { path: '/nowhere/v9', ...event({}) },
  content_type_unsupported: { content_type: 'text/xml', ...event({}) },
  payload_undecodable: { body: Buffer.from([0xff]) },
  query_undecodable: { path: '/i', body: null, content_type: null, querystring: 'e=%zz' },
  payload_not_json: body('{'),
  payload_invalid: body('[]'),
  payload_schema_unknown: body('{}'),
  payload_empty: body(`{"schema":"${PAYLOAD}","data":[]}`),
  events_too_many: { body: tp2Body(1, 2, 3) },
  event_not_object: { body: tp2Body([]) },
  field_missing: event({ e: undefined }),
  field_unknown: { path: '/v1/events', ...body('{"action":"a","x":1}') },
  field_invalid: event({ dtm: 'x' }),
  field_too_long: event({ se_ca: 'x'.repeat(1001) }),
  action_invalid: { path: '/v1/events', ...body('{"action":"a/b"}') },
  not_json: event({ co: '{' }),
  not_self_describing: event({ co: '{}' }),
  nested_too_deep: event({ co: contexts({ schema: LINK_CLICK, data: [[[[[]]]]] }) }),
  schema_unknown: event({ e: 'ue', ue_pr: unstruct('iglu:com.example/none/jsonschema/1-0-0', {}) }),
  schema_violation: event({ e: 'ue', ue_pr: unstruct(LINK_CLICK, {}) }),
  too_large: event({ page: 'x'.repeat(1500) }),
  enrichment_failed: event({ e: 'ue', ue_pr: unstruct(FAILING, {}) }),
}

const enricher = testEnricher(
  { eventsMax: 2, depthMax: 5, goodBytesMax: 1500 },
  {
    schemas: {
      validator(ref) {
        if (ref === FAILING) throw new Error('a bug')
        return schemas.validator(ref)
      },
    },
  },
)

function refused(changes: RawRecord): BadRecord {
  const { good, bad } = run([changes], enricher)
  expect([good.length, bad.length]).toEqual([0, 1])
  return bad[0] as BadRecord
}

describe.each(Object.entries(EXAMPLES))('%s', (reason, changes) => {
  const bad = refused(rawRecord(changes))

  test('is reached, and says what, where and what to do', () => {
    expect(bad.reason).toBe(reason)
    const { when, remedy, scope } = REASONS[reason as BadReason]
    expect(bad.message).toContain(when)
    expect(bad.message).toContain(remedy)
    expect(bad.message).toMatch(scope === 'payload' ? /^The request / : /^The event /)
    expect(bad.errors.length).toBe(1)
    expect(bad.message).toContain(bad.errors[0])
  })

  test('sent again without repair it is refused again for the same, and known by its first place', () => {
    const again = refused(toRaw(bad))
    expect(again).toMatchObject({ reason, errors: bad.errors, original_format: bad.original_format })
    expect(Buffer.from(again.original)).toEqual(Buffer.from(bad.original))
    expect([firstTry(bad), firstTry(again)]).toEqual(['3/7/0', '3/7/0'])
  })
})

test('record_undecodable is reached, and can’t be sent again', () => {
  const { bad } = enricher.process(enricher.start(3), batchOf([rawCodec.encode(rawRecord()).subarray(0, 9)]))
  const [record] = decodeAll(badCodec, bad)
  expect(record?.reason).toBe('record_undecodable')
  expect(record?.message).toContain(REASONS.record_undecodable.remedy)
  expect(() => toRaw(record as BadRecord)).toThrow(/^The record 3\/7\/0 can't be sent again/)
})

test('what another stage refused is not sent to raw', () => {
  const bad = { ...refused(rawRecord(EXAMPLES.field_invalid)), stage: 'scorer' }
  expect(() => toRaw(bad)).toThrow(/refused by the scorer/)
})
