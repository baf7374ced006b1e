import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '@sluicebox/event/random'
import { evaluate, toMetrics } from './evaluate.ts'
import { rowsOfMoment, type MomentName, type ScoredRows } from './rows.ts'
import { scoredRows, simulatedRows } from './testing/scored-rows.ts'

const options = { dataset: 'test', threshold: 0.5, seed: 7, replicates: 50 } as const

describe('scoring moments', () => {
  // Session 0: moments after 1, 2, 3 events and its final; session 1: only one event; session 2: begins at 3.
  const rows = scoredRows({
    session: [0, 0, 0, 0, 1, 1, 2, 2],
    n: [1, 2, 3, 4, 1, 2, 1, 2],
    eventCount: [1, 2, 3, 3, 1, 1, 3, 6],
  })
  test.each<{ moment: MomentName; chosen: number[] }>([
    { moment: 'after_1', chosen: [0, 4] },
    { moment: 'after_3', chosen: [2, 6] },
    { moment: 'after_6', chosen: [7] },
    { moment: 'after_10', chosen: [] },
    { moment: 'last', chosen: [3, 5, 7] },
    { moment: 'pooled', chosen: [0, 1, 2, 3, 4, 5, 6, 7] },
  ])('$moment takes the rows $chosen', ({ moment, chosen }) => {
    expect([...rowsOfMoment(rows, moment)]).toEqual(chosen)
  })

  test('do not depend on the order of the table', () => {
    const order = [7, 3, 5, 0, 6, 2, 4, 1]
    const shuffled = scoredRows({
      session: order.map(i => rows.session[i]!),
      n: order.map(i => rows.n[i]!),
      eventCount: order.map(i => rows.eventCount[i]!),
    })
    const back = (moment: MomentName) => [...rowsOfMoment(shuffled, moment)].map(row => order[row]!).sort()
    expect(back('after_3')).toEqual([2, 6])
    expect(back('last')).toEqual([3, 5, 7])
  })

  test('without rows are left out', () => {
    expect(evaluate(rows, options).moments.map(({ moment }) => moment)).toEqual([
      'after_1',
      'after_3',
      'after_6',
      'last',
      'pooled',
    ])
  })
})

test('an evaluation counts rows, sessions, visitors and positives', () => {
  const rows = scoredRows({
    session: [0, 0, 1, 2],
    visitor: [0, 0, 0, 1],
    n: [1, 2, 1, 1],
    eventCount: [1, 2, 1, 1],
    label: [1, 1, 0, 0],
    score: [1, 3, 0, -1],
  })
  const evaluation = evaluate(rows, options)
  expect(evaluation).toMatchObject({ sessions: 3, visitors: 2, positiveSessions: 1 })
  expect(evaluation.moments.at(-1)).toMatchObject({
    moment: 'pooled',
    rows: 4,
    sessions: 3,
    visitors: 2,
    positives: 2,
  })
  expect(evaluation.moments[0]).toMatchObject({ moment: 'after_1', rows: 3, positives: 1 })
})

test('the same rows and seed give the same evaluation, and it survives JSON', () => {
  const rows = simulatedRows({ sessions: 300, seed: 3 })
  const evaluation = evaluate(rows, options)
  expect(evaluate(rows, options)).toEqual(evaluation)
  expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation)
  expect(evaluate(rows, { ...options, seed: 8 }).moments[0]!.measures.brier).not.toEqual(
    evaluation.moments[0]!.measures.brier,
  )
})

test('every interval holds its value', () => {
  const { moments, slices } = evaluate(simulatedRows({ sessions: 300, seed: 5 }), options)
  expect(slices.length).toBeGreaterThan(0)
  for (const { measures } of [...moments, ...slices])
    for (const { value, low, high } of Object.values(measures)) {
      if (value === null || low === null || high === null) continue
      expect(low).toBeLessThanOrEqual(value)
      expect(high).toBeGreaterThanOrEqual(value)
    }
})

describe('rows that cannot tell', () => {
  const nothing = { value: null, low: null, high: null }
  const pooled = (rows: ScoredRows) => evaluate(rows, options).moments.at(-1)!

  test('without a positive have no AUC, recall and lift', () => {
    const { measures, roc, precisionRecall } = pooled(scoredRows({ label: [0, 0, 0], score: [1, 2, 3] }))
    expect(measures).toMatchObject({ roc_auc: nothing, pr_auc: nothing, recall: nothing, lift: nothing })
    expect(measures.positive_rate.value).toBe(0)
    expect([roc, precisionRecall]).toEqual([[], []])
  })

  test('without a negative have no ROC AUC', () => {
    const { measures } = pooled(scoredRows({ label: [1, 1], score: [1, 2] }))
    expect(measures.roc_auc).toEqual(nothing)
    expect(measures.pr_auc.value).toBe(1)
  })

  test('without a decision have no precision', () => {
    const { measures } = pooled(scoredRows({ label: [0, 1], score: [-3, -2] }))
    expect(measures.precision).toEqual(nothing)
    expect(measures.recall.value).toBe(0)
  })

  test('of a single visitor have values and no intervals', () => {
    const { measures } = pooled(scoredRows({ label: [0, 1, 0], score: [1, 2, 3], visitor: [0, 0, 0] }))
    for (const { low, high } of Object.values(measures)) expect([low, high]).toEqual([null, null])
    expect(measures.roc_auc.value).toBe(0.5)
  })

  test('in perfect order have an AUC of 1 and no interval', () => {
    const { measures } = pooled(scoredRows({ label: [0, 0, 1], score: [1, 2, 3] }))
    expect(measures.roc_auc).toEqual({ value: 1, low: null, high: null })
  })

  test.each([
    { fault: 'a score', score: [1, NaN], probability: [0.5, 0.5] },
    { fault: 'a probability', score: [1, 2], probability: [0.5, 1.5] },
  ])('without $fault are refused', ({ score, probability }) => {
    expect(() => pooled(scoredRows({ label: [0, 1], score, probability }))).toThrow(/Row 1 has the score/)
  })

  test('that are not scores are refused', () => {
    expect(() => pooled(scoredRows({ label: [] }))).toThrow(/no rows/)
  })
})

