import { createCodec, type Codec } from '@sluicebox/event/codec'
import { STREAMS, type StreamName } from '@sluicebox/event/records'
import type { InputRecord } from '@sluicebox/stream/log'
import fc from 'fast-check'
import { createDecode, defaultFields, type DecodedRecord, type Fields } from '../objects/decode.ts'
import { extensionOf } from '../objects/object-key.ts'
import { folderSchemas, type StreamSchemas } from '../schemas.ts'

export const schemas: Readonly<Record<StreamName, StreamSchemas>> = {
  raw: folderSchemas('raw'),
  good: folderSchemas('good'),
  bad: folderSchemas('bad'),
  scored: folderSchemas('scored'),
}

const codecs = Object.fromEntries(
  STREAMS.map(stream => [stream, createCodec<Fields>(schemas[stream].text, schemas[stream].id)]),
) as Record<StreamName, Codec<Fields>>

const defaults = Object.fromEntries(
  STREAMS.map(stream => [stream, defaultFields(schemas[stream].text)]),
) as Record<StreamName, Fields>

/** 2026-11-20, 15:00 UTC. */
export const T0 = Date.UTC(2026, 10, 20, 15)

/** The bytes of a record of the stream as its writer appends them. */
export function encodeRecord(stream: StreamName, fields: Fields = {}): Uint8Array {
  return codecs[stream].encode({ ...defaults[stream], collected_at: T0, ...fields })
}

export function decodeRecord(stream: StreamName, bytes: Uint8Array): Fields {
  return codecs[stream].decode(bytes) as Fields
}

export function inputRecord(value: Uint8Array, position: number, appendedAt = T0): InputRecord {
  return { key: `visitor ${position % 3}`, value, position: BigInt(position), appendedAt }
}

/** As the archiver decodes them. */
export function decodeAll(stream: StreamName, records: readonly InputRecord[]): Promise<DecodedRecord[]> {
  return createDecode(schemas[stream], extensionOf(stream) === 'avro' ? ['collected_at'] : undefined)(records)
}

/** Any record that the stream's schema allows. */
export function arbitraryFields(stream: StreamName): fc.Arbitrary<Fields> {
  return arbitrary(JSON.parse(schemas[stream].text)) as fc.Arbitrary<Fields>
}

type AvroType = string | readonly AvroType[] | { [key: string]: unknown }

function arbitrary(type: AvroType): fc.Arbitrary<unknown> {
  if (Array.isArray(type)) return fc.oneof(...(type as AvroType[]).map(arbitrary))
  if (typeof type === 'object') {
    const {
      type: base,
      items,
      fields,
      logicalType,
    } = type as {
      type: string
      items?: AvroType
      fields?: { name: string; type: AvroType }[]
      logicalType?: string
    }
    if (items !== undefined) return fc.array(arbitrary(items), { maxLength: 3 })
    if (fields !== undefined)
      return fc.record(Object.fromEntries(fields.map(field => [field.name, arbitrary(field.type)])))
    if (logicalType === 'timestamp-millis') return fc.integer({ min: 0, max: 2 ** 45 })
    return arbitrary(base)
  }
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'string':
      return fc.string({ unit: 'grapheme', maxLength: 12 })
    case 'bytes':
      return fc.uint8Array({ maxLength: 12 }).map(bytes => Buffer.from(bytes))
    case 'int':
      return fc.integer()
    case 'double':
      return fc.double()
    case 'boolean':
      return fc.boolean()
    default:
      throw new Error(`no arbitrary for the Avro type ${JSON.stringify(type)}`)
  }
}
