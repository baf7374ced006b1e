import { afterEach, describe, expect, test, vi } from 'vitest'
import { createLoad } from './load.ts'

const options = { inFlightRequestsMax: 2, inFlightBytesMax: 100, eventLoopDelayMsMax: 500, heapRatioMax: 0.9 }

afterEach(() => {
  vi.useRealTimers()
})

function load(parts: { now?: () => number; heapRatio?: () => number; eventLoopDelayMsMax?: number } = {}) {
  return createLoad({ ...options, now: () => 0, heapRatio: () => 0.5, ...parts })
}

test('takes requests up to the limit, and again once one has left', () => {
  using held = load()
  held.enter()
  expect(held.overload()).toBe(undefined)
  held.enter()
  expect(held.overload()).toBe('in_flight_requests')
  held.leave()
  expect(held.overload()).toBe(undefined)
})

test('holds bytes up to the limit, exactly', () => {
  using held = load()
  expect(held.hold(99)).toBe(true)
  expect(held.hold(2)).toBe(false)
  expect(held.overload()).toBe(undefined)
  expect(held.hold(1)).toBe(true)
  expect(held.overload()).toBe('in_flight_bytes')
  expect(held.bytes).toBe(100)
  held.release(100)
  expect(held.bytes).toBe(0)
  expect(held.overload()).toBe(undefined)
})

describe('the event loop', () => {
  test('that was late is overloaded until it is on time again', () => {
    vi.useFakeTimers()
    let at = 0
    using held = load({ now: () => at })
    at = 751
    vi.advanceTimersByTime(250)
    expect(held.overload()).toBe('event_loop_delay')
    at += 750
    vi.advanceTimersByTime(250)
    expect(held.overload()).toBe(undefined)
  })

  test('that has not come to its timer is overloaded as well', () => {
    vi.useFakeTimers()
    let at = 0
    using held = load({ now: () => at })
    at = 750
    expect(held.overload()).toBe(undefined)
    at = 751
    expect(held.overload()).toBe('event_loop_delay')
  })

  test('is not watched when the limit is off', () => {
    let at = 0
    using held = load({ now: () => at, eventLoopDelayMsMax: 0 })
    at = 1e9
    expect(held.overload()).toBe(undefined)
  })
})

test('a full heap is overloaded', () => {
  vi.useFakeTimers()
  let ratio = 0.9
  using held = load({ heapRatio: () => ratio, eventLoopDelayMsMax: 0 })
  vi.advanceTimersByTime(250)
  expect(held.overload()).toBe(undefined)
  ratio = 0.91
  vi.advanceTimersByTime(250)
  expect(held.overload()).toBe('heap')
})
