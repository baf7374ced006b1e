/** Counts by the second. */
export interface Rates {
  add(count: number): void
  /** Since the start. */
  total(): number
  /** For each second of the window that is over, the oldest first. */
  perSecond(): number[]
  /** Over the last five seconds that are over. */
  now(): number
}

const NOW_SECONDS = 5

/** Counts within the last `seconds` seconds of the clock `now` (epoch milliseconds). */
export function createRates({ seconds, now }: { seconds: number; now: () => number }): Rates {
  const slots = seconds + 1
  const counts = new Float64Array(slots)
  const startSecond = secondOf(now())
  let current = startSecond
  let total = 0

  /** Empties the seconds in which nothing was counted. A clock that goes back changes nothing. */
  function catchUp(): void {
    const second = secondOf(now())
    for (let next = Math.max(current + 1, second - seconds); next <= second; next++) counts[next % slots] = 0
    current = Math.max(current, second)
  }

  function perSecond(): number[] {
    catchUp()
    return Array.from({ length: seconds }, (_, i) => counts[(current - seconds + i) % slots] ?? 0)
  }

  return {
    add(count) {
      catchUp()
      counts[current % slots] = (counts[current % slots] ?? 0) + count
      total += count
    },
    total: () => total,
    perSecond,
    now() {
      const over = perSecond()
      // Soon after the start there are fewer seconds to take the mean of.
      const known = Math.min(NOW_SECONDS, seconds, Math.max(1, current - startSecond))
      return over.slice(-known).reduce((sum, each) => sum + each, 0) / known
    },
  }
}

const secondOf = (ms: number): number => Math.floor(ms / 1000)
