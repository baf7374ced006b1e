import { renameSync, rmSync } from 'node:fs'
import { fileWriter, ParquetWriter, schemaFromColumnData, type ColumnSource } from 'hyparquet-writer'
import { FEATURES_KEY, META_COLUMNS, SLICE_COLUMNS } from '../table.ts'

/** The fields of a row besides its features. */
export interface RowHead {
  readonly sessionId: string
  readonly visitor: string
  readonly revision: number
  readonly n: number
  readonly eventCount: number
  readonly eventTime: number
  readonly startedAt: number
  readonly label: 0 | 1
  readonly deviceType: string | null
  readonly referrerMedium: string | null
}

export interface TableWriter {
  /** Adds a row. `features` is read before it returns. */
  append(head: RowHead, features: Float64Array): void
  /** Writes what is left and gives the file its name. Until then there is no file under that name. */
  close(): void
  /** Leaves nothing behind. */
  abandon(): void
}

// Decides the memory that writing takes: rows × columns × about 16 bytes.
const ROWS_PER_GROUP = 20_000

/** Writes a training table to `path`, row group by row group. The same rows give the same bytes. */
export function createTableWriter(path: string, featureNames: readonly string[]): TableWriter {
  const taken = new Set<string>([...META_COLUMNS, ...SLICE_COLUMNS])
  for (const name of featureNames) {
    if (taken.has(name))
      throw new Error(
        `a feature is called "${name}", which is a column of the training table already; give it another name in the feature spec`,
      )
    taken.add(name)
  }

  const text = { type: 'STRING', nullable: true } as const
  const columns = [
    { name: 'session_id', type: 'STRING', nullable: false },
    { name: 'visitor', type: 'STRING', nullable: false },
    { name: 'revision', type: 'INT32', nullable: false },
    { name: 'n', type: 'INT32', nullable: false },
    { name: 'event_count', type: 'INT32', nullable: false },
    { name: 'event_time', type: 'TIMESTAMP', nullable: false },
    { name: 'session_started_at', type: 'TIMESTAMP', nullable: false },
    { name: 'label', type: 'INT32', nullable: false },
    { name: 'device_type', ...text },
    { name: 'referrer_medium', ...text },
    ...featureNames.map(name => ({ name, type: 'DOUBLE', nullable: true }) as const),
  ] satisfies Omit<ColumnSource, 'data'>[]
  const headCount = columns.length - featureNames.length

  const part = `${path}.part`
  const writer = new ParquetWriter({
    writer: fileWriter(part),
    schema: schemaFromColumnData({ columnData: columns.map(column => ({ ...column, data: [] })) }),
    kvMetadata: [{ key: FEATURES_KEY, value: JSON.stringify(featureNames) }],
    createdBy: 'sluicebox',
  })
  let buffers = columns.map((): unknown[] => [])

  function writeGroup(): void {
    const rows = buffers[0]?.length ?? 0
    if (rows === 0) return
    void writer.write({
      columnData: columns.map(({ name }, i) => ({ name, data: buffers[i] as unknown[] })),
      rowGroupSize: rows,
    })
    buffers = columns.map(() => [])
  }

  return {
    append(head, features) {
      const values = [
        head.sessionId,
        head.visitor,
        head.revision,
        head.n,
        head.eventCount,
        new Date(head.eventTime),
        new Date(head.startedAt),
        head.label,
        head.deviceType,
        head.referrerMedium,
      ]
      for (let i = 0; i < headCount; i++) (buffers[i] as unknown[]).push(values[i])
      for (let f = 0; f < featureNames.length; f++) {
        const value = features[f] as number
        ;(buffers[headCount + f] as unknown[]).push(Number.isNaN(value) ? null : value)
      }
      if ((buffers[0] as unknown[]).length >= ROWS_PER_GROUP) writeGroup()
    },
    close() {
      writeGroup()
      void writer.finish()
      renameSync(part, path)
    },
    abandon() {
      rmSync(part, { force: true })
    },
  }
}
