import { describe, expect, test } from 'vitest'
import { createRates } from './rates.ts'

const START = 1_795_167_000_000

function ratesAt(seconds = 10) {
  let ms = START
  const rates = createRates({ seconds, now: () => ms })
  return { rates, wait: (waitMs: number) => void (ms += waitMs) }
}

describe('rates', () => {
  test('count by the second, the current second left out', () => {
    const { rates, wait } = ratesAt()
    rates.add(3)
    wait(999)
    rates.add(2)
    expect(rates.perSecond()).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    wait(1)
    rates.add(7)
    expect(rates.perSecond()).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 5])
    wait(1000)
    expect(rates.perSecond()).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 5, 7])
    expect(rates.total()).toBe(12)
  })

  test('forget counts older than the window, also after a long silence', () => {
    const { rates, wait } = ratesAt()
    rates.add(5)
    wait(10_000)
    expect(rates.perSecond()).toEqual([5, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    wait(1_000)
    expect(rates.perSecond()).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    rates.add(5)
    wait(86_400_000)
    rates.add(1)
    expect(rates.perSecond()).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    expect(rates.total()).toBe(11)
  })

  test('now is the mean of the last five seconds, of fewer soon after the start', () => {
    const { rates, wait } = ratesAt()
    expect(rates.now()).toBe(0)
    rates.add(10)
    wait(1000)
    expect(rates.now()).toBe(10)
    wait(1000)
    expect(rates.now()).toBe(5)
    wait(3000)
    expect(rates.now()).toBe(2)
    wait(1000)
    expect(rates.now()).toBe(0)
  })

  test('a clock that goes back loses nothing', () => {
    const { rates, wait } = ratesAt()
    wait(5_000)
    rates.add(1)
    wait(-3_000)
    rates.add(1)
    wait(4_000)
    expect(rates.perSecond().at(-1)).toBe(2)
  })
})
