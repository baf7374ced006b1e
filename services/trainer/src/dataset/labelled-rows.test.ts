import { compileFeatures } from '@sluicebox/session/features/features'
import { SESSION_POLICY } from '@sluicebox/session/sessions/policy'
import type { SessionEvent } from '@sluicebox/session/session-event'
import { parseFeatures } from '@sluicebox/session/features/spec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { event, shopEvents } from '../testing/events.ts'
import { createLabelledRows, type RowCounts, type RowOptions } from './labelled-rows.ts'
import type { RowHead } from './table-writer.ts'

const MINUTE = 60_000
const program = compileFeatures(
  parseFeatures([
    { name: 'events', kind: 'count' },
    { name: 'carts', kind: 'count', where: { action: 'add_to_cart' } },
    { name: 'bought', kind: 'count', where: { action: 'transaction' } },
  ]),
)

type Row = RowHead & { features: number[] }

function rowsOf(
  events: readonly SessionEvent[],
  changes: Partial<RowOptions> = {},
  partition = (_: SessionEvent) => 0,
) {
  const rows: Row[] = []
  const labelled = createLabelledRows(
    {
      policy: SESSION_POLICY,
      program,
      maturityMs: 0,
      includeBots: false,
      includeSimulated: false,
      heldBytesMax: 1e9,
      ...changes,
    },
    (head, features) => rows.push({ ...head, features: [...features] }),
  )
  for (const e of events) labelled.add(partition(e), e)
  const counts: RowCounts = labelled.finish()
  return { rows, counts }
}

