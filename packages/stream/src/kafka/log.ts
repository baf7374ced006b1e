import type { Log, Skipped } from '../log.ts'
import type { KafkaConfig } from './config.ts'

export interface KafkaLogOptions {
  readonly config: KafkaConfig
  readonly onSkipped?: (skipped: Skipped) => void
  readonly onProblem?: (error: Error) => void
}

/** Connects to a Kafka cluster. Rejects when none of its brokers can be reached, or a setting does not fit. */
export function openKafkaLog(options: KafkaLogOptions): Promise<Log> {
  return Promise.reject(new Error(`no way yet to ${options.config.brokers.join()}`))
}
