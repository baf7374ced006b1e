import { describe, expect, test } from 'vitest'
import { check } from './check.ts'
import type { Check } from './findings.ts'
import type { Stored } from './streams.ts'
import {
  derived,
  evidenceOf,
  object,
  payload,
  request,
  score,
  smallRun,
  stored,
  type Parts,
} from './testing/small-run.ts'

test('a run in which all went well has no findings, and its figures are right', () => {
  const report = check(evidenceOf(smallRun()))
  expect(report.findings).toEqual([])
  expect(report.raw).toEqual({
    ...{ sent: 7, accepted: 5, refused: 1, ambiguous: 1 },
    ...{ lost: 0, duplicatesExplained: 1, duplicatesUnexplained: 0 },
  })
  expect(report.outcomes).toEqual({ rawEvents: 8, good: 6, bad: 2 })
  expect(report.scores).toEqual({ scores: 5, sessions: 2, finals: 1 })
  expect(report.archive).toEqual({ objects: 3, archived: 7, holes: 0, overlaps: 0 })
})

test('visitors who show the same session id have sessions of their own', () => {
  const run = smallRun()
  const renamed = (records: readonly Stored[]): Stored[] =>
    records.map(({ fields, ...record }) => ({
      ...record,
      fields: typeof fields?.['session_id'] === 'string' ? { ...fields, session_id: '7' } : fields,
    }))
  const report = check(evidenceOf({ ...run, good: renamed(run.good), scored: renamed(run.scored) }))
  expect(report.findings).toEqual([])
  expect(report.scores).toEqual({ scores: 5, sessions: 2, finals: 1 })
})