describe('labelled rows', () => {
  test('two visitors with one session id are two sessions, and only the one that buys has label 1', () => {
    const of = (at: number, visitor: string, action = 'page_view'): SessionEvent =>
      event({ at, visitor, action })
    const { rows, counts } = rowsOf([
      of(0, 'v1'),
      of(1, 'v2'),
      of(2, 'v1'),
      of(3, 'v2', 'transaction'),
      of(4, 'v1'),
    ])
    expect(rows.map(({ visitor, n, label }) => [visitor, n, label]).sort()).toEqual([
      ['v1', 1, 0],
      ['v1', 2, 0],
      ['v1', 3, 0],
      ['v2', 1, 1],
    ])
    expect(counts).toMatchObject({ sessions: 2, positives: 1 })
  })

  test('each event before the goal gives a row with label 1; the goal and later events give no row', () => {
    const { rows, counts } = rowsOf([
      event({ at: 0, action: 'product_view', device_type: 'mobile' }),
      event({ at: 1_000, action: 'add_to_cart', referrer_medium: 'search' }),
      event({ at: 2_000, action: 'transaction' }),
      event({ at: 3_000, action: 'page_view' }),
    ])
    const head = { sessionId: 's1', visitor: 'v1', revision: 1, startedAt: 0, label: 1 }
    const slices = { deviceType: 'mobile', referrerMedium: 'search' }
    expect(rows).toEqual([
      { ...head, ...slices, n: 1, eventCount: 1, eventTime: 0, features: [1, 0, 0] },
      { ...head, ...slices, n: 2, eventCount: 2, eventTime: 1_000, features: [2, 1, 0] },
    ])
    expect(counts).toMatchObject({ events: 4, rows: 2, sessions: 1, positives: 1, from: 0, to: 3_000 })
  })

  test('a session that never reaches the goal has label 0', () => {
    const { rows, counts } = rowsOf([event({ at: 0 }), event({ at: 1_000 })])
    expect(rows.map(row => row.label)).toEqual([0, 0])
    expect(counts.positives).toBe(0)
  })

  test('a session that reopens and then reaches the goal has label 1 from the start', () => {
    const { rows } = rowsOf([
      event({ at: 0 }),
      event({ at: 40 * MINUTE }),
      event({ at: 41 * MINUTE, action: 'transaction' }),
    ])
    expect(rows.map(row => [row.revision, row.n, row.label])).toEqual([
      [1, 1, 1],
      [2, 3, 1],
    ])
  })

  test('a closed session may still reopen, so its rows wait even if others come in between', () => {
    const { rows } = rowsOf([
      event({ at: 0 }),
      event({ at: 50 * MINUTE, session_id: 'other', visitor: 'v2' }),
      event({ at: 60 * MINUTE }),
      event({ at: 61 * MINUTE, action: 'transaction' }),
    ])
    expect(rows.filter(row => row.sessionId === 's1').map(row => row.label)).toEqual([1, 1])
  })

  test('a session that closed long before it is mature is kept when the data continues long enough', () => {
    const hourly = Array.from({ length: 13 }, (_, i) =>
      event({ at: i * 60 * MINUTE, session_id: `s${i}`, visitor: `v${i}` }),
    )
    const { rows, counts } = rowsOf(hourly, { maturityMs: 6 * 60 * MINUTE })
    expect(rows.map(row => row.sessionId)).toEqual(['s0', 's1', 's2', 's3', 's4', 's5', 's6'])
    expect(counts.leftOut.immature).toBe(6)
  })

  test('a goal that comes in late removes the rows of events that happened after it', () => {
    const { rows, counts } = rowsOf([
      event({ at: 1_000 }),
      event({ at: 5_000, event_id: 'later' }),
      event({ at: 1_500, collectedAt: 6_000, event_id: 'late view' }),
      event({ at: 2_000, collectedAt: 7_000, action: 'transaction' }),
    ])
    expect(rows.map(row => row.eventTime)).toEqual([1_000])
    expect(counts).toMatchObject({ rowsAfterGoal: 2, sessions: 1, positives: 1 })
  })

  test('an event at the instant of the goal counts as before it, if it is before it in the log', () => {
    const { rows } = rowsOf([event({ at: 1_000 }), event({ at: 1_000, action: 'transaction' })])
    expect(rows.map(row => [row.eventTime, row.label])).toEqual([[1_000, 1]])
  })

  test.each([
    { name: 'began exactly the maturity before the newest event', startedAt: 0, kept: true },
    { name: 'began a millisecond too late', startedAt: 1, kept: false },
  ])('a session that $name is kept: $kept', ({ startedAt, kept }) => {
    const newest = event({ at: 10 * MINUTE, session_id: 'other', visitor: 'v2' })
    const { rows, counts } = rowsOf([event({ at: startedAt }), newest], { maturityMs: 10 * MINUTE })
    expect(rows).toHaveLength(kept ? 1 : 0)
    expect(counts.leftOut.immature).toBe(kept ? 1 : 2)
  })

  test('a heartbeat long after the last event does not make sessions mature', () => {
    const beat = { ...event({ at: 90 * MINUTE }), kind: 'heartbeat' as const }
    const { counts } = rowsOf([event({ at: 0 }), beat], { maturityMs: MINUTE })
    expect(counts).toMatchObject({ rows: 0, to: 0, leftOut: { immature: 1 } })
  })

  test.each([
    { name: 'bots', mark: { is_bot: true }, keep: { includeBots: true } },
    { name: 'simulated', mark: { simulated: true }, keep: { includeSimulated: true } },
  ] as const)(
    'sessions of $name are left out unless asked for, even if only one event shows it',
    ({ name, mark, keep }) => {
      const events = [event({ at: 0 }), event({ at: 1_000, ...mark })]
      expect(rowsOf(events).counts).toMatchObject({ rows: 0, leftOut: { [name]: 1 } })
      expect(rowsOf(events, keep).counts).toMatchObject({ rows: 2, sessions: 1 })
    },
  )

  test('a session that begins with the goal has no row', () => {
    const { counts } = rowsOf([event({ at: 0, action: 'transaction' })])
    expect(counts).toMatchObject({ rows: 0, sessions: 0, leftOut: { nothingBeforeGoal: 1 } })
  })

  test('waiting rows beyond the bound are an error that says what to do', () => {
    const events = Array.from({ length: 100 }, (_, i) => event({ at: i, session_id: `s${i}` }))
    expect(() => rowsOf(events, { heldBytesMax: 10_000 })).toThrow(/raise trainer.dataset.heldBytesMax/)
  })

  test('rows are written as soon as nothing can change them: memory does not grow with the data', () => {
    // One session an hour for a month: a few wait at a time.
    const events = Array.from({ length: 720 }, (_, i) =>
      event({ at: i * 60 * MINUTE, session_id: `s${i}`, visitor: `v${i}` }),
    )
    expect(rowsOf(events, { heldBytesMax: 3_000 }).rows).toHaveLength(720)
  })

  test('the end of the session, not the order of partitions, decides: batches may come in any interleaving', () => {
    const events = shopEvents(60)
    const partition = (e: SessionEvent) => Number(e.visitor.slice(1)) % 3
    const byPartition = [...events].sort((a, b) => partition(a) - partition(b) || a.event_time - b.event_time)
    const key = (row: Row) => `${row.sessionId} ${row.n}`
    const sorted = (list: Row[]) => list.sort((a, b) => (key(a) < key(b) ? -1 : 1))
    expect(sorted(rowsOf(byPartition, {}, partition).rows)).toEqual(
      sorted(rowsOf(events, {}, partition).rows),
    )
  })

  test('for any events: no row holds the goal, or an event at or after it; labels say what came later', () => {
    const one = fc.record({
      session: fc.nat(3),
      at: fc.integer({ min: 0, max: 200 * MINUTE }),
      delayMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 * MINUTE })),
      action: fc.constantFrom('page_view', 'page_view', 'add_to_cart', 'transaction'),
    })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 40 }), list => {
        const events = list
          .map((e, i) =>
            event({
              at: e.at,
              collectedAt: e.at + e.delayMs,
              action: e.action,
              session_id: `s${e.session}`,
              visitor: `v${e.session}`,
              event_id: `e${i}`,
            }),
          )
          .sort((a, b) => a.collected_at - b.collected_at)
        const { rows, counts } = rowsOf(events)
        expect(counts.rows).toBe(rows.length)
        for (const row of rows) {
          expect(row.features[2]).toBe(0)
          const goals = events.filter(e => e.session_id === row.sessionId && e.action === 'transaction')
          if (goals.length === 0) expect(row.label).toBe(0)
          if (row.label === 1) expect(goals.some(goal => goal.event_time >= row.eventTime)).toBe(true)
        }
      }),
    )
  })
})
