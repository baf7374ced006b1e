import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileFeatures } from '../features/features.ts'
import type { Moment } from './moment.ts'
import { SESSION_POLICY, type SessionPolicy } from './policy.ts'
import type { SessionEvent } from '../session-event.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { parseFeatures } from '../features/spec.ts'
import { arbitraryStream, heartbeat, sessionEvent } from '../testing/events.ts'
import { createReferenceSessions, type SeenMoment } from '../testing/reference-sessions.ts'

const specs = parseFeatures([
  { name: 'events', kind: 'count' },
  { name: 'adds', kind: 'count', where: { action: 'add_to_cart' } },
  { name: 'elapsed_seconds', kind: 'elapsed' },
  { name: 'products', kind: 'distinct', of: 'product_id', max: 3 },
  { name: 'price_sum', kind: 'sum', of: 'price' },
  { name: 'came_by', kind: 'first_touch', of: 'referrer_medium', values: ['search', 'paid'] },
  { name: 'home_seconds', kind: 'dwell', where: { page_kind: 'home' } },
])
const program = compileFeatures(specs)

// Everything is small, so that streams of a hundred events meet every bound.
const policy: SessionPolicy = {
  gapMs: 100,
  ageMs: 900,
  eventsMax: 9,
  graceMs: 20,
  reopenMs: 150,
  rememberMs: 600,
  sessionsMax: 5,
  goal: 'buy',
}

