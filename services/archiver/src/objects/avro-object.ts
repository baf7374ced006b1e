import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { deflateRaw, inflateRawSync } from 'node:zlib'
import { createCodec, type Codec } from '@sluicebox/event/codec'
import avro from 'avsc'
import type { Fields } from './decode.ts'
import {
  archivedSchema,
  collectForeign,
  factsFromMetadata,
  foreignFromMetadata,
  LOG_FIELDS,
  streamSchema,
  toMetadata,
  type ObjectFacts,
  type ObjectWriter,
} from './object.ts'
import { objectKey } from './object-key.ts'

// An Avro object container file: a header with the schema, then blocks of records, each compressed by itself and
// followed by the sync marker. A record's own Avro bytes are copied from the log, behind the columns of the log:
// nothing is decoded and encoded again, so nothing can be lost.

// "Obj" and the version.
const MAGIC = Buffer.of(0x4f, 0x62, 0x6a, 1)
const SYNC_BYTES = 16
const FRAME_BYTES = 5
const BLOCK_BYTES = 64 * 1024
/** Bound when reading: no archiver writes a larger block, and a small file must not fill the memory. */
const BLOCK_BYTES_MAX = 64 * 1024 * 1024
// The default of zlib, named because the bytes of an object depend on it.
const DEFLATE = { level: 6, memLevel: 8, windowBits: 15 }

const HEADER = avro.Type.forSchema({
  type: 'record',
  name: 'Header',
  fields: [
    { name: 'magic', type: { type: 'fixed', name: 'Magic', size: MAGIC.length } },
    { name: 'meta', type: { type: 'map', values: 'bytes' } },
    { name: 'sync', type: { type: 'fixed', name: 'Sync', size: SYNC_BYTES } },
  ],
})
const LONG = avro.Type.forSchema('long')
const LOG_COLUMNS = avro.Type.forSchema({
  type: 'record',
  name: 'LogColumns',
  fields: LOG_FIELDS,
} as unknown as avro.Schema)

const deflate = promisify<Buffer, typeof DEFLATE, Buffer>(deflateRaw)

/** A writer of Avro objects for the records of a stream with this schema, in one partition. */
export function createAvroWriter(schema: string, partition: number): ObjectWriter {
  const archived = JSON.stringify(archivedSchema(schema))
  const blocks: { count: number; data: Buffer }[] = []
  const foreign = new Map<number, string>()
  // Rarely needed: records in the archive's own schema are copied.
  let codec: Codec<Fields> | undefined
  let collectedFirst: number | undefined
  let parts: Uint8Array[] = []
  let count = 0
  let bytes = 0

  function encodeBody(fields: Fields): Uint8Array {
    codec ??= createCodec<Fields>(schema, 0)
    return codec.encode(fields)
  }

  async function endBlock(): Promise<void> {
    if (count === 0) return
    blocks.push({ count, data: await deflate(Buffer.concat(parts), DEFLATE) })
    parts = []
    count = 0
    bytes = 0
  }

  return {
    async add(records) {
      collectForeign(records, foreign)
      for (const decoded of records) {
        const { record } = decoded
        collectedFirst ??= decoded.collectedAt
        const columns = LOG_COLUMNS.toBuffer({
          partition,
          position: String(record.position),
          key: record.key,
          appended_at: Math.trunc(record.appendedAt),
          framed: decoded.foreign === null ? null : Buffer.from(record.value),
        })
        const framed = decoded.foreign === null ? record.value : encodeBody(decoded.fields)
        const own = framed.subarray(FRAME_BYTES)
        parts.push(columns, own)
        bytes += columns.length + own.length
        count++
        if (bytes >= BLOCK_BYTES) await endBlock()
      }
    },
    async finish(facts) {
      await endBlock()
      const sync = createHash('sha256')
        .update(objectKey(facts, collectedFirst ?? 0))
        .digest()
        .subarray(0, SYNC_BYTES)
      const meta = {
        'avro.schema': archived,
        'avro.codec': 'deflate',
        ...toMetadata(facts, foreign),
      }
      const header = HEADER.toBuffer({
        magic: MAGIC,
        meta: Object.fromEntries(Object.entries(meta).map(([name, value]) => [name, Buffer.from(value)])),
        sync,
      })
      return Buffer.concat([
        header,
        ...blocks.flatMap(block => [
          LONG.toBuffer(block.count),
          LONG.toBuffer(block.data.length),
          block.data,
          sync,
        ]),
      ])
    },
  }
}

