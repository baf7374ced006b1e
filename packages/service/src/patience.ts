import type { Logger } from '@sluicebox/runtime/log'
import { REAL_WORLD, type World } from '@sluicebox/stream/driver/world'

export interface PatienceParts {
  readonly logger: Pick<Logger, 'info' | 'warn'>
  /** Ends the waiting. */
  readonly signal: AbortSignal
  /** Told why the process waits, and with undefined that it does no longer. */
  readonly onWait?: (reason: string | undefined) => void
  readonly world?: World
}

/**
 * Tries until it works, for as long as that takes: a server that is down when a process starts is waited for, not
 * crashed about. Rejects with the signal's reason once it aborts, and at once with an error that `isFinal`: one that
 * waiting does not mend.
 */
export type Patiently = <T>(
  what: string,
  attempt: () => Promise<T>,
  isFinal?: (error: unknown) => boolean,
) => Promise<T>

const FIRST_MS = 250
const MAX_MS = 10_000

export function createPatience({ logger, signal, onWait, world = REAL_WORLD }: PatienceParts): Patiently {
  return async function patiently(what, attempt, isFinal = () => false) {
    for (let tries = 0; ; tries++) {
      signal.throwIfAborted()
      try {
        const found = await unlessAborted(attempt(), signal)
        if (tries > 0) {
          onWait?.(undefined)
          logger.info(`${what} can be reached`)
        }
        return found
      } catch (error) {
        if (signal.aborted || isFinal(error)) throw error
        const limitMs = Math.min(MAX_MS, FIRST_MS * 2 ** tries)
        // Half of it by chance, so that the workers of a fleet do not come back at the same instants.
        const waitMs = Math.round(limitMs * (0.5 + world.random() / 2))
        onWait?.(`waiting for ${what}: ${(error as Error).message}`)
        logger.warn({ err: error, waitMs }, `waiting for ${what}`)
        await world.wait(waitMs, signal)
      }
    }
  }
}

/** A server that never answers must not hold up the shutdown. */
async function unlessAborted<T>(asked: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason as Error)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([asked, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
    // What comes after the end is nobody's any more.
    asked.catch(() => {})
    aborted.promise.catch(() => {})
  }
}
