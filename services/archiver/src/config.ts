import { STREAMS } from '@sluicebox/event/records'
import { loadConfig } from '@sluicebox/runtime/config'
import { LOG_LEVELS } from '@sluicebox/runtime/log'
import { z } from 'zod'

const HOUR_MS = 3_600_000

/** The section `archiver` of the configuration. */
export const archiverConfig = z
  .strictObject({
    streams: z
      .array(z.enum(STREAMS))
      .default([...STREAMS])
      .describe('Streams to archive. `verify` needs raw, good and scored.'),
    windowMs: z
      .number()
      .int()
      .min(1000)
      .default(300_000)
      .refine(ms => HOUR_MS % ms === 0, 'must divide an hour, such as 60000, 300000 or 3600000')
      .describe(
        'Longest time that records wait for their object, by the clock of the log. Shorter means sooner and smaller objects.',
      ),
    recordsMax: z
      .number()
      .int()
      .min(1)
      .default(200_000)
      .describe('An object with this many records is closed.'),
    bytesMax: z
      .number()
      .int()
      .min(1024)
      .default(32 * 1024 * 1024)
      .describe(
        'An object is closed before its records, uncompressed, exceed this. Each partition of each stream holds one open object in memory, compressed.',
      ),
    hourRecordsMin: z
      .number()
      .int()
      .min(1)
      .default(500)
      .describe(
        'An object with at least this many records ends with the collected hour; a smaller one with the day, so that a sparse recording of months is not a heap of tiny objects.',
      ),
    rowsPerGroup: z
      .number()
      .int()
      .min(100)
      .default(1000)
      .describe(
        'Rows in a Parquet row group. A group is encoded at one go, at some 20 µs a row: larger ones make whatever shares the process wait.',
      ),
    batchRecordsMax: z.number().int().min(1).default(2000).describe('Records read at a time.'),
    batchBytesMax: z
      .number()
      .int()
      .min(1024)
      .default(4 * 1024 * 1024)
      .describe('Bytes read at a time.'),
  })
  .prefault({})

export type ArchiverConfig = z.output<typeof archiverConfig>

/** The configuration of a process that runs the archiver alone. */
const processConfig = z.object({
  dataDir: z.string().min(1).default('data').describe('Where the embedded log and the archive are kept.'),
  logLevel: z.enum(LOG_LEVELS).default('info').describe('Least important messages that are logged.'),
  shutdownGraceMs: z.int().min(0).default(30_000).describe('How long stopping may take.'),
  admin: z
    .strictObject({
      host: z.string().default('127.0.0.1').describe('Address for health and metrics.'),
      port: z.int().min(0).max(65_535).default(9464).describe('Port for health and metrics.'),
    })
    .prefault({}),
  archiver: archiverConfig,
})

/** Reads it from a file, when one is named, and the environment. Throws with every fault. */
export function loadProcessConfig(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): z.output<typeof processConfig> {
  return loadConfig(processConfig, file === undefined ? { env } : { env, file, fileRequired: true })
}
