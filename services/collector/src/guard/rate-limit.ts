export interface RateLimitOptions {
  /** 0 for no limit. */
  readonly requestsPerSecond: number
  readonly burst: number
  readonly addressesMax: number
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

export interface RateLimit {
  /** Counts one request of the address. Returns 0 when it may pass, else the seconds after which it may. */
  take(address: string): number
  readonly addresses: number
}

interface Bucket {
  tokens: number
  filledAt: number
}

/**
 * A token bucket for each address. The table is bounded: when it is full, the address that was not seen for longest
 * is forgotten, and restarts with a full bucket. A client with many addresses gets past this limit, but never locks another client out.
 */
export function createRateLimit({
  requestsPerSecond,
  burst,
  addressesMax,
  now = () => performance.now(),
}: RateLimitOptions): RateLimit {
  const buckets = new Map<string, Bucket>()

  return {
    take(address) {
      if (requestsPerSecond === 0) return 0
      const at = now()
      const bucket = buckets.get(address) ?? { tokens: burst, filledAt: at }
      bucket.tokens = Math.min(burst, bucket.tokens + ((at - bucket.filledAt) * requestsPerSecond) / 1_000)
      bucket.filledAt = at
      // Last in the map is last seen, first the one to forget.
      buckets.delete(address)
      if (buckets.size >= addressesMax) buckets.delete(buckets.keys().next().value as string)
      buckets.set(address, bucket)
      if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / requestsPerSecond))
      bucket.tokens--
      return 0
    },
    get addresses() {
      return buckets.size
    },
  }
}
