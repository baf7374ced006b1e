import avro from 'avsc'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { typeOf } from './avro-types.ts'

const SCHEMA = {
  type: 'record',
  name: 'All',
  fields: [
    { name: 'text', type: 'string' },
    { name: 'optional_text', type: ['null', 'string'] },
    { name: 'count', type: ['null', 'int'] },
    { name: 'price', type: ['null', 'double'] },
    { name: 'at', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }] },
    { name: 'is', type: ['null', 'boolean'] },
    { name: 'bytes', type: ['null', 'bytes'] },
    { name: 'inner', type: { type: 'record', name: 'Inner', fields: [{ name: 'x', type: 'int' }] } },
    { name: 'again', type: ['null', 'Inner'] },
    { name: 'texts', type: { type: 'array', items: 'string' } },
  ],
} as unknown as avro.Schema

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 200 }).map(each => each.toWellFormed()),
  fc.string({ unit: 'grapheme-ascii', minLength: 60, maxLength: 68 }),
)
const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { nil: null })
const inner = fc.record({ x: fc.integer() })
const record = fc.record({
  text,
  optional_text: optional(text),
  count: optional(fc.integer()),
  price: optional(fc.double({ noNaN: true })),
  at: optional(fc.integer({ min: 0, max: 2 ** 50 })),
  is: optional(fc.boolean()),
  bytes: optional(fc.uint8Array().map(each => Buffer.from(each))),
  inner,
  again: optional(inner),
  texts: fc.array(text),
})

test('any record has the bytes that avsc gives it, whatever room there is, and is read again', () => {
  const [own, plain] = [typeOf(SCHEMA), avro.Type.forSchema(SCHEMA)]
  fc.assert(
    fc.property(record, fc.nat(300), (value, room) => {
      const expected = plain.toBuffer(value)
      expect(own.toBuffer(value)).toEqual(expected)
      expect(own.fromBuffer(expected)).toEqual(plain.fromBuffer(expected))
      // avsc returns minus the number of bytes that were missing.
      const slab = Buffer.alloc(room)
      const end = own.encode(value, slab, 0)
      expect(end).toBe(room >= expected.length ? expected.length : room - expected.length)
      if (end >= 0) expect(slab.subarray(0, end)).toEqual(expected)
    }),
  )
})

test.each([
  ['text', 7],
  ['text', null],
  ['count', 'x'],
  ['optional_text', 7],
  ['price', undefined],
])('a field %s that is %j is refused', (field, value) => {
  const fields = {
    optional_text: null,
    count: null,
    price: null,
    at: null,
    is: null,
    bytes: null,
    again: null,
  }
  const good = { text: '', inner: { x: 1 }, texts: [], ...fields }
  const type = typeOf(SCHEMA)
  expect(type.toBuffer(good).length).toBeGreaterThan(0)
  expect(() => type.toBuffer({ ...good, [field as string]: value })).toThrow()
})

test('half of a surrogate pair becomes U+FFFD', () => {
  const type = typeOf('string')
  expect(type.fromBuffer(type.toBuffer('a\ud800b'))).toBe('a\ufffdb')
})
