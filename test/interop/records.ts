// Records with any values that their schema allows.
import fc from 'fast-check'

export interface AvroRecord {
  readonly type: 'record'
  readonly fields: readonly { readonly name: string; readonly type: AvroType }[]
}
type AvroType =
  | string
  | readonly AvroType[]
  | { readonly type: 'array'; readonly items: AvroType }
  | { readonly type: 'long'; readonly logicalType: string }
  | AvroRecord

export type AnyRecord = Record<string, unknown>

/** So many records of a schema, the same each time. */
export function sampleRecords(schema: AvroRecord, count: number): AnyRecord[] {
  return fc.sample(recordOf(schema), { seed: 7, numRuns: count })
}

function recordOf({ fields }: AvroRecord): fc.Arbitrary<AnyRecord> {
  return fc.record(Object.fromEntries(fields.map(({ name, type }) => [name, valueOf(type)])))
}

// Other languages' dates end with the year 9999.
const INSTANT_MS_MAX = Date.UTC(10_000, 0) - 1

function valueOf(type: AvroType): fc.Arbitrary<unknown> {
  if (Array.isArray(type)) return fc.oneof(...(type as AvroType[]).map(valueOf))
  if (typeof type === 'object') {
    if ('fields' in type) return recordOf(type)
    if ('items' in type) return fc.array(valueOf(type.items), { maxLength: 4 })
    return fc.integer({ min: 0, max: INSTANT_MS_MAX })
  }
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'string':
      return fc.string({ unit: 'binary', maxLength: 60 })
    case 'int':
      return fc.integer()
    case 'double':
      return fc.double()
    case 'boolean':
      return fc.boolean()
    case 'bytes':
      return fc.uint8Array({ maxLength: 60 })
    default:
      throw new Error(`no values for type ${String(type)}`)
  }
}

/** The value as JSON, without loss: a double by its bits, bytes in hexadecimal, an instant in milliseconds. */
export function toNeutral(value: unknown, type: unknown): unknown {
  if (value === null) return null
  if (Array.isArray(type))
    return toNeutral(
      value,
      (type as AvroType[]).find(each => each !== 'null'),
    )
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') }
  if (type === 'double') {
    const bits = Buffer.alloc(8)
    bits.writeDoubleBE(value as number)
    return { double: bits.toString('hex') }
  }
  if (typeof type === 'object' && type !== null) {
    if ('fields' in type)
      return Object.fromEntries(
        (type as AvroRecord).fields.map(field => [
          field.name,
          toNeutral((value as AnyRecord)[field.name], field.type),
        ]),
      )
    if ('items' in type) return (value as unknown[]).map(each => toNeutral(each, type.items))
  }
  return value
}
