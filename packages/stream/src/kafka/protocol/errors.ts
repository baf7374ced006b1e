import { protocolErrors, protocolErrorsCodesById, ResponseError } from '@platformatic/kafka'
import { backoffMs } from '../../backoff.ts'

// What an error of a broker, or of the connection to it, means for the caller.

/** The request had no effect, and will succeed later or on another broker. */
const DEFINITE = new Set([
  'NOT_SENT',
  'THROTTLED',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'BROKER_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
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

/** No response came from a broker: the request may have taken effect or not. */
export class LostError extends Error {
  override readonly name = 'LostError'
}

/** Whether a broker could not be reached or sent no response: the request may have taken effect or not. */
export function isLost(error: unknown): boolean {
  return error instanceof LostError
}

/** Returns the error that a code of the protocol means, with its `type`. */
export function errorOf(code: number, options?: ErrorOptions): Error {
  const type = (protocolErrorsCodesById as Record<number, string | undefined>)[code] ?? `ERROR_${code}`
  const known = (protocolErrors as Record<string, { message: string } | undefined>)[type]
  return Object.assign(new Error(known?.message ?? `the broker returned error ${code}`, options), { type })
}

/** Returns an error of the client as one of ours: with the `type` of the protocol, or as a `LostError`. */
export function ofProtocol(error: unknown): Error {
  if (error instanceof ResponseError) {
    const code = (error.errors[0] as { apiCode?: number } | undefined)?.apiCode
    if (code !== undefined) return errorOf(code, { cause: error })
  }
  const causes = causesOf(error as Error)
  const codes = causes.map(each => (each as { code?: unknown }).code)
  const message = causes.map(each => each.message).join(' ')
  if (codes.includes('PLT_KFK_AUTHENTICATION'))
    return Object.assign(new Error(message, { cause: error }), { type: 'SASL_AUTHENTICATION_FAILED' })
  if (String(codes[0]).startsWith('PLT_KFK_')) return new LostError(message, { cause: error })
  return error as Error
}

/** Returns the response that an error of `ofProtocol` came in. */
export function responseIn<T>(error: Error): T | undefined {
  const { cause } = error
  return cause instanceof ResponseError ? (cause['response'] as T) : undefined
}

function causesOf(error: Error): Error[] {
  const { cause } = error
  return cause instanceof Error ? [error, ...causesOf(cause)] : [error]
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
