import closeWithGrace from 'close-with-grace'
import type { Logger } from './log.ts'

export interface Stop {
  /** Aborts on the first SIGTERM or SIGINT: its holder finishes what is in flight. */
  readonly signal: AbortSignal
  /** Call it when all work is finished, or has failed: the process may end now. */
  finished(outcome: 'done' | 'failed'): void
}

/**
 * Turns SIGTERM and SIGINT into one abort signal. A second signal, or the end of `graceMs`, ends the process at once
 * with status 1. An uncaught error ends it too; what was in flight is not written, and a restart replays it.
 */
export function stopOnSignal({ graceMs, logger }: { graceMs: number; logger: Logger }): Stop {
  const controller = new AbortController()
  const outcome = Promise.withResolvers<'done' | 'failed'>()
  const grace = closeWithGrace(
    { delay: graceMs, logger: false, skip: ['beforeExit'] },
    async ({ signal, err }) => {
      if (err !== undefined) {
        logger.fatal({ err }, 'ending: an error that nothing handles')
        return
      }
      logger.info({ signal, graceMs }, 'stopping: finishing what is in flight')
      controller.abort(new Error(`received ${signal ?? 'a signal'}`))
      // The library ends the process: with 0 when this resolves, with 1 when it rejects.
      if ((await outcome.promise) === 'failed') throw new Error('did not stop cleanly')
    },
  )
  return {
    signal: controller.signal,
    finished(how) {
      outcome.resolve(how)
      grace.uninstall()
    },
  }
}
