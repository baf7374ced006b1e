import { expect, test } from 'vitest'
import { createRateLimit } from './rate-limit.ts'

test('lets a burst pass, then as many as the rate says', () => {
  let at = 0
  const limit = createRateLimit({ requestsPerSecond: 2, burst: 3, addressesMax: 10, now: () => at })
  expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([0, 0, 0, 1])
  at = 499
  expect(limit.take('a')).toBe(1)
  at = 500
  expect(limit.take('a')).toBe(0)
  expect(limit.take('a')).toBe(1)
  at = 60_000
  expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([0, 0, 0, 1])
})

test('says how long to wait', () => {
  const limit = createRateLimit({ requestsPerSecond: 0.1, burst: 1, addressesMax: 10, now: () => 0 })
  expect(limit.take('a')).toBe(0)
  expect(limit.take('a')).toBe(10)
})

test('one address does not use up another’s', () => {
  const limit = createRateLimit({ requestsPerSecond: 1, burst: 1, addressesMax: 10, now: () => 0 })
  expect(limit.take('a')).toBe(0)
  expect(limit.take('b')).toBe(0)
  expect(limit.take('a')).toBe(1)
})

test('remembers a bounded number of addresses, and forgets the one not seen for longest', () => {
  const limit = createRateLimit({ requestsPerSecond: 1, burst: 1, addressesMax: 2, now: () => 0 })
  limit.take('a')
  limit.take('b')
  limit.take('a')
  limit.take('c')
  expect(limit.addresses).toBe(2)
  expect(limit.take('a')).toBe(1)
  expect(limit.take('b')).toBe(0)
  for (let i = 0; i < 1_000; i++) limit.take(`address ${i}`)
  expect(limit.addresses).toBe(2)
})

test('a rate of 0 limits nothing and remembers no address', () => {
  const limit = createRateLimit({ requestsPerSecond: 0, burst: 1, addressesMax: 2, now: () => 0 })
  expect([1, 2, 3].map(() => limit.take('a'))).toEqual([0, 0, 0])
  expect(limit.addresses).toBe(0)
})