// Each row spoils the run in one way. The first check named must say so, with these words; the others may as well.
const SPOILT: readonly [string, (run: Parts) => void, Check, RegExp][] = [
  [
    'an accepted request is gone from raw, and all that came of it',
    run => {
      run.raw.splice(3, 1)
      run.good.splice(3, 1)
      run.scored.splice(3, 1)
    },
    'accepted-in-raw',
    /a-e3 was accepted and is not in raw/,
  ],
  [
    'one event of an accepted request is gone',
    run => (run.raw[0] = payload(0, 0, 'v-a', ['a-e1'])),
    'accepted-in-raw',
    /a-e2 was accepted/,
  ],
  [
    'an event is there twice although its only attempt was answered',
    run => {
      run.raw.splice(4, 0, payload(0, 4, 'v-a', ['a-e3']))
      run.good.push(
        derived({ partition: 0, position: 5, key: 'v-a' }, [0, 4, 0], { event_id: 'a-e3', session_id: 'a' }),
      )
    },
    'duplicates-explained',
    /a-e3 is in raw 2 times; 1 attempts/,
  ],
  [
    'an event is there more often than it was sent',
    run => {
      run.raw.push(payload(1, 3, 'v-b', ['b-e1']))
      run.good.push(
        derived({ partition: 1, position: 2, key: 'v-b' }, [1, 3, 0], { event_id: 'b-e1', session_id: 'b' }),
      )
    },
    'duplicates-explained',
    /b-e1 is in raw 3 times; 2 attempts/,
  ],
  [
    'a refused event is there',
    run => run.raw.push(payload(1, 3, 'v-b', ['b-refused'])),
    'refused-absent',
    /b-refused was refused, or never sent, and is in raw 1 times/,
  ],
  [
    'an event is there that nobody sent',
    run => run.raw.push(payload(1, 3, 'v-b', ['b-ghost'])),
    'raw-was-sent',
    /b-ghost at 1\/3 was never sent/,
  ],
  [
    'a later event of a session stands before an earlier one',
    run => {
      ;[run.raw[0], run.raw[3]] = [payload(0, 0, 'v-a', ['a-e3']), payload(0, 3, 'v-a', ['a-e1', 'a-e2'])]
    },
    'session-order',
    /a-e1 at 0\/3\/0 is behind a later event of a/,
  ],
  ['a good event is missing', run => run.good.splice(1, 1), 'out-once', /0\/0\/1 \(a-e2\) came out nowhere/],
  ['a bad event is missing', run => run.bad.splice(0, 1), 'out-once', /a-wrong\) came out nowhere/],
  [
    'a heartbeat is missing',
    run => run.good.splice(2, 1),
    'out-once',
    /0\/2\/0 \(heartbeat\) came out nowhere/,
  ],
  [
    'an unreadable record is missing',
    run => run.bad.splice(1, 1),
    'out-once',
    /unreadable\) came out nowhere/,
  ],
  [
    'a good event is there twice',
    run => run.good.push({ ...run.good[0]!, position: 9n }),
    'out-once',
    /a-e1\) came out 2 times: good\/0\/0, good\/0\/9/,
  ],
  [
    'a bad event is there twice',
    run => run.bad.push({ ...run.bad[0]!, position: 9n }),
    'out-once',
    /came out 2 times: bad\/0\/0, bad\/0\/9/,
  ],
  [
    'an event is good and bad',
    run =>
      run.bad.push(
        derived({ partition: 0, position: 9, key: 'v-a' }, [0, 0, 0], {
          stage: 'enricher',
          event_id: 'a-e1',
        }),
      ),
    'out-once',
    /came out 2 times: good\/0\/0, bad\/0\/9/,
  ],
  [
    'a well-sent event came out bad',
    run => {
      run.good.splice(0, 1)
      run.bad.push(
        derived({ partition: 0, position: 9, key: 'v-a' }, [0, 0, 0], {
          stage: 'enricher',
          event_id: 'a-e1',
        }),
      )
    },
    'out-as-expected',
    /a-e1\) came out in bad, and belongs in good/,
  ],
  [
    'an event came out as another',
    run =>
      (run.good[0] = derived({ partition: 0, position: 0, key: 'v-a' }, [0, 0, 0], {
        event_id: 'a-e2',
        session_id: 'a',
      })),
    'out-as-expected',
    /\(a-e1\) came out as a-e2/,
  ],
  [
    'something came out of nothing',
    run =>
      run.good.push(
        derived({ partition: 1, position: 9, key: 'v-b' }, [1, 7, 0], { event_id: 'x', session_id: 'b' }),
      ),
    'out-of-nothing',
    /good\/1\/9 came from 1\/7\/0, where nothing is/,
  ],
  [
    'good holds what nobody can read',
    run => run.good.push(stored(1, 9, 'v-b', undefined)),
    'out-of-nothing',
    /can't be read/,
  ],
  [
    'a record is in another partition than its visitor',
    run =>
      (run.good[3] = derived({ partition: 1, position: 4, key: 'v-a' }, [0, 3, 0], {
        event_id: 'a-e3',
        session_id: 'a',
      })),
    'one-partition',
    /good\/1\/4 of v-a, whose records are in good\/0/,
  ],
  [
    'a score is missing',
    run => run.scored.splice(1, 1),
    'scores-numbered',
    /scored\/0\/3 of a \(visitor v-a\) is number 3, and should be 2/,
  ],
  [
    'a score is repeated',
    run => run.scored.splice(1, 0, { ...run.scored[0]!, position: 1n }),
    'scores-numbered',
    /scored\/0\/1 of a \(visitor v-a\) is number 1, and should be 2/,
  ],
  [
    'a session continues after its final in the same revision',
    run => (run.scored[3] = score(4, 0, 'a', 4, { revision: 1, event_id: 'a-e3' })),
    'scores-numbered',
    /has revision 1, and should have 2/,
  ],
  [
    'the last score of a session is missing',
    run => run.scored.splice(3, 1),
    'scores-counted',
    /a-e3 of a \(visitor v-a\) have no score/,
  ],
  [
    'a session has no scores',
    run => run.scored.splice(4, 1),
    'scores-counted',
    /b-e1 of b \(visitor v-b\) have no score/,
  ],
  [
    'an event is scored twice, in good order',
    run => run.scored.push(score(5, 1, 'b', 2, { event_id: 'b-e1' })),
    'scores-counted',
    /b \(visitor v-b\) has 2 updates for 1 events/,
  ],
  [
    'an object of the archive is missing in the middle',
    run => run.archive.splice(0, 1),
    'archive-ranges',
    /positions 0 to 1 of partition 0 are in no object/,
  ],
  [
    'two objects overlap',
    run => (run.archive[1] = object(0, 1, 4, run.raw.slice(1, 4))),
    'archive-ranges',
    /positions from 1 of partition 0 are in two objects/,
  ],
  [
    'a record is in two objects',
    run => (run.archive[1] = object(0, 1, 4, run.raw.slice(1, 4))),
    'archive-content',
    /position 1 of partition 0 is in the archive twice/,
  ],
  [
    'an object holds a record outside of its range',
    run => (run.archive[0] = object(0, 0, 2, run.raw.slice(0, 3))),
    'archive-ranges',
    /0-0 holds position 2, and says 0 to 2/,
  ],
  [
    'an object lacks a record',
    run => (run.archive[1] = object(0, 2, 4, run.raw.slice(3, 4))),
    'archive-content',
    /position 2 of partition 0 is not in the archive/,
  ],
  [
    'a record is another in the archive',
    run => (run.archive[1] = object(0, 2, 4, [run.raw[2]!, payload(0, 3, 'v-a', ['a-e4'])])),
    'archive-content',
    /position 3 of partition 0 is another/,
  ],
  [
    'an unreadable record is another in the archive',
    run =>
      (run.archive[2] = object(1, 0, 3, [
        ...run.raw.slice(4, 6),
        { ...run.raw[6]!, value: Buffer.from('x') },
      ])),
    'archive-content',
    /position 2 of partition 1 is another/,
  ],
  [
    'the archive holds what raw does not',
    run => (run.archive[2] = object(1, 0, 4, [...run.raw.slice(4), payload(1, 3, 'v-b', ['b-ghost'])])),
    'archive-content',
    /position 3 of partition 1 is in the archive alone/,
  ],
  [
    'the archive is behind',
    run => run.archive.splice(1, 1),
    'archive-complete',
    /position 2 of partition 0 is not archived yet/,
  ],
  [
    'a transaction stayed open',
    run => run.openPartitions.push(1),
    'transactions-ended',
    /scored\/1 has a transaction/,
  ],
]