describe('against a reference that is obviously right', () => {
  test('any stream gives the same moments', () => {
    fc.assert(
      fc.property(arbitraryStream, fc.constantFrom(1, 2, 5, 20), (events, sessionsMax) => {
        const bounded = { ...policy, sessionsMax }
        const reference = createReferenceSessions(bounded, specs)
        const sessions = createSessions({ policy: bounded, program })
        for (const event of events) {
          const expected: SeenMoment[] = []
          reference.advance(event, moment => expected.push(moment))
          expect(advance(sessions, event)).toEqual(expected)
          expect(sessions.stats).toMatchObject({ ...reference.stats, ...reference.counts() })
        }
      }),
      { numRuns: 400 },
    )
  })

  test('going on from a snapshot, anywhere, changes nothing', () => {
    fc.assert(
      fc.property(arbitraryStream, fc.infiniteStream(fc.nat(9)), (events, random) => {
        const straight = createSessions({ policy, program })
        let interrupted = createSessions({ policy, program })
        for (const event of events) {
          if (random.next().value === 0) {
            const bytes = interrupted.snapshot()
            interrupted = createSessions({ policy, program })
            interrupted.restore(bytes)
          }
          expect(advance(interrupted, event)).toEqual(advance(straight, event))
        }
      }),
      { numRuns: 200 },
    )
  })

  test('every session is closed once log time has gone on, and its numbers have no gap and no repeat', () => {
    fc.assert(
      fc.property(arbitraryStream, events => {
        const generous = { ...policy, rememberMs: 1e9, sessionsMax: 1_000 }
        const sessions = createSessions({ policy: generous, program })
        const moments = events.flatMap(event => advance(sessions, event))
        const end = Math.max(0, ...events.map(event => event.collected_at)) + 10_000
        moments.push(...advance(sessions, heartbeat(end)))
        expect(sessions.stats.open).toBe(0)
        for (const of of Map.groupBy(moments, ({ visitor, sessionId }) =>
          JSON.stringify([visitor, sessionId]),
        ).values()) {
          expect(of.map(({ n }) => n)).toEqual(of.map((_, i) => i + 1))
          expect(of.at(-1)!.kind).toBe('final')
          const finals = of.filter(({ kind }) => kind === 'final')
          expect(finals.map(({ revision }) => revision)).toEqual(finals.map((_, i) => i + 1))
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('a session', () => {
  const MINUTE_MS = 60_000
  const run = (events: readonly SessionEvent[], changed: Partial<SessionPolicy> = {}): SeenMoment[] => {
    const sessions = createSessions({ policy: { ...SESSION_POLICY, ...changed }, program })
    return events.flatMap(event => advance(sessions, event))
  }
  const brief = (moments: readonly SeenMoment[]): string[] =>
    moments.map(
      ({ sessionId, revision, n, kind, closedBy }) =>
        `${sessionId} r${revision} n${n} ${kind}${closedBy === undefined ? '' : ` by ${closedBy}`}`,
    )

  test('is updated by each event and closes 30 minutes after the last, when log time has come there', () => {
    const last = 5 * MINUTE_MS
    const before = heartbeat(last + 30 * MINUTE_MS - 1)
    const there = heartbeat(last + 30 * MINUTE_MS)
    const events = [sessionEvent({ at: 0 }), sessionEvent({ at: last }), before]
    expect(brief(run(events))).toEqual(['s1 r1 n1 update', 's1 r1 n2 update'])
    expect(brief(run([...events, there])).at(-1)).toBe('s1 r1 n3 final by gap')
  })

  test('continues under its id with the next revision, features included, when an event comes after its final', () => {
    const moments = run([
      sessionEvent({ at: 0 }),
      heartbeat(31 * MINUTE_MS),
      sessionEvent({ at: 40 * MINUTE_MS }),
      heartbeat(80 * MINUTE_MS),
    ])
    expect(brief(moments)).toEqual([
      's1 r1 n1 update',
      's1 r1 n2 final by gap',
      's1 r2 n3 update',
      's1 r2 n4 final by gap',
    ])
    expect(moments.map(({ features }) => features[0])).toEqual([1, 1, 2, 2])
  })

  test('keeps its numbers but not its features once it can no longer be reopened', () => {
    const moments = run([
      sessionEvent({ at: 0 }),
      heartbeat(31 * MINUTE_MS),
      sessionEvent({ at: 91 * MINUTE_MS }),
    ])
    expect(brief(moments).at(-1)).toBe('s1 r2 n3 update')
    expect(moments.at(-1)!.features[0]).toBe(1)
  })

  test('that received an event stays open for the grace period, however old the event is', () => {
    const old = sessionEvent({ at: 0, collected_at: (600 * MINUTE_MS) as SessionEvent['collected_at'] })
    const graceEnd = 600 * MINUTE_MS + SESSION_POLICY.graceMs
    expect(brief(run([old, heartbeat(graceEnd - 1)]))).toEqual(['s1 r1 n1 update'])
    expect(brief(run([old, heartbeat(graceEnd)]))).toEqual(['s1 r1 n1 update', 's1 r1 n2 final by gap'])
  })

  test('takes the goal as its label: no update, no feature, nor anything after it', () => {
    const moments = run([
      sessionEvent({ at: 0 }),
      sessionEvent({ at: 1, action: 'transaction' }),
      sessionEvent({ at: 2 }),
      heartbeat(60 * MINUTE_MS),
    ])
    expect(brief(moments)).toEqual(['s1 r1 n1 update', 's1 r1 n2 final by gap'])
    expect(moments[1]).toMatchObject({
      goal: { at: 1, eventId: 'e1' },
      featureEventCount: 1,
      eventCount: 3,
      lastEventAt: 2,
    })
    expect(moments[1]!.features[0]).toBe(1)
  })

  test('that begins with its goal has a final without anything to score', () => {
    const moments = run([sessionEvent({ action: 'transaction' }), heartbeat(60 * MINUTE_MS)])
    expect(moments).toHaveLength(1)
    expect(moments[0]).toMatchObject({ kind: 'final', featureEventCount: 0, eventCount: 1 })
  })

  test('counts an event that the client sent twice once', () => {
    const twice = sessionEvent({ at: 0 })
    expect(run([twice, twice, sessionEvent({ at: 1 }), twice])).toHaveLength(2)
    const sessions = createSessions({ policy: SESSION_POLICY, program })
    for (let i = 0; i < 3; i++) advance(sessions, twice)
    expect(sessions.stats.duplicates).toBe(2)
  })

  test('finds a duplicate among ten thousand events', () => {
    const sessions = createSessions({ policy: SESSION_POLICY, program })
    const twice = Array.from({ length: 9_999 }, (_, at) => [at, at >> 1]).flat()
    expect(twice.flatMap(at => advance(sessions, sessionEvent({ at })))).toHaveLength(9_999)
    expect(sessions.stats.duplicates).toBe(9_999)
    expect(brief(advance(sessions, sessionEvent({ at: 9_999 })))).toEqual([
      's1 r1 n10000 update',
      's1 r1 n10001 final by events',
    ])
    expect(brief(advance(sessions, sessionEvent({ at: 10_000 })))).toEqual(['s1 r2 n10002 update'])
  })

  test('closes after a day, whatever happens', () => {
    const everyTenMinutes = Array.from({ length: 146 }, (_, i) => sessionEvent({ at: i * 10 * MINUTE_MS }))
    const moments = run(everyTenMinutes)
    expect(brief(moments).slice(143, 146)).toEqual([
      's1 r1 n144 update',
      's1 r1 n145 final by age',
      's1 r2 n146 update',
    ])
    expect(moments[145]!.features[0]).toBe(1)
  })

  test.each([
    // The session began at 0, so that its day ends at 24 h; its gap ends half an hour after the event.
    ['its gap ends first', 1_409, 'final by gap'],
    ['both end at once', 1_410, 'final by gap'],
    ['its day ends first', 1_411, 'final by age'],
  ])('says what closed it: %s', (_what, lastMinute, closing) => {
    const minutes = [...Array.from({ length: 141 }, (_, i) => 10 * i), lastMinute]
    const events = minutes.map(minute => sessionEvent({ at: minute * MINUTE_MS }))
    expect(brief(run([...events, heartbeat(30 * 60 * MINUTE_MS)])).at(-1)).toContain(closing)
  })

  test('does not continue when its day is over, though its features are still there', () => {
    const minutes = Array.from({ length: 141 }, (_, i) => 10 * i)
    const day = 24 * 60 * MINUTE_MS
    const events = minutes.map(minute => sessionEvent({ at: minute * MINUTE_MS }))
    const [before, there] = [day - 1, day].map(at =>
      run([...events, heartbeat(day - 2), sessionEvent({ at })]),
    )
    expect(brief(before!).slice(-2)).toEqual(['s1 r1 n142 final by gap', 's1 r2 n143 update'])
    expect(before!.at(-1)!.features[0]).toBe(142)
    expect(brief(there!).slice(-2)).toEqual(['s1 r1 n142 final by gap', 's1 r2 n143 update'])
    expect(there!.at(-1)!.features[0]).toBe(1)
  })

  test('leaves no memory behind when it is forgotten, whatever its ids look like', () => {
    let sessions = createSessions({ policy: { ...SESSION_POLICY, sessionsMax: 100, eventsMax: 40 }, program })
    let bytes = 0
    for (let i = 0; i < 20_000; i++) {
      const byVisitor = i % 3 === 0
      const who = `somebody with a long name ${Math.floor(i / 30)}`
      advance(
        sessions,
        sessionEvent({
          at: i * 10_000,
          visitor: who,
          session_id: byVisitor ? null : `of ${who}`,
          event_id: `e${i}`,
          action: i % 50 === 0 ? 'transaction' : 'page_view',
        }),
      )
      if (i % 4_000 === 0) {
        const snapshot = sessions.snapshot()
        sessions = createSessions({ policy: { ...SESSION_POLICY, sessionsMax: 100, eventsMax: 40 }, program })
        sessions.restore(snapshot)
      }
      if (i === 5_000) bytes = sessions.stats.bytes
    }
    expect(sessions.stats.bytes).toBe(bytes)
  })

  test('folds an event that comes late as if it were simultaneous with the latest', () => {
    const moments = run([
      sessionEvent({ at: 10_000 }),
      sessionEvent({ at: 20_000 }),
      sessionEvent({ at: 15_000, collected_at: 20_000 as SessionEvent['collected_at'] }),
    ])
    expect(moments.map(({ features }) => features[2])).toEqual([0, 10, 10])
    expect(moments[2]).toMatchObject({ lastEventAt: 20_000, eventCount: 3 })
  })

  test('without an id of the client is the run of its visitor, with an id made of the visitor and the first event', () => {
    const of = (at: number, visitor: string): SessionEvent => sessionEvent({ at, visitor, session_id: null })
    const moments = run([of(0, 'v1'), of(1, 'v2'), of(2, 'v1'), of(31 * MINUTE_MS, 'v1')])
    const [first, second, again, ...rest] = moments.map(({ sessionId }) => sessionId)
    expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(again).toBe(first)
    expect(second).not.toBe(first)
    // Both runs are over by now, and the visitor begins another.
    expect(rest.slice(0, 2)).toEqual([second, first])
    expect(rest[2]).not.toBe(first)
    expect(run([of(0, 'v1')])[0]!.sessionId).toBe(first)
  })

  test('belongs to one visitor: twelve with the same session id, and the same event ids, are twelve sessions', () => {
    const visitors = Array.from({ length: 12 }, (_, i) => `v${i}`)
    const events = ['e1', 'e2', 'e1'].flatMap((event_id, at) =>
      visitors.map(visitor => sessionEvent({ at, visitor, session_id: '7', event_id })),
    )
    const moments = run([...events, heartbeat(60 * MINUTE_MS)])
    const numbers = [...Map.groupBy(moments, ({ visitor }) => visitor)].map(([visitor, own]) => [
      visitor,
      ...own.map(({ sessionId, n, eventCount }) => `${sessionId} n${n} of ${eventCount}`),
    ])
    expect(numbers).toEqual(visitors.map(visitor => [visitor, '7 n1 of 1', '7 n2 of 2', '7 n3 of 2']))
  })

  test('of two visitors with one session id continues with its own, after all but its numbers was forgotten', () => {
    const of = (at: number, visitor: string): SessionEvent => sessionEvent({ at, visitor })
    const moments = run([
      of(0, 'v1'),
      of(1, 'v1'),
      of(2, 'v2'),
      of(200 * MINUTE_MS, 'v2'),
      of(201 * MINUTE_MS, 'v1'),
    ])
    expect(moments.slice(-2).map(({ visitor, revision, n }) => [visitor, revision, n])).toEqual([
      ['v2', 2, 3],
      ['v1', 2, 4],
    ])
  })

  describe('counts a copy once that comes when only its numbers are left', () => {
    const first = sessionEvent({ at: 0, event_id: 'a' })
    const copy = (minute: number, of = first): SessionEvent => ({
      ...of,
      collected_at: (minute * MINUTE_MS) as SessionEvent['collected_at'],
    })
    const DAY = 24 * 60
    const other = (minute: number): SessionEvent =>
      sessionEvent({ at: minute * MINUTE_MS, visitor: 'other', session_id: 'other' })

    test('three hours later', () => {
      const events = [first, other(31), other(180)]
      expect(brief(run([...events, copy(180)]))).toEqual(brief(run(events)))
    })

    test('up to the end of the four days for which they are, and no longer', () => {
      // It is known by its numbers from the end of its hour on.
      const end = 30 + 60 + 4 * DAY
      const events = [first, heartbeat(30 * MINUTE_MS), heartbeat(90 * MINUTE_MS)]
      expect(brief(run([...events, copy(end - 1)]))).toHaveLength(2)
      expect(brief(run([...events, copy(end)])).at(-1)).toBe('s1 r1 n1 update')
    })

    test('however often the session restarted since', () => {
      const restarts = [1, 2, 3].map(day => sessionEvent({ at: day * DAY * MINUTE_MS }))
      const events = [first, ...restarts]
      expect(brief(run([...events, copy(3 * DAY + 1)]))).toEqual(brief(run(events)))
      events.push(other(3.1 * DAY), other(3.5 * DAY))
      expect(brief(run([...events, copy(3.5 * DAY)]))).toEqual(brief(run(events)))
    })

    test('from a snapshot', () => {
      const sessions = createSessions({ policy: SESSION_POLICY, program })
      for (const event of [first, other(180), other(300)]) advance(sessions, event)
      const restored = createSessions({ policy: SESSION_POLICY, program })
      restored.restore(sessions.snapshot())
      expect(advance(restored, copy(300))).toEqual([])
      expect(restored.stats).toMatchObject({ duplicates: 1, rememberedIds: 1 })
    })

    test('in an earlier run of its visitor, and in the one that is open', () => {
      const of = (minute: number): SessionEvent => sessionEvent({ at: minute * MINUTE_MS, session_id: null })
      const events = [of(0), of(1), of(300), of(600)]
      const copies = [copy(601, events[0]), copy(602, events[1]), copy(603, events[2]), copy(604, events[3])]
      expect(brief(run([...events, ...copies]))).toEqual(brief(run(events)))
      const quiet = [...events, heartbeat(700 * MINUTE_MS), heartbeat(900 * MINUTE_MS)]
      expect(brief(run([...quiet, copy(900, events[1]), copy(900, events[3])]))).toEqual(brief(run(quiet)))
      expect(brief(run([...events, copy(605, { ...events[0]!, visitor: 'v2' })]))).toHaveLength(
        run(events).length + 1,
      )
    })
  })

  test('forgets older event ids when it restarts again and again: at twice the most events that it may have', () => {
    const sessions = createSessions({ policy: { ...SESSION_POLICY, eventsMax: 100 }, program })
    for (let at = 0; at < 10_000; at++) advance(sessions, sessionEvent({ at }))
    for (const minute of [100, 200]) advance(sessions, heartbeat(minute * MINUTE_MS))
    expect(sessions.stats).toMatchObject({ duplicates: 0, remembered: 1, rememberedIds: 200 })
    const copies = (from: number, to: number): SeenMoment[] =>
      Array.from({ length: to - from }, (_, i) => from + i).flatMap(at =>
        advance(sessions, sessionEvent({ at })),
      )
    expect(copies(9_800, 10_000)).toEqual([])
    expect(copies(9_799, 9_800)).toHaveLength(1)
  })

  test('forgets event ids that are too old when it restarts', () => {
    const sessions = createSessions({ policy: SESSION_POLICY, program })
    for (let day = 0; day < 40; day++) advance(sessions, sessionEvent({ at: day * 24 * 60 * MINUTE_MS }))
    for (const day of [39.5, 39.8]) advance(sessions, heartbeat(day * 24 * 60 * MINUTE_MS))
    expect(sessions.stats).toMatchObject({ duplicates: 0, remembered: 1, rememberedIds: 7 })
  })

  test('loses the event ids of the oldest sessions when those that are remembered have too many', () => {
    const sessions = createSessions({ policy: { ...SESSION_POLICY, sessionsMax: 10 }, program })
    const of = (at: number, session: number): SessionEvent => sessionEvent({ at, session_id: `s${session}` })
    for (let at = 0; at < 400; at++) advance(sessions, of(at, Math.floor(at / 20)))
    for (const minute of [100, 200]) advance(sessions, heartbeat(minute * MINUTE_MS))
    expect(sessions.stats).toMatchObject({ remembered: 20, rememberedIds: 320, forgottenEarly: 4 })
    expect(advance(sessions, of(80, 4))).toEqual([])
    expect(brief(advance(sessions, of(79, 3)))).toEqual(['s3 r2 n22 update'])
  })

  test('is closed early when there are too many, the one due first before the others', () => {
    const of = (at: number): SessionEvent => sessionEvent({ at, session_id: `s${at}` })
    expect(brief(run([of(1), of(2), of(3)], { sessionsMax: 2 }))).toEqual([
      's1 r1 n1 update',
      's2 r1 n1 update',
      's1 r1 n2 final by sessions',
      's3 r1 n1 update',
    ])
  })

  test('sessions that are due together close in the order of their due instants, then of their ids and visitors', () => {
    const ids = ['b', 'a', 'c'].map(letter => `${letter}0000000-0000-4000-8000-000000000000`)
    const events = ids.map((session_id, i) =>
      sessionEvent({ at: i === 2 ? 0 : 5, session_id, event_id: session_id }),
    )
    const finals = run([...events, heartbeat(60 * MINUTE_MS)]).filter(({ kind }) => kind === 'final')
    expect(finals.map(({ sessionId }) => sessionId[0])).toEqual(['c', 'a', 'b'])
    const ofVisitors = ids.map(visitor => sessionEvent({ at: 5, visitor, event_id: visitor }))
    const closed = run([...ofVisitors, heartbeat(60 * MINUTE_MS)]).filter(({ kind }) => kind === 'final')
    expect(closed.map(({ visitor }) => visitor[0])).toEqual(['a', 'b', 'c'])
  })
})

describe('a snapshot', () => {
  const filled = (): Sessions => {
    const sessions = createSessions({ policy, program })
    for (let at = 0; at < 200; at += 10) advance(sessions, sessionEvent({ at, session_id: `s${at % 70}` }))
    return sessions
  }

  test('is refused when it was cut or changed', () => {
    const bytes = filled().snapshot()
    const sessions = createSessions({ policy, program })
    const changed = bytes.slice()
    changed[bytes.length >> 1]! ^= 1
    expect(() => sessions.restore(changed)).toThrow('damaged')
    expect(() => sessions.restore(bytes.slice(0, -4))).toThrow('damaged')
    expect(() => sessions.restore(new Uint8Array(100))).toThrow('not a snapshot')
  })

  test('is refused by sessions of another policy or other features', () => {
    const bytes = filled().snapshot()
    const otherPolicy = createSessions({ policy: { ...policy, gapMs: 101 }, program })
    expect(() => otherPolicy.restore(bytes)).toThrow('another session policy')
    const otherProgram = createSessions({ policy, program: compileFeatures(specs.slice(1)) })
    expect(() => otherProgram.restore(bytes)).toThrow('other features')
  })

  test.each([
    ['an array', (size: number) => new Uint8Array(size)],
    ['a Buffer', (size: number) => Buffer.alloc(size)],
  ])('may begin anywhere in the memory of %s', (_what, allocate) => {
    const bytes = filled().snapshot()
    const shifted = allocate(bytes.length + 1)
    shifted.set(bytes, 1)
    const sessions = createSessions({ policy, program })
    sessions.restore(shifted.subarray(1))
    expect(sessions.snapshot()).toEqual(bytes)
  })
})

test.each([
  [{ eventsMax: 65_536 }, 'eventsMax'],
  [{ ageMs: 15 * 24 * 3_600_000 }, 'ageMs'],
  [{ gapMs: 0 }, 'gapMs'],
  [{ sessionsMax: 0 }, 'sessionsMax'],
])('a policy that records have no room for is refused: %o', (changed, key) => {
  expect(() => createSessions({ policy: { ...policy, ...changed }, program })).toThrow(key)
})

function advance(sessions: Sessions, event: SessionEvent): SeenMoment[] {
  const seen: SeenMoment[] = []
  sessions.advance(event, ({ event: of, features, ...moment }: Moment) => {
    seen.push({ ...moment, features: [...features], eventId: of?.event_id })
  })
  return seen
}
