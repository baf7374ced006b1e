import type { Codec } from '@sluicebox/event/codec'
import { STREAMS, type RawRecord, type StreamName, type StreamRecords } from '@sluicebox/event/records'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import type { Store } from '@sluicebox/store/store'
import type { Batch, InputRecord } from '@sluicebox/stream/log'
import { openAvroObject, type AvroObject, type AvroRecord } from '../objects/avro-object.ts'
import { collectedTime, defaultFields, framedId, type Fields } from '../objects/decode.ts'
import { readManifest, type ManifestEntry } from './manifest.ts'
import { sha256 } from '../objects/object.ts'
import { openParquetObject, type ParquetObject, type ParquetRecord } from '../objects/parquet-object.ts'
import { folderSchemas } from '../schemas.ts'

// Readers of the archive. They need only the store: an object contains the schema that it was written with, and
// fields that an older schema lacks get their defaults.

/** Selects records. They come partition after partition, each in order. */
export interface ReadOptions {
  readonly partition?: number
  /** Only records that a stage made from this partition of its input. */
  readonly source?: number
  /** Only records collected at or after this instant, epoch milliseconds. */
  readonly from?: number
  /** Only records collected before this instant. */
  readonly to?: number
}

/** Selects records of a stream of rows. */
export interface RowOptions extends ReadOptions {
  /**
   * Reads only these fields, which is faster; the other fields of a record have their defaults. Default: all fields.
   */
  readonly columns?: readonly string[]
}

/** An object that is missing, or is not what the manifest says. */
export class ArchiveFault extends Error {}

/** What the archive holds, as its manifest says: stream after stream, partition after partition, in order. */
export async function* listArchive(
  store: Store,
  streams: readonly StreamName[] = STREAMS,
): AsyncGenerator<ManifestEntry> {
  for (const stream of streams) yield* readManifest(store, stream)
}

/**
 * Reads archived raw records as the log had them: the same bytes at the same positions, so a stage gives the same
 * output. Records of an earlier schema are encoded again in the schema of `codec`, as the stage's own codec would
 * read them.
 */
export async function* readRaw(
  store: Store,
  options: ReadOptions & { codec?: Codec<RawRecord> } = {},
): AsyncGenerator<Batch> {
  const codec = options.codec ?? folderCodec('raw')
  for await (const entry of entriesOf(store, 'raw', options)) {
    const object = opened(entry, openAvroObject, await fetchObject(store, entry), ['collected_at'])
    const reframe = createReframe(codec, object)
    for (const block of checked(entry, object.blocks())) {
      const records = block
        .filter(record => isWanted(record, options))
        .map((record): InputRecord => {
          const { key, position, appendedAt } = record
          return { key, position, appendedAt, value: reframe(record) }
        })
      yield* batches('raw', entry.partition, records)
    }
  }
}

/** One record of a Parquet object. */
export interface ArchivedRecord<T> {
  readonly position: bigint
  readonly key: string | null
  readonly appendedAt: number
  readonly record: T
  /** The bytes of a record that could not be read when it was archived; its `record` then holds defaults. Else null. */
  readonly unreadable: Uint8Array | null
}

/** Records of one partition, in order. */
export interface Rows<T> {
  readonly partition: number
  readonly records: readonly ArchivedRecord<T>[]
  /** Fields that the object has; fields that the schema gained later have their defaults in `record`. */
  readonly fieldNames: readonly string[]
}

/** The fields that `isWanted` reads. */
const SELECTING = ['collected_at', 'source_partition']

type RowStream = Exclude<StreamName, 'raw'>

/** Reads archived records of a stream of rows. */
export async function* readRows<Name extends RowStream>(
  store: Store,
  stream: Name,
  options: RowOptions = {},
): AsyncGenerator<Rows<StreamRecords[Name]>> {
  const columns = options.columns && [...options.columns, ...SELECTING]
  const defaults = defaultFields(folderSchemas(stream).text)
  function record(fields: Fields, names: readonly string[]): StreamRecords[Name] {
    const made: Record<string, unknown> = { ...defaults }
    for (const name of names) if (name in defaults) made[name] = fields[name]
    return made as unknown as StreamRecords[Name]
  }

  for await (const entry of entriesOf(store, stream, options)) {
    const object = opened(entry, openParquetObject, await fetchObject(store, entry))
    const fieldNames = object.fieldNames.filter(name => columns?.includes(name) ?? true)
    for await (const group of checkedAsync(entry, object.groups(columns && fieldNames))) {
      const records = group
        .filter(row => isWanted(row, options))
        .map(row => ({
          position: row.position,
          key: row.key,
          appendedAt: row.appendedAt,
          record: record(row.fields, fieldNames),
          unreadable: unreadable(row, object),
        }))
      if (records.length > 0) yield { partition: entry.partition, records, fieldNames }
    }
  }
}

