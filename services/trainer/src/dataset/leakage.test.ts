import { describe, expect, test } from 'vitest'
import { createLeakageCheck, separation } from './leakage.ts'

describe('separation by one feature', () => {
  test.each([
    { name: 'greater where the goal is reached', values: [1, 2, 3, 4], labels: [0, 0, 1, 1], auc: 1 },
    { name: 'smaller where it is reached', values: [4, 3, 2, 1], labels: [0, 0, 1, 1], auc: 1 },
    { name: 'the same everywhere', values: [1, 1, 1, 1], labels: [0, 1, 0, 1], auc: 0.5 },
    { name: 'missing exactly where it is reached', values: [NaN, 5, NaN, 1], labels: [1, 0, 1, 0], auc: 1 },
    { name: 'one pair in four the wrong way', values: [1, 3, 2, 4], labels: [0, 0, 1, 1], auc: 0.75 },
  ])('$name', ({ values, labels, auc }) => {
    expect(separation(values, labels)).toBe(auc)
  })
})

describe('leakage check', () => {
  const run = (rows: number, positives: number) => {
    const check = createLeakageCheck(['leak', 'noise'])
    for (let i = 0; i < rows; i++) {
      const label = i % Math.floor(rows / positives) === 0 ? 1 : 0
      check.add(label, Float64Array.of(label * 10 + (i % 3), i % 7))
    }
    return check.finish()
  }

  test('names only the feature that was made from the outcome', () => {
    expect(run(1_000, 100)).toEqual([{ feature: 'leak', auc: 1 }])
  })

  test('reports nothing where a few positives may be separated by chance', () => {
    expect(run(1_000, 5)).toEqual([])
  })

  test('finds it in a sample of many rows', () => {
    expect(run(210_000, 1_000)).toEqual([{ feature: 'leak', auc: 1 }])
  })
})
