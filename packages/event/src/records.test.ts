import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { STREAMS } from './records.ts'

// A stream's record is written down twice: as an Avro schema and as a TypeScript interface. Both are read as text here.

const source = readFileSync(join(import.meta.dirname, 'records.ts'), 'utf8')

type AvroType =
  | string
  | AvroType[]
  | { type: string; logicalType?: string; items?: AvroType; fields?: AvroField[]; name?: string }
interface AvroField {
  name: string
  type: AvroType
}

describe.each(STREAMS)('stream %s', stream => {
  const path = join(import.meta.dirname, '../../../schemas/avro', `${stream}.avsc`)
  const schema = JSON.parse(readFileSync(path, 'utf8')) as { name: string; fields: AvroField[] }

  test('has one list of fields, in one order, of one kind', () => {
    expect(interfaceFields(`${schema.name}Record`)).toEqual(schema.fields.map(avroField))
  })
})

test('a reason has the fields of its schema', () => {
  const path = join(import.meta.dirname, '../../../schemas/avro/scored.avsc')
  const { fields } = JSON.parse(readFileSync(path, 'utf8')) as { fields: AvroField[] }
  const reasons = fields.find(field => field.name === 'reasons')?.type as { items: { fields: AvroField[] } }
  expect(interfaceFields('Reason')).toEqual(reasons.items.fields.map(avroField))
})

/** `name: kind`, as the interface has it. */
function interfaceFields(name: string): string[] {
  const body = new RegExp(`interface ${name} \\{\\n([^}]*)\\}`).exec(source)?.[1] ?? ''
  return [...body.matchAll(/readonly (\w+): (.*)/g)].map(([, field, type = '']) => {
    const kinds = type.split(' | ').map(kindOfType)
    return `${field}: ${[...new Set(kinds)].sort().join(' | ')}`
  })
}

function kindOfType(type: string): string {
  if (/^'.*'$/.test(type)) return 'string'
  return /^(CollectedTime|CreatedTime|SentTime|EventTime)$/.test(type) ? 'number' : type
}

/** The same, as the Avro schema has it. */
function avroField({ name, type }: AvroField): string {
  return `${name}: ${[type].flat().map(kindOfAvro).sort().join(' | ')}`
}

function kindOfAvro(type: AvroType): string {
  if (Array.isArray(type)) throw new Error('a union in a union')
  if (typeof type === 'object')
    return type.type === 'array'
      ? `readonly ${kindOfAvro(type.items ?? '')}[]`
      : type.type === 'record'
        ? (type.name ?? '')
        : kindOfAvro(type.type)
  switch (type) {
    case 'int':
    case 'long':
    case 'double':
      return 'number'
    case 'bytes':
      return 'Uint8Array'
    default:
      return type
  }
}