export function readGood(store: Store, options?: ReadOptions): AsyncGenerator<Rows<StreamRecords['good']>> {
  return readRows(store, 'good', options)
}

export function readBad(store: Store, options?: ReadOptions): AsyncGenerator<Rows<StreamRecords['bad']>> {
  return readRows(store, 'bad', options)
}

export function readScored(
  store: Store,
  options?: ReadOptions,
): AsyncGenerator<Rows<StreamRecords['scored']>> {
  return readRows(store, 'scored', options)
}

/** Returns rows as the batch that the log had, for a stage. */
export function toBatch<T>(stream: StreamName, { partition, records }: Rows<T>, codec: Codec<T>): Batch {
  const [batch] = batches(
    stream,
    partition,
    records.map(({ key, position, appendedAt, record, unreadable: bytes }) => {
      return { key, position, appendedAt, value: bytes ?? codec.encode(record) }
    }),
  )
  if (batch === undefined) throw new Error('rows without a record make no batch')
  return batch
}

function* batches(stream: StreamName, partition: number, records: readonly InputRecord[]): Generator<Batch> {
  const last = records.at(-1)
  if (last !== undefined) yield { stream, partition, records, next: last.position + 1n }
}

async function* entriesOf(
  store: Store,
  stream: StreamName,
  { partition, source, from = -Infinity, to = Infinity }: ReadOptions,
): AsyncGenerator<ManifestEntry> {
  for await (const entry of readManifest(store, stream, partition)) {
    if (entry.collectedAtMax < from || entry.collectedAtMin >= to) continue
    if (source === undefined || entry.sources.includes(source)) yield entry
  }
}

interface PlacedFields {
  readonly appendedAt: number
  readonly fields: Fields
}

function isWanted({ appendedAt, fields }: PlacedFields, options: ReadOptions): boolean {
  const { source, from = -Infinity, to = Infinity } = options
  const collectedAt = collectedTime(fields, appendedAt)
  if (collectedAt < from || collectedAt >= to) return false
  return source === undefined || fields['source_partition'] === source
}

/** Returns the bytes of an object, checked against the manifest. */
export async function fetchObject(store: Store, entry: ManifestEntry): Promise<Uint8Array> {
  const bytes = await store.get(entry.key)
  if (bytes === undefined) throw new ArchiveFault(`${entry.key} is missing: it is in the manifest only`)
  if (sha256(bytes) !== entry.sha256)
    throw new ArchiveFault(
      `${entry.key} is not the object that was archived: ${bytes.length} bytes, where the manifest says ` +
        `${entry.bytes} with the SHA-256 ${entry.sha256}. Restore it from a copy`,
    )
  return bytes
}

/** Returns raw records as they were in the log, or encoded again in the schema of `codec`. */
function createReframe(codec: Codec<RawRecord>, object: AvroObject): (record: AvroRecord) => Uint8Array {
  const learned = new Set([codec.schemaId])

  function inOwnSchema(framed: Uint8Array, id: number, schema: string): Uint8Array {
    if (!learned.has(id)) codec.learn(id, schema)
    learned.add(id)
    return id === codec.schemaId ? framed : codec.encode(codec.decode(framed) as RawRecord)
  }

  return function reframe({ body, framed }) {
    if (framed === null) {
      const id = object.facts.schemaId
      const bytes = Buffer.allocUnsafe(body.length + 5)
      bytes[0] = 0
      bytes.writeUInt32BE(id, 1)
      bytes.set(body, 5)
      return inOwnSchema(bytes, id, object.schema)
    }
    const id = framedId(framed)
    const schema = object.foreignSchemas.get(id)
    // The record was unreadable when it was archived. A stage gets its bytes, and handles them like any unreadable
    // record.
    return schema === undefined ? framed : inOwnSchema(framed, id, schema)
  }
}

function unreadable({ framed }: ParquetRecord, object: ParquetObject): Uint8Array | null {
  return framed === null || object.foreignSchemas.has(framedId(framed)) ? null : framed
}

function opened<Args extends unknown[], T>(
  entry: ManifestEntry,
  open: (...args: Args) => T,
  ...args: Args
): T {
  try {
    return open(...args)
  } catch (error) {
    throw damaged(entry, error)
  }
}

function* checked<T>(entry: ManifestEntry, parts: Iterable<T>): Generator<T> {
  try {
    yield* parts
  } catch (error) {
    throw damaged(entry, error)
  }
}

async function* checkedAsync<T>(entry: ManifestEntry, parts: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* parts
  } catch (error) {
    throw damaged(entry, error)
  }
}

function damaged(entry: ManifestEntry, error: unknown): ArchiveFault {
  return new ArchiveFault(`${entry.key} can't be read: ${(error as Error).message}`, { cause: error })
}
