import { backoffMs } from '../../backoff.ts'

// What an error of a broker, or of the connection to it, means for the caller.

/** The request had no effect, and will succeed later or on another broker. */
const DEFINITE = new Set([
  'NOT_SENT',
  'THROTTLED',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'CONCURRENT_TRANSACTIONS',
  'NOT_ENOUGH_REPLICAS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
])

/** Another producer has the transactional id, or the brokers have expired this one. */
const FENCING = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING'])

/** Returns the name that Kafka's protocol has for an error, such as `PRODUCER_FENCED`; undefined for any other error. */
export function typeOf(error: unknown): string | undefined {
  const { type, cause } = error as { type?: string; cause?: unknown }
  return type ?? (cause === undefined || cause === null ? undefined : typeOf(cause))
}

/** Whether the request certainly had no effect, so that the caller may repeat it. */
export function isDefinite(error: unknown): boolean {
  return DEFINITE.has(typeOf(error) ?? '')
}

/** Whether another producer has taken the transactional id. */
export function isFencing(error: unknown): boolean {
  return FENCING.has(typeOf(error) ?? '')
}

/** Whether a broker could not be reached or sent no response: the request may have taken effect or not. */
export function isLost(error: unknown): boolean {
  const { name } = error as Error
  return typeOf(error) === undefined && name.startsWith('KafkaJS')
}

/** Whether a retry is useless: a setting, a right or a fault in the code has to be fixed first. */
export function isHopeless(error: unknown): boolean {
  const type = typeOf(error)
  if (type === undefined) return !isLost(error)
  if (type === 'NOT_SENT') return isHopeless((error as Error).cause)
  return /AUTHORIZATION_FAILED|AUTHENTICATION_FAILED|UNSUPPORTED|INVALID_(GROUP_ID|SESSION_TIMEOUT|TRANSACTION_TIMEOUT)|INCONSISTENT_GROUP_PROTOCOL/.test(
    type,
  )
}

/** Wraps an error from before a request was sent: the request had no effect. */
export function unsent(cause: unknown): Error {
  return Object.assign(new Error((cause as Error).message, { cause }), { type: 'NOT_SENT' })
}

export interface Patience {
  /** Monotonic milliseconds until which the request is retried. */
  readonly until: number
  readonly signal?: AbortSignal
}

const BACKOFF = { firstMs: 2, maxMs: 250 }
/** Every wait is the longest that its attempt allows: nothing in this folder is drawn by chance. */
const FULL_WAIT = 1

/**
 * Makes a request, and repeats it while `mayRepeat` allows that for its error, until `until` has come or `signal` has
 * aborted. The waits grow from 2 ms to 250 ms; after each of them, `renew` asks the cluster again which brokers lead and
 * coordinate. Rejects with the last error.
 */
export async function patiently<T>(
  request: () => Promise<T>,
  renew: () => Promise<void>,
  mayRepeat: (error: unknown) => boolean,
  { until, signal }: Patience,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await request()
    } catch (error) {
      const waitMs = backoffMs(attempt, BACKOFF, FULL_WAIT)
      if (!mayRepeat(error) || performance.now() + waitMs > until || signal?.aborted) throw error
      await new Promise(resolve => setTimeout(resolve, waitMs))
      // The brokers are still writing out the last transaction; the cluster is the same.
      if (typeOf(error) !== 'CONCURRENT_TRANSACTIONS') await renew().catch(() => {})
    }
  }
}
