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
        'Length of a window, by the clock of the log. An object is closed when the log enters the next window; shorter windows give earlier and smaller objects.',
      ),
    recordsMax: z
      .number()
      .int()
      .min(1)
      .default(200_000)
      .describe(
        'Records in an object at most. The object is closed at this number, and the next record begins another.',
      ),
    bytesMax: z
      .number()
      .int()
      .min(1024)
      .default(32 * 1024 * 1024)
      .describe(
        'Uncompressed bytes of records in an object at most. The object is closed before the record that would exceed it; a larger record has an object of its own. Each partition of each stream holds one open object in memory, compressed.',
      ),
    hourRecordsMin: z
      .number()
      .int()
      .min(1)
      .default(500)
      .describe(
        'An object with at least this many records is closed when the collected hour changes; a smaller one when the day changes, so that a sparse recording of months does not become a heap of tiny objects.',
      ),
    rowsPerGroup: z
      .number()
      .int()
      .min(100)
      .default(1000)
      .describe(
        'Rows in a Parquet row group. A group is encoded in one go, at about 20 µs per row; a larger one blocks the rest of the process for longer.',
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
