/** What the driver takes from the world. A test brings a clock, a die and a sleep of its own. */
export interface World {
  now(): number
  random(): number
  /** Resolves after a while, or when `signal` aborts. */
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
