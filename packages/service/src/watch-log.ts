import type { Logger } from '@sluicebox/runtime/log'
import type { Registry } from '@sluicebox/runtime/metrics'
import type { OpenLogParts } from '@sluicebox/stream/open'
import { Counter } from 'prom-client'

/** What a log tells of while it is used: as logs, and as metrics. */
export function watchLog(
  logger: Pick<Logger, 'error' | 'warn'>,
  metrics: Registry,
): Pick<OpenLogParts, 'onSkipped' | 'onProblem'> {
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
    help: 'What went wrong with the log and was tried again.',
  })
  return {
    onSkipped({ group, stream, partition, from, to }) {
      skippedPositions.inc({ group, stream }, Number(to - from))
      logger.error(
        { group, stream, partition, from: String(from), to: String(to) },
        'records were deleted before they were read: they are lost to this group; raise log.retention, or add workers',
      )
    },
    onProblem(error) {
      problems.inc()
      logger.warn({ err: error }, `trouble with the log: ${error.message}`)
    },
  }
}
