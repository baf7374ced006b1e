import avro from 'avsc'
import { createCodec, isMissingSchema, UndecodableError } from '@sluicebox/event/codec'
import type { InputRecord } from '@sluicebox/stream/log'
import type { StreamSchemas } from '../schemas.ts'

/** The fields of a record, by the names in its Avro schema. */
export type Fields = Readonly<Record<string, unknown>>

/** A record of the log as it goes into an object. */
export interface DecodedRecord {
  readonly record: InputRecord
  readonly collectedAt: number
  readonly fields: Fields
  /**
   * Null when `fields`, in the archive's own schema, hold everything in the record. Otherwise its bytes are
   * archived too: it was written with another schema (`text`) or with an unknown one, or it is not a record.
   */
  readonly foreign: { readonly id: number; readonly text: string | null } | null
}

export type Decode = (records: readonly InputRecord[]) => Promise<DecodedRecord[]>

/**
 * Decodes the records of a stream. Never fails on a record's bytes: an unreadable record gets the schema's defaults
 * and keeps its bytes. With `project`, `fields` of records in the archive's own schema hold these fields only.
 */
export function createDecode(schemas: StreamSchemas, project?: readonly string[]): Decode {
  const full = createCodec<Fields>(schemas.text, schemas.id)
  const own = project === undefined ? full : createCodec<Fields>(schemas.text, schemas.id, project)
  const texts = new Map<number, string | null>()
  const defaults = defaultFields(schemas.text)

  async function learn(id: number): Promise<void> {
    const text = await schemas.lookup(id)
    try {
      if (text !== undefined) full.learn(id, text)
      texts.set(id, text ?? null)
    } catch {
      // The schema does not resolve to this stream's: the record is unreadable and keeps its bytes.
      texts.set(id, null)
    }
  }

  async function decodeForeign(record: InputRecord, id: number): Promise<DecodedRecord> {
    if (!texts.has(id)) await learn(id)
    const text = texts.get(id) ?? null
    const fields = text === null ? undefined : tryDecode(() => full.decode(record.value))
    if (fields === undefined || isMissingSchema(fields)) return unreadable(record, id)
    return { record, collectedAt: collectedTime(fields, record.appendedAt), fields, foreign: { id, text } }
  }

  function unreadable(record: InputRecord, id: number): DecodedRecord {
    const collectedAt = Math.trunc(record.appendedAt)
    const fields = { ...defaults, collected_at: collectedAt }
    return { record, collectedAt, fields, foreign: { id, text: null } }
  }

  return async function decode(records) {
    const decoded: DecodedRecord[] = []
    for (const record of records) {
      const fields = tryDecode(() => own.decode(record.value))
      if (fields === undefined) decoded.push(unreadable(record, framedId(record.value)))
      else if (isMissingSchema(fields)) decoded.push(await decodeForeign(record, fields.missing))
      else
        decoded.push({ record, collectedAt: collectedTime(fields, record.appendedAt), fields, foreign: null })
    }
    return decoded
  }
}

// The years that a date in a key can name.
const TIME_MS_MAX = Date.UTC(10_000, 0) - 1

/** Returns when the record was collected; without a plausible value, when the log appended it. */
export function collectedTime(fields: Fields, appendedAt: number): number {
  const collectedAt = fields['collected_at']
  return typeof collectedAt === 'number' && collectedAt > 0 && collectedAt <= TIME_MS_MAX
    ? collectedAt
    : Math.trunc(appendedAt)
}

/** Every field of the schema with its default. */
export function defaultFields(schema: string): Fields {
  const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema) as avro.types.RecordType
  return Object.fromEntries(type.fields.map(field => [field.name, field.defaultValue() as unknown]))
}

/** The schema id in the frame of a record; 0 where there is no frame. */
export function framedId(value: Uint8Array): number {
  return value.length < 5 ? 0 : Buffer.from(value.buffer, value.byteOffset, 5).readUInt32BE(1)
}

function tryDecode<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    if (error instanceof UndecodableError) return undefined
    throw error
  }
}
