import type { Logger } from '@sluicebox/runtime/log'
import { unlessAborted } from '@sluicebox/stream/aborted'
import { backoffMs } from '@sluicebox/stream/backoff'
import { REAL_WORLD, type World } from '@sluicebox/stream/driver/world'

export interface PatienceParts {
  readonly logger: Pick<Logger, 'info' | 'warn'>
  /** Ends the waiting. */
  readonly signal: AbortSignal
  /** Called with the reason while the process waits, and with undefined once it no longer waits. */
  readonly onWait?: (reason: string | undefined) => void
  readonly world?: World
}

/**
 * Repeats an attempt until it succeeds, for as long as that takes: a process waits for a server that is down when it
 * starts. `what` names the server in the log. Rejects with the signal's reason once the signal aborts, and at once with
 * an error for which `isFinal` holds, because waiting does not fix it.
 */
export type Patiently = <T>(
  what: string,
  attempt: () => Promise<T>,
  isFinal?: (error: unknown) => boolean,
) => Promise<T>

const BACKOFF = { firstMs: 250, maxMs: 10_000 }

export function createPatience({ logger, signal, onWait, world = REAL_WORLD }: PatienceParts): Patiently {
  return async function patiently<T>(
    what: string,
    attempt: () => Promise<T>,
    isFinal: (error: unknown) => boolean = () => false,
  ): Promise<T> {
    for (let tries = 0; ; tries++) {
      signal.throwIfAborted()
      try {
        const found = (await unlessAborted(attempt(), signal)) as T
        signal.throwIfAborted()
        if (tries > 0) {
          onWait?.(undefined)
          logger.info(`${what} can be reached`)
        }
        return found
      } catch (error) {
        if (signal.aborted || isFinal(error)) throw error
        const waitMs = Math.round(backoffMs(tries, BACKOFF, world.random()))
        onWait?.(`waiting for ${what}: ${(error as Error).message}`)
        logger.warn({ err: error, waitMs }, `waiting for ${what}`)
        await world.wait(waitMs, signal)
      }
    }
  }
}
