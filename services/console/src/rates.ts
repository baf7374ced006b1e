/** Counts events per second. */
export interface Rates {
  add(count: number): void
  /** All counts since the start. */
  total(): number
  /** Counts of the finished seconds in the window, the oldest first. */
  perSecond(): number[]
  /** Mean per second over the last five finished seconds. */
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

  /** Empties the seconds in which nothing was counted. A clock that steps back changes nothing. */
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
      // Right after the start there are fewer seconds to average.
      const known = Math.min(NOW_SECONDS, seconds, Math.max(1, current - startSecond))
      return over.slice(-known).reduce((sum, each) => sum + each, 0) / known
    },
  }
}

const secondOf = (ms: number): number => Math.floor(ms / 1000)
