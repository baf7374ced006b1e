/** Bounds of the waits between retries, in milliseconds. */
export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

/**
 * Milliseconds to wait before retry number `attempt`, which is 0 for the first. The wait doubles with each attempt, up
 * to `maxMs`; half of it is left to `random`, a number in [0, 1), so that the processes of a fleet do not retry at the
 * same instants.
 */
export function backoffMs(attempt: number, { firstMs, maxMs }: Backoff, random: number): number {
  return Math.min(maxMs, firstMs * 2 ** attempt) * (0.5 + random / 2)
}