describe('slices', () => {
  const column = (codes: number[], values: string[]) => ({ codes: Int32Array.from(codes), values })

  test('are by value, the most frequent first, and small ones are left out', () => {
    const codes = Array.from({ length: 400 }, (_, i) => (i < 110 ? 0 : i < 310 ? 1 : i < 350 ? 2 : 3))
    const rows = {
      ...scoredRows({ label: codes.map(code => code % 2), score: codes.map((_, i) => i % 17) }),
      slices: { device: column(codes.slice(0, 350), ['mobile', 'desktop', 'tv', '']) },
    }
    const { slices } = evaluate(rows, options)
    expect(
      slices.map(({ feature, value, rows: count, positives }) => ({ feature, value, count, positives })),
    ).toEqual([
      { feature: 'device', value: 'desktop', count: 200, positives: 200 },
      { feature: 'device', value: 'mobile', count: 110, positives: 0 },
    ])
  })

  test('of unknown values say so', () => {
    const label = Array.from({ length: 100 }, (_, i) => i % 2)
    const rows = {
      ...scoredRows({ label, score: label }),
      slices: {
        device: column(
          label.map(() => 0),
          [''],
        ),
      },
    }
    expect(evaluate(rows, options).slices[0]).toMatchObject({ value: 'unknown', rows: 100 })
  })
})

test('curves rise from corner to corner, and are thinned without losing their ends', () => {
  const random = createRandom(1)
  const score = Array.from({ length: 5_000 }, () => random.next())
  const { roc, precisionRecall } = evaluate(
    scoredRows({ score, label: score.map(s => Number(random.next() < s)) }),
    { ...options, replicates: 1 },
  ).moments.at(-1)!
  for (const curve of [roc, precisionRecall]) {
    expect(curve.length).toBeLessThanOrEqual(301)
    curve.slice(1).forEach((point, i) => expect(point.x).toBeGreaterThanOrEqual(curve[i]!.x))
  }
  expect([roc[0], roc.at(-1)]).toEqual([
    { x: 0, y: 0 },
    { x: 1, y: 1 },
  ])
  expect(precisionRecall.at(-1)!.x).toBe(1)
})

test('the histogram holds each kind of rows once, extreme scores in its outermost bins', () => {
  const score = [...Array.from({ length: 2_000 }, (_, i) => i / 1_000), 1e9, -1e9]
  const { histogram } = evaluate(scoredRows({ score, label: score.map((_, i) => i % 2) }), options)
  const sum = (shares: readonly number[]) => shares.reduce((total, share) => total + share, 0)
  expect(sum(histogram.positives)).toBeCloseTo(1, 12)
  expect(sum(histogram.negatives)).toBeCloseTo(1, 12)
  expect(histogram.edges[0]).toBeGreaterThan(-1)
  expect(histogram.edges.at(-1)).toBeLessThan(3)
})

test('metrics for the manifest name moment, slice and data', () => {
  const evaluation = evaluate(simulatedRows({ sessions: 200, seed: 2 }), options)
  const metrics = toMetrics(evaluation)
  expect(metrics.length).toBe((evaluation.moments.length + evaluation.slices.length) * 9)
  const pooled = evaluation.moments.at(-1)!
  expect(
    metrics.find(({ name, moment, slice }) => name === 'roc_auc' && moment === 'pooled' && slice === null),
  ).toEqual({
    name: 'roc_auc',
    ...pooled.measures.roc_auc,
    confidence: 0.95,
    moment: 'pooled',
    slice: null,
    dataset: 'test',
    rows: pooled.rows,
    positives: pooled.positives,
  })
})

test('any rows are evaluated without a NaN in the result', () => {
  const row = fc.record({
    label: fc.nat(1),
    score: fc.double({ min: -50, max: 50, noNaN: true }),
    session: fc.nat(4),
    n: fc.nat(5),
    eventCount: fc.nat(12),
  })
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), drawn => {
      const column = (name: keyof (typeof drawn)[number]) => drawn.map(one => one[name])
      const rows = scoredRows({
        label: column('label'),
        score: column('score'),
        session: column('session'),
        n: column('n'),
        eventCount: column('eventCount'),
      })
      const evaluation = evaluate(rows, { ...options, replicates: 30 })
      // JSON makes null of NaN and infinity: nothing may change on the way.
      expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation)
    }),
    { numRuns: 60 },
  )
})
