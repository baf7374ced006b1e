import type { Logger } from '@sluicebox/runtime/log'
import type { Registry } from '@sluicebox/runtime/metrics'
import { UnreadableError, UnwritableError } from '@sluicebox/stream/log'
import type { OpenLogParts } from '@sluicebox/stream/open'
import { Counter } from 'prom-client'

export interface WatchLogParts {
  readonly logger: Pick<Logger, 'error' | 'warn'>
  readonly metrics: Registry
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** An error that repeats is logged once in this time. */
const REPEAT_MS = 10_000
const MESSAGES_MAX = 100
/** A log reports what it can't read or write every few seconds, for as long as it can't. */
const TROUBLE_FOR_MS = 15_000

export interface WatchedLog extends Pick<OpenLogParts, 'onSkipped' | 'onProblem'> {
  /** What the log can't read or write at the moment, for the readiness probe; undefined when it can do both. */
  trouble(): string | undefined
}

/** Returns the callbacks of a log that put what it reports into the process's logs, metrics and readiness. */
export function watchLog({ logger, metrics, now = Date.now }: WatchLogParts): WatchedLog {
  const registers = [metrics]
  const skippedPositions = new Counter({
    registers,
    name: 'sluicebox_log_skipped_positions_total',
    help: 'Positions that the log had deleted before a group had read them.',
    labelNames: ['group', 'stream'] as const,
  })
  const problems = new Counter({
    registers,
    name: 'sluicebox_log_problems_total',
    help: 'Errors of the log after which it retried.',
  })
  /** When each error was logged, and how often it came since, by its message. */
  const told = new Map<string, { at: number; repeats: number }>()

  /** When it was last reported, by its message. */
  const troubles = new Map<string, number>()

  return {
    trouble() {
      for (const [message, at] of troubles) if (now() - at > TROUBLE_FOR_MS) troubles.delete(message)
      return troubles.size === 0 ? undefined : [...troubles.keys()].join('; ')
    },
    onSkipped({ group, stream, partition, from, to }) {
      skippedPositions.inc({ group, stream }, Number(to - from))
      logger.error(
        { group, stream, partition, from: String(from), to: String(to) },
        'records were deleted before they were read: they are lost to this group; raise log.retention, or add workers',
      )
    },
    onProblem(error) {
      problems.inc()
      const { message } = error
      if (error instanceof UnreadableError || error instanceof UnwritableError) troubles.set(message, now())
      const last = told.get(message)
      if (last !== undefined && now() - last.at < REPEAT_MS) {
        last.repeats++
        return
      }
      if (told.size >= MESSAGES_MAX) told.clear()
      told.set(message, { at: now(), repeats: 0 })
      const repeats = last?.repeats ?? 0
      logger.warn({ err: error, ...(repeats > 0 ? { repeats } : {}) }, `trouble with the log: ${message}`)
    },
  }
}
