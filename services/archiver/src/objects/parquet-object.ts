import { setImmediate } from 'node:timers/promises'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { DecodedRecord, Fields } from './decode.ts'
import {
  collectForeign,
  factsFromMetadata,
  foreignFromMetadata,
  LOG_FIELDS,
  toMetadata,
  type ObjectFacts,
  type ObjectWriter,
} from './object.ts'
import { parquetColumns } from './parquet-columns.ts'

// Node has Zstandard as native code. It gives half the bytes of Snappy in JavaScript, in less time. Current readers
// support it. Level and writer are fixed, because the bytes of an object depend on them.
const ZSTD = 'ZSTD'
const compress = (bytes: Uint8Array): Uint8Array =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
const decompress = (bytes: Uint8Array, size: number): Uint8Array =>
  size === 0 ? new Uint8Array() : zstdDecompressSync(bytes, { maxOutputLength: size })

/**
 * A writer of Parquet objects for the records of a stream with this schema, in one partition. Rows wait until they
 * are a group of `rowsPerGroup`; the groups written so far are held as they will be in the object.
 */
export function createParquetWriter(schema: string, partition: number, rowsPerGroup: number): ObjectWriter {
  const columns = parquetColumns(schema)
  const buffer = new ByteWriter()
  const writer = new ParquetWriter({
    writer: buffer,
    schema: columns.schema,
    compressors: { [ZSTD]: compress },
    createdBy: 'sluicebox',
  })
  const foreign = new Map<number, string>()
  let rows: DecodedRecord[] = []

  function endGroup(): void {
    if (rows.length === 0) return
    const group = rows
    rows = []
    void writer.write({
      columnData: columns.names.map(name => {
        const data = column(name, group, partition)
        return {
          name,
          data,
          codec: codecFor(data),
          ...(columns.plain.has(name) ? { encoding: 'PLAIN' as const } : {}),
        }
      }),
      rowGroupSize: group.length,
    })
  }

  return {
    async add(records) {
      collectForeign(records, foreign)
      for (const record of records) {
        rows.push(record)
        if (rows.length < rowsPerGroup) continue
        endGroup()
        // Encoding a group takes tens of milliseconds: yield to other work.
        await setImmediate()
      }
    },
    async finish(facts) {
      endGroup()
      writer.kvMetadata = Object.entries(toMetadata(facts, foreign)).map(([key, value]) => ({ key, value }))
      await writer.finish()
      return buffer.getBytes()
    },
  }
}

/** A column of fewer bytes is not worth compressing. Most columns of most groups are null. */
const SNAPPY_BYTES = 256
/** Setting up Zstandard takes longer than it can save on fewer bytes. */
const ZSTD_BYTES = 8192

function codecFor(values: readonly unknown[]): 'UNCOMPRESSED' | 'SNAPPY' | typeof ZSTD {
  let bytes = 0
  for (const value of values) {
    if (value === null) continue
    bytes += typeof value === 'string' || value instanceof Uint8Array ? value.length + 4 : 4
    if (Array.isArray(value)) bytes += value.length * 24
    if (bytes > ZSTD_BYTES) return ZSTD
  }
  return bytes > SNAPPY_BYTES ? 'SNAPPY' : 'UNCOMPRESSED'
}

function column(name: string, group: readonly DecodedRecord[], partition: number): unknown[] {
  switch (name as (typeof LOG_FIELDS)[number]['name']) {
    case 'partition':
      return group.map(() => partition)
    case 'position':
      return group.map(({ record }) => String(record.position))
    case 'key':
      return group.map(({ record }) => record.key)
    case 'appended_at':
      return group.map(({ record }) => Math.trunc(record.appendedAt))
    case 'framed':
      return group.map(({ record, foreign }) => (foreign === null ? null : record.value))
    default:
      return group.map(({ fields }) => fields[name])
  }
}

/** A record of a Parquet object. */
export interface ParquetRecord {
  readonly partition: number
  readonly position: bigint
  readonly key: string | null
  readonly appendedAt: number
  /** The value of every column, those of the log included. */
  readonly fields: Fields
  /** The record as the log held it, if `fields` are not all of it. */
  readonly framed: Uint8Array | null
}

export interface ParquetObject {
  readonly facts: ObjectFacts
  /** The fields of the stream's record that the object has columns for. */
  readonly fieldNames: readonly string[]
  /** The known schemas of `framed` records, by id. */
  readonly foreignSchemas: ReadonlyMap<number, string>
  /**
   * Yields the records, row group by row group, with only the stream's fields in `fieldNames`, if given. Rejects
   * where the bytes are no longer a Parquet file.
   */
  groups(fieldNames?: readonly string[]): AsyncIterable<ParquetRecord[]>
}

const LOG_COLUMNS = new Set<string>(LOG_FIELDS.map(field => field.name))

export function openParquetObject(bytes: Uint8Array): ParquetObject {
  const file = bytes.slice().buffer
  const metadata = parquetMetadata(file)
  const root = metadata.schema[0]
  if (root === undefined) throw new Error('it has no columns')
  const values = new Map((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? '']))
  return {
    facts: factsFromMetadata(values),
    fieldNames: topLevel(metadata.schema).filter(name => !LOG_COLUMNS.has(name)),
    foreignSchemas: foreignFromMetadata(values),
    async *groups(fieldNames) {
      let rowStart = 0
      for (const group of metadata.row_groups) {
        const rowEnd = rowStart + Number(group.num_rows)
        const rows = await parquetReadObjects({
          file,
          metadata,
          rowStart,
          rowEnd,
          ...(fieldNames === undefined ? {} : { columns: [...LOG_COLUMNS, ...fieldNames] }),
          utf8: false,
          compressors: { [ZSTD]: decompress },
          parsers: { timestampFromMilliseconds: Number },
        })
        yield rows.map(row => ({
          partition: row['partition'] as number,
          position: BigInt(row['position'] as string),
          key: row['key'] as string | null,
          appendedAt: row['appended_at'] as number,
          fields: row,
          framed: row['framed'] as Uint8Array | null,
        }))
        rowStart = rowEnd
      }
    },
  }
}

/** The names of the columns at the top, in order. */
function topLevel(schema: readonly { name: string; num_children?: number }[]): string[] {
  const names: string[] = []
  let at = 1
  const skip = (): void => {
    const children = schema[at++]?.num_children ?? 0
    for (let i = 0; i < children; i++) skip()
  }
  while (at < schema.length) {
    names.push((schema[at] as { name: string }).name)
    skip()
  }
  return names
}
