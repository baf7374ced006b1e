import { STREAMS } from '@sluicebox/event/records'
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
