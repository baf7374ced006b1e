import { setTimeout as sleep } from 'node:timers/promises'

const WITHIN_MS = 40_000

/** What is waited for, or an error that says what did not come: a test that hangs tells nothing. */
export async function within<T>(what: string, promise: Promise<T>, ms = WITHIN_MS): Promise<T> {
  const waited = new AbortController()
  const late = sleep(ms, undefined, { signal: waited.signal }).then(() => {
    throw new Error(`${what} has not happened within ${ms / 1000} s`)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    late.catch(() => {})
    waited.abort()
  }
}
