import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { STREAMS } from '@sluicebox/event/records'
import { describe, expect, test } from 'vitest'
import { incompatibilities, lintStreamSchema } from './compatibility.ts'
import { SCHEMAS_DIR, schemaVersions } from './folder.ts'

describe.each(STREAMS)('stream %s', stream => {
  const current = readFileSync(join(SCHEMAS_DIR, 'avro', `${stream}.avsc`), 'utf8')
  const versions = schemaVersions(stream)

  test('keeps its versions, counted from 1', () => {
    expect(versions.map(({ version }) => version)).toEqual(versions.map((_, i) => i + 1))
    expect(versions.length).toBeGreaterThan(0)
  })

  test.each(versions)('is compatible with version $version, both ways', ({ schema }) => {
    expect(incompatibilities(current, schema)).toEqual([])
  })

  test('has a default and a doc for every field', () => {
    expect(lintStreamSchema(current)).toEqual([])
  })
})

interface Field {
  name: string
  type: unknown
  default?: unknown
  doc?: string
}

const V1: Field[] = [
  { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' }, default: 0, doc: 'When.' },
  { name: 'price', type: ['null', 'double'], default: null, doc: 'Price.' },
  {
    name: 'reasons',
    type: {
      type: 'array',
      items: {
        type: 'record',
        name: 'Reason',
        fields: [{ name: 'by', type: 'double', default: 0, doc: 'How much.' }],
      },
    },
    default: [],
    doc: 'Why.',
  },
]
const schemaOf = (fields: Field[], name = 'Sale'): string => JSON.stringify({ type: 'record', name, fields })
/** V1 with the field `name` replaced. */
const change = (name: string, field: Partial<Field>): string =>
  schemaOf(V1.map(each => (each.name === name ? { ...each, ...field } : each)))

describe('compatible changes', () => {
  test.each([
    ['none', schemaOf(V1)],
    [
      'a new field with a default',
      schemaOf([...V1, { name: 'shop', type: 'string', default: '', doc: 'Where.' }]),
    ],
    ['a field left out that had a default', schemaOf(V1.slice(1))],
    ['another order', schemaOf([...V1].reverse())],
    ['another doc', change('price', { doc: 'Unit price.' })],
    ['another default', change('at', { default: 1 })],
  ])('%s', (_name, changed) => {
    expect(incompatibilities(changed, schemaOf(V1))).toEqual([])
  })
})

describe('incompatible changes are found', () => {
  test.each([
    [
      'a new field without default',
      schemaOf([...V1, { name: 'shop', type: 'string', doc: 'Where.' }]),
      'the current schema cannot read',
    ],
    ['a narrower type', change('price', { type: ['null', 'float'] }), 'the current schema cannot read'],
    ['a wider type', change('at', { type: 'double' }), 'the earlier schema cannot read'],
    ['another type', change('at', { type: 'string', default: '' }), 'cannot read'],
    [
      'null no more allowed',
      change('price', { type: 'double', default: 0 }),
      'the current schema cannot read',
    ],
    [
      'null newly allowed',
      change('at', { type: ['null', 'long'], default: null }),
      'the earlier schema cannot read',
    ],
    [
      'another kind in a union',
      change('price', { type: ['null', 'double', 'string'] }),
      'the earlier schema cannot read',
    ],
    ['a renamed record', schemaOf(V1, 'Order'), 'cannot read'],
    [
      'another logical type',
      change('at', { type: { type: 'long', logicalType: 'timestamp-micros' } }),
      'at changes its logical type',
    ],
    ['no logical type any more', change('at', { type: 'long' }), 'from timestamp-millis to none'],
    [
      'a type within an array',
      change('reasons', {
        type: {
          type: 'array',
          items: { type: 'record', name: 'Reason', fields: [{ name: 'by', type: 'string', default: '' }] },
        },
      }),
      'cannot read',
    ],
    ['a default of another type', change('at', { default: 'never' }), 'cannot read'],
  ])('%s', (_name, changed, fault) => {
    expect(incompatibilities(changed, schemaOf(V1)).join('\n')).toContain(fault)
  })

  test('each by the name of its field', () => {
    const changed = schemaOf(
      V1.map(each =>
        each.name === 'at' || each.name === 'price' ? { ...each, type: 'string', default: '' } : each,
      ),
    )
    expect(incompatibilities(changed, schemaOf(V1)).filter(fault => fault.startsWith('the current'))).toEqual(
      [
        expect.stringContaining('the current schema cannot read records of the earlier one: at: '),
        expect.stringContaining('the current schema cannot read records of the earlier one: price: '),
      ],
    )
  })

  test('a field without default or doc, also deep inside', () => {
    expect(lintStreamSchema(schemaOf(V1))).toEqual([])
    const inner = {
      type: 'array',
      items: { type: 'record', name: 'Reason', fields: [{ name: 'by', type: 'double' }] },
    }
    expect(lintStreamSchema(schemaOf([{ name: 'reasons', type: inner, default: [], doc: '' }]))).toEqual([
      'reasons has no doc',
      'reasons.by has no default: readers of records without it need one',
      'reasons.by has no doc',
    ])
  })
})
