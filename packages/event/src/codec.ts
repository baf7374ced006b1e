import type avro from 'avsc'
import { typeOf } from './avro-types.ts'

/** Encodes and decodes the records of one stream: Avro in Confluent framing (0, schema id as four bytes, Avro). */
export interface Codec<T> {
  /** The id that `encode` writes. */
  readonly schemaId: number
  /** The bytes of the record. They are the caller's: nothing overwrites them. */
  encode(record: T): Uint8Array
  /**
   * The record, or `{ missing: id }` when its writer's schema has not been given to `learn` yet. Throws an
   * `UndecodableError` when the bytes are not a record.
   */
  decode(bytes: Uint8Array): T | MissingSchema
  /** Makes records of another writer's schema readable. Throws when it can't be read as this stream's schema. */
  learn(schemaId: number, schema: string): void
}

/** A record was written with a schema that is not known here yet: fetch it, `learn` it, decode again. */
export interface MissingSchema {
  readonly missing: number
}

/** The bytes are not a record in Confluent framing, or do not fit the schema that they name. */
export class UndecodableError extends Error {}

const MAGIC = 0
const HEADER_BYTES = 5
const SLAB_BYTES = 256 * 1024

/**
 * A codec for the Avro schema `schema` (JSON text), registered under `schemaId`.
 * `project` names the fields to decode where a reader needs only some: the others are skipped, not built.
 */
export function createCodec<T>(
  schema: string,
  schemaId: number,
  project?: readonly (keyof T & string)[],
): Codec<T> {
  const parsed = JSON.parse(schema) as RecordSchema
  const type = typeOf(parsed as unknown as avro.Schema)
  const reader = project === undefined ? type : typeOf(projection(parsed, project) as unknown as avro.Schema)
  const bytesFields = parsed.fields.filter(holdsBytes).map(field => field.name)
  const decoders = new Map<number, (body: Buffer) => T>()

  function learn(id: number, writerSchema: string): void {
    const writer = typeOf(JSON.parse(writerSchema) as avro.Schema)
    if (writer.equals(reader)) {
      decoders.set(id, body => reader.fromBuffer(body) as T)
    } else {
      const resolver = reader.createResolver(writer)
      decoders.set(id, body => reader.fromBuffer(body, resolver) as T)
    }
  }
  learn(schemaId, schema)

  // Records are written into one slab after another: one allocation for hundreds of records.
  let slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
  let used = 0

  return {
    schemaId,
    learn,
    encode(record) {
      const ready = withBuffers(record, bytesFields)
      const start = used
      let end = write(ready, start)
      if (end >= 0) return frame(start, end)
      // avsc returns minus the number of bytes that were missing.
      slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, slab.length - start - end))
      end = write(ready, 0)
      if (end < 0) throw new Error('the record grew while it was being encoded')
      return frame(0, end)
    },
    decode(bytes) {
      const buffer = Buffer.isBuffer(bytes)
        ? bytes
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      if (buffer.length < HEADER_BYTES || buffer[0] !== MAGIC)
        throw new UndecodableError(
          `not a record in Confluent framing: ${buffer.length} bytes, starting with ${buffer.subarray(0, 5).toString('hex') || 'nothing'}`,
        )
      const id = buffer.readUInt32BE(1)
      const decoder = decoders.get(id)
      if (decoder === undefined) return { missing: id }
      try {
        return decoder(buffer.subarray(HEADER_BYTES))
      } catch (error) {
        throw new UndecodableError(`does not fit schema ${id}: ${(error as Error).message}`, { cause: error })
      }
    },
  }

  function write(record: T, start: number): number {
    try {
      return type.encode(record, slab, start + HEADER_BYTES)
    } catch (error) {
      throw new Error(`can't be written with schema ${schemaId}: ${misfit(type, record)}`, { cause: error })
    }
  }

  function frame(start: number, end: number): Uint8Array {
    slab[start] = MAGIC
    slab.writeUInt32BE(schemaId, start + 1)
    used = end
    return slab.subarray(start, end)
  }
}

/** Whether `decode` could not read the record for want of its writer's schema. */
export function isMissingSchema(decoded: object): decoded is MissingSchema {
  return 'missing' in decoded
}

interface RecordSchema {
  readonly fields: readonly { readonly name: string; readonly type: unknown }[]
}

function projection(schema: RecordSchema, fields: readonly string[]): RecordSchema {
  const known = new Set(schema.fields.map(field => field.name))
  for (const field of fields) if (!known.has(field)) throw new Error(`no field "${field}" in the schema`)
  const wanted = new Set(fields)
  return { ...schema, fields: schema.fields.filter(field => wanted.has(field.name)) }
}

function holdsBytes({ type }: { readonly type: unknown }): boolean {
  return type === 'bytes' || (Array.isArray(type) && type.includes('bytes'))
}

/** avsc writes bytes from a Buffer only. */
function withBuffers<T>(record: T, fields: readonly string[]): T {
  let ready = record
  for (const field of fields) {
    const value = (record as Record<string, unknown>)[field]
    if (value instanceof Uint8Array && !Buffer.isBuffer(value))
      ready = { ...ready, [field]: Buffer.from(value.buffer, value.byteOffset, value.byteLength) }
  }
  return ready
}

/** Which field does not fit, and with what value. */
function misfit(type: avro.Type, record: unknown): string {
  const faults: string[] = []
  type.isValid(record, {
    errorHook: (path, value, expected) =>
      faults.push(
        `${path.join('.')} is ${String(value).slice(0, 40)}, not ${expected.toString().slice(0, 40)}`,
      ),
  })
  return faults.join('; ') || 'the record is not one'
}
