import { createCodec } from '@sluicebox/event/codec'
import type { BadRecord, GoodRecord } from '@sluicebox/event/records'
import { folderCodec, SCHEMAS_DIR } from '@sluicebox/registry/streams/folder'
import { SESSION_FIELDS } from '@sluicebox/session/session-event'
import { SESSION_POLICY } from '@sluicebox/session/sessions/policy'
import { Unresolved } from '@sluicebox/stream/driver/stage'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  badCodec,
  batchOf,
  decodeScored,
  encodeGood,
  goodRecord,
  heartbeat,
  scoringBundle,
  testScorer,
} from './testing/fixtures.ts'

const MINUTE_MS = 60_000

describe('scored records', () => {
  const scorer = testScorer()
  const { scored } = scorer.process(
    scorer.start(3),
    batchOf([
      goodRecord({ at: 1_000, action: 'product_view', page_kind: 'product', price: 10, is_bot: true }),
      goodRecord({ at: 2_000, action: 'transaction' }),
      heartbeat(90 * MINUTE_MS),
    ]),
  )
  const [update, final, ...others] = decodeScored(scored)

  test('of an update say which event made it, what came out and why', () => {
    expect(update).toEqual({
      score_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      kind: 'update',
      source_partition: 3,
      source_position: '0',
      source_index: 0,
      session_id: 's1',
      visitor: 'v1',
      revision: 1,
      n: 1,
      event_id: 'e1000',
      action: 'product_view',
      page_kind: 'product',
      created_at: null,
      collected_at: 1_000,
      event_time: 1_000,
      session_started_at: 1_000,
      session_event_count: 1,
      score: -1,
      probability: 1 / (1 + Math.exp(1)),
      decision: false,
      threshold: 0.5,
      no_score_reason: null,
      reasons: [
        { feature: 'events', value: 1, contribution: 1 },
        { feature: 'price_mean', value: 10, contribution: 1 },
      ],
      baseline: -3,
      bundle_id: 'ab'.repeat(32),
      bundle_name: 'test@1',
      feature_hash: scoringBundle().program.hash,
      arm: 'champion',
      goal: 'transaction',
      goal_reached: null,
      goal_at: null,
      goal_event_id: null,
      closed_by: null,
      is_bot: true,
      simulated: false,
    })
  })

  test('of a final say how the session ended, and the score of what came before the goal', () => {
    expect(final).toMatchObject({
      kind: 'final',
      source_position: '2',
      source_index: 0,
      n: 2,
      event_id: null,
      action: null,
      page_kind: null,
      collected_at: 90 * MINUTE_MS,
      event_time: 2_000,
      session_event_count: 2,
      score: -1,
      goal_reached: true,
      goal_at: 2_000,
      goal_event_id: 'e2000',
      closed_by: 'gap',
    })
    expect(others).toEqual([])
  })

  test('have the visitor as their key', () => {
    expect(scored.map(({ key }) => key)).toEqual(['v1', 'v1'])
  })

  test('made from one record are counted by their source index', () => {
    const of = (session_id: string): GoodRecord => goodRecord({ at: 0, session_id })
    const last = heartbeat(60 * MINUTE_MS)
    const out = scorer.process(scorer.start(3), batchOf([of('a'), of('b'), last]))
    expect(decodeScored(out.scored).map(record => [record.source_position, record.source_index])).toEqual([
      ['0', 0],
      ['1', 0],
      ['2', 0],
      ['2', 1],
    ])
  })

  test('have ids of their own, and others with another bundle', () => {
    const records = Array.from({ length: 50 }, (_, at) => goodRecord({ at, session_id: `s${at % 7}` }))
    const idsOf = (id: string): string[] => {
      const other = testScorer({ bundle: scoringBundle({ id }) })
      return decodeScored(other.process(other.start(3), batchOf(records)).scored).map(
        ({ score_id }) => score_id,
      )
    }
    expect(new Set([...idsOf('a'), ...idsOf('b')]).size).toBe(100)
    expect(idsOf('a')).toEqual(idsOf('a'))
  })

  test('have ids of their own where visitors show the same session id', () => {
    const ids = [
      ['v1', '7'],
      ['v2', '7'],
      ['7', 'v1'],
      ['v', '1\n7'],
      ['v\n1', '7'],
    ] as const
    const records = ids.map(([visitor, session_id]) => goodRecord({ at: 0, visitor, session_id }))
    const out = decodeScored(scorer.process(scorer.start(3), batchOf(records)).scored)
    expect(out.map(({ n }) => n)).toEqual([1, 1, 1, 1, 1])
    expect(new Set(out.map(({ score_id }) => score_id)).size).toBe(5)
  })
})

