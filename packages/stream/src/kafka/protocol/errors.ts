// What an error of a broker or of the way to it means for the caller.

/** The request did nothing, and will go through later or with another broker. */
const DEFINITE = new Set([
  'NOT_SENT',
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

/** Another producer has the transactional id, or the brokers gave up on this one. */
const FENCING = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING'])

export function typeOf(error: unknown): string | undefined {
  const { type, cause } = error as { type?: string; cause?: unknown }
  return type ?? (cause === undefined || cause === null ? undefined : typeOf(cause))
}

/** Nothing happened: the same request may be made again. */
export function isDefinite(error: unknown): boolean {
  return DEFINITE.has(typeOf(error) ?? '')
}

export function isFencing(error: unknown): boolean {
  return FENCING.has(typeOf(error) ?? '')
}

/** A broker could not be reached, or its answer did not come: what was asked may have happened or not. */
export function isLost(error: unknown): boolean {
  const { name } = error as Error
  return typeOf(error) === undefined && name.startsWith('KafkaJS')
}

/** A retry is useless: it is a setting, a right or a fault of ours that has to be fixed. */
export function isHopeless(error: unknown): boolean {
  const type = typeOf(error)
  if (type === undefined) return !isLost(error)
  if (type === 'NOT_SENT') return isHopeless((error as Error).cause)
  return /AUTHORIZATION_FAILED|AUTHENTICATION_FAILED|UNSUPPORTED|INVALID_(GROUP_ID|SESSION_TIMEOUT|TRANSACTION_TIMEOUT)|INCONSISTENT_GROUP_PROTOCOL/.test(
    type,
  )
}

/** Wraps what went wrong before a request was sent: it did nothing. */
export function unsent(cause: unknown): Error {
  return Object.assign(new Error((cause as Error).message, { cause }), { type: 'NOT_SENT' })
}

export interface Patience {
  /** Monotonic milliseconds until which it is tried again. */
  readonly until: number
  readonly signal?: AbortSignal
}

const FIRST_WAIT_MS = 2
const WAIT_MS_MAX = 250

/**
 * Makes a request again while `mayRepeat` says that its error allows it, with longer and longer waits, and asks the
 * cluster again which brokers lead and coordinate in between. Rejects with the last error.
 */
export async function patiently<T>(
  request: () => Promise<T>,
  renew: () => Promise<void>,
  mayRepeat: (error: unknown) => boolean,
  { until, signal }: Patience,
): Promise<T> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, WAIT_MS_MAX)) {
    try {
      return await request()
    } catch (error) {
      if (!mayRepeat(error) || performance.now() + waitMs > until || signal?.aborted) throw error
      await new Promise(resolve => setTimeout(resolve, waitMs))
      // The brokers have not changed: the last transaction is being written out still.
      if (typeOf(error) !== 'CONCURRENT_TRANSACTIONS') await renew().catch(() => {})
    }
  }
}
