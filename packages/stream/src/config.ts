import { z } from 'zod'
import { kafkaConfig } from './kafka/config.ts'

const DAY_MS = 86_400_000

/** The section `log` of the configuration: where the streams are. */
export const logConfig = z
  .strictObject({
    kind: z
      .enum(['embedded', 'kafka'])
      .default('embedded')
      .describe('`embedded`: in the data directory of one machine. `kafka`: on Apache Kafka.'),
    partitions: z
      .int()
      .min(1)
      .max(1024)
      .optional()
      .describe('Partitions of each stream, fixed when the streams are created. Default: 4; on Kafka 12.'),
    retention: z
      .strictObject({
        ageMs: z
          .int()
          .min(60_000)
          .default(7 * DAY_MS)
          .describe(
            'Records older than this are deleted. The embedded log keeps what a stage has not read for longer, up to `bytesMax`; Kafka does not.',
          ),
        bytesMax: z
          .int()
          .min(1_000_000)
          .default(20_000_000_000)
          .describe(
            'Above this the oldest records of a stream are deleted. On Kafka the bytes are divided among the partitions.',
          ),
      })
      .prefault({}),
    kafka: kafkaConfig,
  })
  .superRefine((log, context) => {
    if (log.kind === 'kafka' && log.kafka.brokers.length === 0)
      context.addIssue({
        code: 'custom',
        path: ['kafka', 'brokers'],
        message: 'name at least one broker, such as kafka-1:9092',
      })
  })
  .prefault({})

export type LogConfig = z.output<typeof logConfig>

/** Whether the streams are in the data directory of one machine, so that a path can be missing and no server can be down. */
export function isOnThisMachine(log: LogConfig): boolean {
  return log.kind === 'embedded'
}

/** Whether the streams have to be made by `topics create` before a process can use them. */
export function hasTopics(log: LogConfig): boolean {
  return log.kind === 'kafka'
}

/** The embedded log has no limit of its own; a larger record would delay the stages that read it. */
const EMBEDDED_RECORD_BYTES_MAX = 16 * 1024 * 1024

/** The largest record that the log takes, with its key, in bytes. */
export function recordBytesMaxOf(log: LogConfig): number {
  return log.kind === 'kafka' ? log.kafka.recordBytesMax : EMBEDDED_RECORD_BYTES_MAX
}

/** The prefix of the streams' subjects in a schema registry, which several pipelines may share. */
export function subjectPrefixOf(log: LogConfig): string {
  return log.kind === 'kafka' ? log.kafka.prefix : ''
}