describe('bytes that are not a record', () => {
  test('goes to bad, and the others are scored', () => {
    const scorer = testScorer()
    const rubbish = Uint8Array.of(7, 7, 7)
    const { scored, bad } = scorer.process(
      scorer.start(3),
      batchOf([goodRecord(), rubbish, goodRecord({ at: 1 })]),
    )
    expect(scored).toHaveLength(2)
    expect(bad.map(({ key }) => key)).toEqual(['somebody'])
    expect(badCodec.decode(bad[0]!.value)).toMatchObject({
      reason: 'record_undecodable',
      message: expect.stringContaining('not a record in Confluent framing') as string,
      stage: 'scorer',
      source_partition: 3,
      source_position: '1',
      visitor: 'somebody',
      original: Buffer.from(rubbish),
    } satisfies Partial<Record<keyof BadRecord, unknown>>)
  })

  test('that was cut goes to bad', () => {
    const scorer = testScorer()
    const whole = encodeGood(goodRecord())
    const { bad } = scorer.process(scorer.start(3), batchOf([whole.subarray(0, whole.length - 9)]))
    expect(bad).toHaveLength(1)
  })
})

describe('a record of a writer with another schema', () => {
  const schema = readFileSync(join(SCHEMAS_DIR, 'avro/good.avsc'), 'utf8').replace(
    '"doc": "One',
    '"doc": "Some one',
  )
  const writer = createCodec<GoodRecord>(schema, 77)
  const batch = batchOf([encodeGood(goodRecord()), writer.encode(goodRecord({ at: 1 }))])

  test('stops the batch before anything has changed, until the schema is learnt', () => {
    const goodCodec = folderCodec('good', { project: SESSION_FIELDS })
    const scorer = testScorer({ goodCodec })
    const state = scorer.start(3)
    expect(() => scorer.process(state, batch)).toThrow(new Unresolved(['avro:77']))
    expect(state.sessions.stats.open).toBe(0)
    goodCodec.learn(77, schema)
    expect(scorer.process(state, batch).scored).toHaveLength(2)
  })

  test('that is unknown is bad', () => {
    const scorer = testScorer({ absentSchemas: new Set([77]) })
    const { scored, bad } = scorer.process(scorer.start(3), batch)
    expect([scored.length, bad.length]).toEqual([1, 1])
  })
})

test('where batches end, and where a snapshot is taken, changes no byte', () => {
  const event = fc.record({
    at: fc.nat(4 * 60),
    visitor: fc.constantFrom('v1', 'v2', 'v3'),
    session_id: fc.constantFrom(null, 's1', 's2'),
    action: fc.constantFrom('page_view', 'add_to_cart', 'transaction'),
    isHeartbeat: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 60, size: 'max' }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 60, maxLength: 60 }),
      (events, sizes) => {
        const records = events
          .sort((a, b) => a.at - b.at)
          .map(({ isHeartbeat, at, ...given }, i) =>
            isHeartbeat
              ? heartbeat(at * MINUTE_MS)
              : goodRecord({ ...given, at: at * MINUTE_MS, event_id: `e${i}` }),
          )
        const scorer = testScorer()
        const whole = scorer.process(scorer.start(3), batchOf(records)).scored
        const parts: typeof whole = []
        let state = scorer.start(3)
        for (let from = 0; from < records.length;) {
          const size = sizes.pop()!
          parts.push(...scorer.process(state, batchOf(records.slice(from, from + size), from)).scored)
          if (size < 4) state = scorer.snapshots!.restore(3, scorer.snapshots!.save(state))
          from += size
        }
        expect(parts.map(({ value }) => Buffer.from(value).toString('hex'))).toEqual(
          whole.map(({ value }) => Buffer.from(value).toString('hex')),
        )
      },
    ),
  )
})

test('a snapshot can be used with another model, but not with other features, another policy or another goal', () => {
  const versionOf = (parts: Parameters<typeof testScorer>[0]): string => testScorer(parts).snapshots!.version
  const version = versionOf({})
  expect(versionOf({ bundle: scoringBundle({ id: 'another', threshold: 0.1 }) })).toBe(version)
  expect(versionOf({ policy: { ...SESSION_POLICY, gapMs: 1 } })).not.toBe(version)
  expect(versionOf({ bundle: scoringBundle({ goal: 'sign_up' }) })).not.toBe(version)
  const program = { ...scoringBundle().program, hash: 'other' }
  expect(versionOf({ bundle: scoringBundle({ program }) })).not.toBe(version)
})
