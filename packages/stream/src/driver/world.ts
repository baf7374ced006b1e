/** What the driver takes from the world. A test passes its own clock, random numbers and waits. */
export interface World {
  /** Epoch milliseconds. */
  now(): number
  /** A number in [0, 1). */
  random(): number
  /** Resolves after `ms` milliseconds, or when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

export const REAL_WORLD: World = {
  now: Date.now,
  random: Math.random,
  wait: (ms, signal) =>
    new Promise(resolve => {
      if (signal.aborted) return resolve()
      const timer = setTimeout(finish, ms)
      signal.addEventListener('abort', finish, { once: true })
      function finish(): void {
        clearTimeout(timer)
        signal.removeEventListener('abort', finish)
        resolve()
      }
    }),
}
