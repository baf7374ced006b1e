/** Runs `work` when fewer than the limit are running, and settles as `work` does. */
export type ConcurrencyLimit = <T>(work: () => Promise<T>) => Promise<T>

/** Lets at most `max` pieces of work run at the same time. The others wait, and start in the order of their calls. */
export function createConcurrencyLimit(max: number): ConcurrencyLimit {
  const waiting: (() => void)[] = []
  let running = 0
  return async work => {
    if (running >= max) await new Promise<void>(resolve => waiting.push(resolve))
    else running++
    try {
      return await work()
    } finally {
      // The place is handed to the work that has waited longest.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