describe('each way to spoil a run is found', () => {
  test.each(SPOILT)('%s', (_, spoil, wanted, words) => {
    const run = smallRun()
    spoil(run)
    const { findings } = check(evidenceOf(run))
    expect(findings.map(({ check: name }) => name)).toContain(wanted)
    expect(
      findings
        .filter(({ check: name }) => name === wanted)
        .map(({ message }) => message)
        .join('\n'),
    ).toMatch(words)
  })

  test('every check of the counting checker is among them', () => {
    const tried = new Set(SPOILT.map(([, , name]) => name))
    const checks: Check[] = [
      ...([
        'accepted-in-raw',
        'duplicates-explained',
        'refused-absent',
        'raw-was-sent',
        'session-order',
      ] as const),
      ...(['out-once', 'out-of-nothing', 'out-as-expected', 'one-partition', 'scores-numbered'] as const),
      ...([
        'scores-counted',
        'archive-ranges',
        'archive-content',
        'archive-complete',
        'transactions-ended',
      ] as const),
    ]
    expect([...tried].sort()).toEqual([...checks].sort())
  })
})

test('an ambiguous request may be in raw or not', () => {
  const run = smallRun()
  run.raw.push(payload(1, 3, 'v-b', ['b-unsure']))
  run.good.push(
    derived({ partition: 1, position: 2, key: 'v-b' }, [1, 3, 0], { event_id: 'b-unsure', session_id: 'b' }),
  )
  run.scored.push(score(1, 1, 'b', 2, { event_id: 'b-unsure' }))
  run.archive[2] = object(1, 0, 4, run.raw.slice(4))
  expect(check(evidenceOf(run)).findings).toEqual([])
})

test('what came after the positions that must be archived need not be', () => {
  const evidence = evidenceOf(smallRun())
  const { objects } = evidence.archive!
  const archive = { objects: objects.filter(({ partition }) => partition === 0), upTo: [4n, 0n] }
  expect(check({ ...evidence, archive }).findings).toEqual([])
})

test('a session that came near its goal need not have a score for each event', () => {
  const run = smallRun()
  run.good[1] = derived({ partition: 0, position: 1, key: 'v-a' }, [0, 0, 1], {
    ...{ event_id: 'a-e2', session_id: 'a', action: 'transaction' },
  })
  run.scored.splice(3, 1)
  expect(check(evidenceOf(run)).findings).toEqual([])
})

test('an event that two requests claim is an error of the history', () => {
  const run = smallRun()
  run.lines.push(...request('r7', 'a', ['a-e1'], ['accepted']))
  expect(() => evidenceOf(run)).toThrow('a-e1')
})
