import type { SchemaElement } from 'hyparquet'
import { archivedSchema } from './object.ts'

/** The columns of a stream's Parquet objects, made from its Avro schema. */
export interface ParquetColumns {
  readonly names: readonly string[]
  /** The columns whose values must not go through a dictionary. */
  readonly plain: ReadonlySet<string>
  readonly schema: SchemaElement[]
}

type AvroType =
  | string
  | readonly AvroType[]
  | { type: 'array'; items: AvroType }
  | { type: 'record'; fields: readonly AvroField[] }
  | { type: string; logicalType?: string }

interface AvroField {
  readonly name: string
  readonly type: AvroType
}

/** Throws on an Avro type that no stream uses yet: an object must not lose a field. */
export function parquetColumns(schema: string): ParquetColumns {
  const { name, fields } = archivedSchema(schema) as unknown as {
    name: string
    fields: readonly AvroField[]
  }
  return {
    names: fields.map(field => field.name),
    // A dictionary is looked up by value and treats 0 and -0 as equal: only plain pages keep every bit of a double.
    plain: new Set(fields.filter(field => hasDouble(field.type)).map(field => field.name)),
    schema: [
      { name, num_children: fields.length },
      ...fields.flatMap(field => elements(field.name, field.type)),
    ],
  }
}

type Repetition = 'REQUIRED' | 'OPTIONAL'

function elements(name: string, type: AvroType, repetition_type: Repetition = 'REQUIRED'): SchemaElement[] {
  if (Array.isArray(type)) return optional(name, type as readonly AvroType[])
  if (typeof type === 'string') return [{ name, ...primitive(name, type), repetition_type }]
  if ('items' in type) {
    return [
      { name, repetition_type, converted_type: 'LIST', logical_type: { type: 'LIST' }, num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...elements('element', type.items),
    ]
  }
  if ('fields' in type) {
    const children = type.fields.flatMap(field => elements(field.name, field.type))
    return [{ name, repetition_type, num_children: type.fields.length }, ...children]
  }
  const { type: base, logicalType } = type as { type: string; logicalType?: string }
  if (base === 'long' && logicalType === 'timestamp-millis')
    return [
      {
        name,
        type: 'INT64',
        converted_type: 'TIMESTAMP_MILLIS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
        repetition_type,
      },
    ]
  if (logicalType === undefined) return elements(name, base, repetition_type)
  throw unknownType(name, type)
}

function optional(name: string, union: readonly AvroType[]): SchemaElement[] {
  const others = union.filter(member => member !== 'null')
  const [only] = others
  if (only === undefined || others.length !== 1 || union.length !== 2) throw unknownType(name, union)
  return elements(name, only, 'OPTIONAL')
}

function primitive(name: string, type: string): Partial<SchemaElement> {
  switch (type) {
    case 'string':
      return { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } }
    case 'bytes':
      return { type: 'BYTE_ARRAY' }
    case 'int':
      return { type: 'INT32' }
    case 'double':
      return { type: 'DOUBLE' }
    case 'boolean':
      return { type: 'BOOLEAN' }
    default:
      throw unknownType(name, type)
  }
}

function hasDouble(type: AvroType): boolean {
  return JSON.stringify(type).includes('"double"')
}

function unknownType(name: string, type: AvroType): Error {
  return new Error(
    `no Parquet column is made for the field "${name}" of Avro type ${JSON.stringify(type)}; ` +
      'add the type to parquet-columns.ts, with a test that reads it back',
  )
}
