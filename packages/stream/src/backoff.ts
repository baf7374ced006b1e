/** How long to wait before a retry. */
export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

/**
 * Milliseconds to wait before retry number `attempt` (0 for the first): twice as long each time, up to `maxMs`, and
 * half of it by chance, so that the members of a fleet do not retry at the same instants. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, { firstMs, maxMs }: Backoff, random: number): number {
  return Math.min(maxMs, firstMs * 2 ** attempt) * (0.5 + random / 2)
}
