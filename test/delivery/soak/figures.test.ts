import { describe, expect, test } from 'vitest'
import type { Digest, Outcome } from '../checker/history.ts'
import type { StreamContent } from '../checker/streams.ts'
import { availabilityOf, freshnessOf, percentiles, recoveriesOf } from './figures.ts'

test.each([
  [[], [Number.NaN, Number.NaN]],
  [[7], [7, 7]],
  [
    [5, 1, 4, 2, 3],
    [3, 5],
  ],
])('percentiles of %j', (values, wanted) => {
  expect(percentiles(values, [0.5, 1])).toEqual(wanted)
})

test('refused attempts count neither for nor against the collector', () => {
  const attempt = (outcome: Outcome, tookMs: number) => ({
    ...{ kind: 'attempt' as const, request: 'r', at: 0, status: null, outcome, tookMs },
  })
  const attempts = [
    attempt('accepted', 3),
    attempt('ambiguous', 900),
    attempt('unsent', 1),
    attempt('refused', 2),
  ]
  expect(availabilityOf({ events: new Map(), attempts, faults: [] })).toEqual({
    attempts: 3,
    acceptedShare: 1 / 3,
    acceptedMs: [3],
  })
})

describe('scores', () => {
  /** Updates as [partition, collected, scored]. */
  function scored(updates: readonly (readonly [number, number, number])[]): StreamContent {
    const records = updates.map(([partition, collectedAt, at], index) => ({
      ...{ partition, position: BigInt(index), at, key: null, value: Buffer.alloc(0) },
      fields: { kind: 'update', collected_at: collectedAt },
    }))
    const final = { ...records[0]!, fields: { kind: 'final', collected_at: 0 } }
    return { partitions: 2, records: [...records, final], openPartitions: [], aborted: 0 }
  }
  const content = scored([
    [0, 100, 110],
    [0, 250, 900],
    [0, 260, 910],
    [1, 150, 155],
    [1, 220, 300],
    [1, 950, 960],
  ])

  test('how long from collected to scored', () => {
    expect(freshnessOf(content)).toEqual([10, 650, 650, 5, 80, 10])
  })

  test('a fault is over when the last partition has scored an event that came after it', () => {
    const digest = (...instants: number[]): Digest => ({
      ...{ events: new Map(), attempts: [] },
      faults: instants.map(at => ({ kind: 'fault', name: 'kill', at })),
    })
    expect(recoveriesOf(digest(200), content)).toEqual([700])
    expect(recoveriesOf(digest(100, 150), content)).toEqual([55, 750])
    // No event came to the first partition any more.
    expect(recoveriesOf(digest(500), content)).toEqual([])
  })
})
