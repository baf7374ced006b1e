import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

const backoff = { firstMs: 100, maxMs: 1_000 }

test.each([
  [0, 0, 50],
  [0, 0.999_999, 100],
  [1, 0, 100],
  [3, 0, 400],
  [4, 0, 500],
  [2_000, 0, 500],
  [2_000, 0.5, 750],
])('attempt %i with chance %d waits %d ms', (attempt, random, expected) => {
  expect(backoffMs(attempt, backoff, random)).toBeCloseTo(expected, 2)
})
