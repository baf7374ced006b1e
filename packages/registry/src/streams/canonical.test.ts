import { expect, describe, test } from 'vitest'
import { STREAMS } from '@sluicebox/event/records'
import { canonicalSchema, isSameSchema } from './canonical.ts'
import { currentSchema } from './folder.ts'

interface Schema {
  [key: string]: unknown
}
const field = (type: unknown, more: Schema = {}): Schema => ({ name: 'a', type, ...more })
const record = (fields: Schema[], more: Schema = {}): Schema => ({
  type: 'record',
  name: 'R',
  fields,
  ...more,
})
const same = (a: unknown, b: unknown): boolean => isSameSchema(JSON.stringify(a), JSON.stringify(b))

describe('mean the same', () => {
  test.each<[string, unknown, unknown]>([
    ['another order of keys', record([field('int')]), { fields: [field('int')], name: 'R', type: 'record' }],
    ['other docs', record([field('int', { doc: 'A.' })], { doc: 'R.' }), record([field('int')])],
    ['a type in braces', record([field({ type: 'int' })]), record([field('int')])],
    ['a type in braces twice', record([field({ type: { type: 'int' } })]), record([field('int')])],
    ['a namespace in the name', record([], { name: 'x.y.R' }), record([], { namespace: 'x.y' })],
    [
      'a namespace taken over, and written out',
      record([field(record([], { name: 'I' })), field('I', { name: 'b' })], { namespace: 'x' }),
      record([field(record([], { name: 'x.I', namespace: 'x' })), field('x.I', { name: 'b' })], {
        name: 'x.R',
      }),
    ],
    ['an attribute without a meaning', record([field('int', { owner: 'me' })]), record([field('int')])],
    [
      'a default of a number written otherwise',
      record([field('double', { default: 0.0 })]),
      record([field('double', { default: 0 })]),
    ],
  ])('%s', (_name, a, b) => {
    expect(same(a, b)).toBe(true)
  })

  test.each(STREAMS)('the schema of %s laid out again', stream => {
    const text = currentSchema(stream)
    expect(isSameSchema(text, JSON.stringify(JSON.parse(text)))).toBe(true)
  })
})

describe('do not mean the same', () => {
  const when = { type: 'long', logicalType: 'timestamp-millis' }
  test.each<[string, unknown, unknown]>([
    ['another type', record([field('int')]), record([field('long')])],
    ['another name of a field', record([field('int')]), record([field('int', { name: 'b' })])],
    [
      'another order of fields',
      record([field('int'), field('int', { name: 'b' })]),
      record([field('int', { name: 'b' }), field('int')]),
    ],
    ['a field more', record([field('int')]), record([field('int'), field('int', { name: 'b' })])],
    ['another default', record([field('int', { default: 0 })]), record([field('int', { default: 1 })])],
    ['no default', record([field('int', { default: 0 })]), record([field('int')])],
    ['another order in a union', record([field(['null', 'int'])]), record([field(['int', 'null'])])],
    ['no meaning of a number', record([field(when)]), record([field('long')])],
    [
      'another meaning of a number',
      record([field(when)]),
      record([field({ ...when, logicalType: 'timestamp-micros' })]),
    ],
    ['another name', record([]), record([], { name: 'S' })],
    ['another namespace', record([], { namespace: 'x' }), record([], { namespace: 'y' })],
    ['other items', { type: 'array', items: 'int' }, { type: 'array', items: 'long' }],
    ['other values', { type: 'map', values: 'int' }, { type: 'map', values: 'long' }],
    [
      'other symbols',
      { type: 'enum', name: 'E', symbols: ['A'] },
      { type: 'enum', name: 'E', symbols: ['B'] },
    ],
    ['another size', { type: 'fixed', name: 'F', size: 4 }, { type: 'fixed', name: 'F', size: 8 }],
    ['another name before', record([], { aliases: ['Q'] }), record([])],
  ])('%s', (_name, a, b) => {
    expect(same(a, b)).toBe(false)
  })

  test.each(['', 'nonsense', 'null', '5', '{"type":"record","name":"R"}', '{"type":"record","fields":[]}'])(
    'what is not a schema means nothing, not even the same as itself: %s',
    text => {
      expect(isSameSchema(text, text)).toBe(false)
      expect(() => canonicalSchema(text)).toThrow()
    },
  )
})
