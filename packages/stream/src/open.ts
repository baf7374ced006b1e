import type { LogConfig } from './config.ts'
import { openEmbeddedLog } from './embedded/log.ts'
import { openKafkaLog } from './kafka/log.ts'
import type { Log, Skipped } from './log.ts'

export interface OpenLogParts {
  readonly config: LogConfig
  /** Folder of the embedded log. */
  readonly dir: string
  /** Groups for which the embedded log keeps records beyond their age. */
  readonly heldBy?: readonly string[]
  /** Called with records of a stream that were deleted before a group had read them. */
  readonly onSkipped: (skipped: Skipped) => void
  /** Called with what went wrong and is being tried again. */
  readonly onProblem: (error: Error) => void
}

/** Opens the log that the configuration names. */
export function openLog({ config, dir, heldBy = [], onSkipped, onProblem }: OpenLogParts): Promise<Log> {
  if (config.kind === 'kafka') return openKafkaLog({ config: config.kafka, onSkipped, onProblem })
  const { partitions, retention } = config
  return openEmbeddedLog({
    dir,
    ...(partitions === undefined ? {} : { partitions }),
    retention: { ...retention, heldBy },
    onSkipped,
    onProblem,
  })
}