/** A record of an Avro object. */
export interface AvroRecord {
  readonly partition: number
  readonly position: bigint
  readonly key: string | null
  readonly appendedAt: number
  /** The Avro bytes, under `AvroObject.schema`. */
  readonly body: Uint8Array
  /** The projected fields. */
  readonly fields: Fields
  /** The record as the log held it, where `body` is not all of it. */
  readonly framed: Uint8Array | null
}

export interface AvroObject {
  readonly facts: ObjectFacts
  /** The schema of the stream's records, as JSON text. */
  readonly schema: string
  /** The schemas of `framed` records, by id, as far as they were known. */
  readonly foreignSchemas: ReadonlyMap<number, string>
  /** The records, block by block. Throws where the bytes are no longer a container file. */
  blocks(): Iterable<AvroRecord[]>
}

/** Opens an Avro object. `project`: the fields that `AvroRecord.fields` will have. */
export function openAvroObject(bytes: Uint8Array, project: readonly string[]): AvroObject {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!buffer.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('it is not an Avro container file')
  const { value: header, offset: headerEnd } = HEADER.decode(buffer, 0) as unknown as {
    value: { meta: Record<string, Buffer>; sync: Buffer }
    offset: number
  }
  if (headerEnd < 0) throw new Error('its header is cut off')
  const meta = new Map(Object.entries(header.meta).map(([name, value]) => [name, value.toString()]))
  if (meta.get('avro.codec') !== 'deflate')
    throw new Error(`it is compressed with "${meta.get('avro.codec') ?? 'null'}", which no archiver writes`)

  const schema = streamSchema(meta.get('avro.schema') as string)
  const record = JSON.parse(schema) as { fields: { name: string }[] }
  const wanted = avro.Type.forSchema({
    ...record,
    fields: record.fields.filter(({ name }) => project.includes(name)),
  } as unknown as avro.Schema)
  const resolver = wanted.createResolver(avro.Type.forSchema(JSON.parse(schema) as avro.Schema))

  function readBlock(data: Buffer, count: number): AvroRecord[] {
    const records: AvroRecord[] = []
    let at = 0
    for (let i = 0; i < count; i++) {
      const columns = LOG_COLUMNS.decode(data, at) as unknown as { value: LogColumns; offset: number }
      if (columns.offset < 0) throw new Error('a block of it holds less than it says')
      const fields = wanted.decode(data, columns.offset, resolver) as { value: Fields; offset: number }
      if (fields.offset < 0) throw new Error('a block of it holds less than it says')
      const { partition, position, key, appended_at, framed } = columns.value
      records.push({
        partition,
        position: BigInt(position),
        key,
        appendedAt: appended_at,
        body: data.subarray(columns.offset, fields.offset),
        fields: fields.value,
        framed,
      })
      at = fields.offset
    }
    if (at !== data.length) throw new Error('a block of it holds more than it says')
    return records
  }

  const facts = factsFromMetadata(meta)
  return {
    facts,
    schema,
    foreignSchemas: foreignFromMetadata(meta),
    *blocks() {
      let at = headerEnd
      let records = 0
      while (at < buffer.length) {
        const count = LONG.decode(buffer, at) as { value: number; offset: number }
        const size = LONG.decode(buffer, count.offset < 0 ? at : count.offset) as typeof count
        const end = size.offset + size.value
        if (count.offset < 0 || size.offset < 0 || size.value < 0 || end + SYNC_BYTES > buffer.length)
          throw new Error('it is cut off')
        if (!buffer.subarray(end, end + SYNC_BYTES).equals(header.sync))
          throw new Error(`its sync marker is missing at byte ${end}`)
        const data = inflateRawSync(buffer.subarray(size.offset, end), { maxOutputLength: BLOCK_BYTES_MAX })
        yield readBlock(data, count.value)
        records += count.value
        at = end + SYNC_BYTES
      }
      // Without this check, a file that is cut off between two blocks would look whole.
      if (records !== facts.records)
        throw new Error(`it holds ${records} records, and its metadata say ${facts.records}`)
    },
  }
}

interface LogColumns {
  readonly partition: number
  readonly position: string
  readonly key: string | null
  readonly appended_at: number
  readonly framed: Buffer | null
}
