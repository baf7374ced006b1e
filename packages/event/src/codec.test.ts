import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import avro from 'avsc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCodec, isMissingSchema, UndecodableError } from './codec.ts'
import { STREAMS } from './records.ts'

const NOTE = JSON.stringify({
  type: 'record',
  name: 'Note',
  fields: [
    { name: 'text', type: 'string', default: '' },
    { name: 'stars', type: ['null', 'int'], default: null },
    { name: 'attachment', type: ['null', 'bytes'], default: null },
  ],
})
interface Note {
  readonly text: string
  readonly stars: number | null
  readonly attachment: Uint8Array | null
}
const note = (text: string, attachment: Uint8Array | null = null): Note => ({ text, stars: null, attachment })
const codec = () => createCodec<Note>(NOTE, 7)

describe('framing', () => {
  test('is a zero, the schema id in four bytes, then Avro', () => {
    const bytes = createCodec<Note>(NOTE, 0x01020304).encode({ ...note('ab'), stars: 1 })
    expect([...bytes]).toEqual([0, 1, 2, 3, 4, 4, 97, 98, 2, 2, 0])
  })

  test.each([
    { bytes: [], says: '0 bytes, starting with nothing' },
    { bytes: [0, 0, 0, 0], says: '4 bytes, starting with 00000000' },
    { bytes: [1, 0, 0, 0, 7, 0, 0, 0], says: '8 bytes, starting with 0100000007' },
    { bytes: [...Buffer.from('{"a":1}')], says: '7 bytes, starting with 7b2261223a' },
  ])('other bytes are not a record: $says', ({ bytes, says }) => {
    expect(() => codec().decode(Uint8Array.from(bytes))).toThrow(UndecodableError)
    expect(() => codec().decode(Uint8Array.from(bytes))).toThrow(says)
  })

  test('a record cut anywhere, or with bytes after it, is not a record', () => {
    const whole = codec().encode({ text: 'a longer text', stars: 5, attachment: Buffer.from('xyz') })
    for (let end = 0; end < whole.length; end++)
      expect(() => codec().decode(whole.subarray(0, end)), `${end} bytes`).toThrow(UndecodableError)
    expect(() => codec().decode(Buffer.concat([whole, Buffer.from([0])]))).toThrow(UndecodableError)
  })

  test('arbitrary bytes decode or are undecodable, and nothing else', () => {
    const reader = codec()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), body => {
        try {
          const decoded = reader.decode(Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), body]))
          expect(decoded).toHaveProperty('text')
        } catch (error) {
          expect(error).toBeInstanceOf(UndecodableError)
        }
      }),
    )
  })
})

describe('schemas of other writers', () => {
  const OLDER = JSON.stringify({
    type: 'record',
    name: 'Note',
    fields: [{ name: 'text', type: 'string', default: '' }],
  })

  test('are asked for by id, then read with the defaults of what they lack', () => {
    const bytes = createCodec<{ text: string }>(OLDER, 3).encode({ text: 'old' })
    const reader = codec()
    const decoded = reader.decode(bytes)
    expect(decoded).toEqual({ missing: 3 })
    expect(isMissingSchema(decoded)).toBe(true)
    reader.learn(3, OLDER)
    expect(reader.decode(bytes)).toEqual(note('old'))
  })

  test('may have more fields than ours', () => {
    const reader = createCodec<{ text: string }>(OLDER, 3)
    reader.learn(7, NOTE)
    expect(reader.decode(codec().encode({ ...note('new'), stars: 4 }))).toEqual({ text: 'new' })
  })

  test('that cannot be read as ours are refused', () => {
    const other = JSON.stringify({ type: 'record', name: 'Note', fields: [{ name: 'text', type: 'long' }] })
    expect(() => codec().learn(3, other)).toThrow(/long/)
  })
})

describe('slabs', () => {
  test('bytes that were handed out are never written again', () => {
    const writer = codec()
    const texts = Array.from({ length: 2_000 }, (_, i) => `${i}`.padEnd((i * 37) % 1_000, 'x'))
    const encoded = texts.map(text => writer.encode(note(text)))
    expect(encoded.map(bytes => (writer.decode(bytes) as Note).text)).toEqual(texts)
  })

  test.each([0, 1, 100_000, 262_000, 262_144])(
    'a record larger than a slab is written whole with %i bytes of the slab used',
    usedBytes => {
      const writer = codec()
      writer.encode(note('x'.repeat(usedBytes)))
      for (const bytes of [262_100, 262_144, 300_000, 2_000_000]) {
        const text = 'y'.repeat(bytes)
        expect((writer.decode(writer.encode(note(text))) as Note).text).toBe(text)
        expect((writer.decode(writer.encode(note('after'))) as Note).text).toBe('after')
      }
    },
  )

  test('bytes that were decoded do not change with the buffer that they came from', () => {
    const bytes = Buffer.from(codec().encode(note('a', Buffer.from('payload'))))
    const decoded = codec().decode(bytes) as Note
    bytes.fill(0)
    expect(Buffer.from(decoded.attachment ?? []).toString()).toBe('payload')
  })
})

describe('values', () => {
  test('bytes may be any Uint8Array, also a part of a larger one', () => {
    const larger = Uint8Array.from([1, 2, 3, 4, 5])
    const decoded = codec().decode(codec().encode(note('a', larger.subarray(1, 3)))) as Note
    expect([...(decoded.attachment ?? [])]).toEqual([2, 3])
  })

  test.each([1, 100])('half of a surrogate pair is written as U+FFFD, which is UTF-8, %i times', times => {
    const bytes = codec().encode(note('\ud83d'.repeat(times)))
    expect(Buffer.from(bytes).includes('\ufffd'.repeat(times))).toBe(true)
    expect((codec().decode(bytes) as Note).text).toBe('\ufffd'.repeat(times))
  })

  test('what does not fit is refused by the name of its field, and the next record is written', () => {
    const writer = codec()
    expect(() => writer.encode({ ...note('a'), stars: 2 ** 31 })).toThrow('stars is 2147483648')
    expect(() => writer.encode(note(5 as unknown as string))).toThrow('text is 5')
    expect(writer.decode(writer.encode(note('b')))).toEqual(note('b'))
  })
})

describe('a projection', () => {
  test('decodes the fields that it names', () => {
    const bytes = codec().encode({ text: 'a', stars: 3, attachment: Buffer.alloc(1000) })
    expect(createCodec<Note>(NOTE, 7, ['stars']).decode(bytes)).toEqual({ stars: 3 })
  })

  test('still encodes whole records', () => {
    const writer = createCodec<Note>(NOTE, 7, ['stars'])
    expect(codec().decode(writer.encode({ ...note('a'), stars: 3 }))).toEqual({ ...note('a'), stars: 3 })
  })

  test('of an unknown field is refused', () => {
    expect(() => createCodec<Note>(NOTE, 7, ['star' as 'stars'])).toThrow('no field "star"')
  })
})

describe.each(STREAMS)('a record of %s', stream => {
  const schema = readFileSync(join(import.meta.dirname, '../../../schemas/avro', `${stream}.avsc`), 'utf8')
  const writer = createCodec<Record<string, unknown>>(schema, 1)

  test('comes back as it was written', () => {
    fc.assert(
      fc.property(recordOf(JSON.parse(schema) as AvroRecord), record => {
        const decoded = writer.decode(writer.encode(record)) as Record<string, unknown>
        expect({ ...decoded }).toEqual(record)
      }),
    )
  })

  test('is read by another implementation as it was written', () => {
    const other = avro.Type.forSchema(JSON.parse(schema) as avro.Schema)
    fc.assert(
      fc.property(recordOf(JSON.parse(schema) as AvroRecord), record => {
        expect({ ...(other.fromBuffer(Buffer.from(writer.encode(record).subarray(5))) as object) }).toEqual(
          record,
        )
      }),
      { numRuns: 20 },
    )
  })
})

type AvroType = string | AvroType[] | { type: string; items?: AvroType } | AvroRecord
interface AvroRecord {
  type: 'record'
  fields: { name: string; type: AvroType }[]
}

function recordOf({ fields }: AvroRecord): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(Object.fromEntries(fields.map(({ name, type }) => [name, valueOf(type)])))
}

function valueOf(type: AvroType): fc.Arbitrary<unknown> {
  if (Array.isArray(type)) return fc.oneof(...type.map(valueOf))
  if (typeof type === 'object') {
    if ('fields' in type) return recordOf(type)
    return type.type === 'array'
      ? fc.array(valueOf(type.items ?? 'null'), { maxLength: 5 })
      : valueOf(type.type)
  }
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'string':
      return fc.string({ unit: 'binary', maxLength: 200 })
    case 'int':
      return fc.integer()
    case 'long':
      // avsc writes longs beyond 2^52 wrongly: as an instant, that is the year 144683.
      return fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 })
    case 'double':
      return fc.double()
    case 'boolean':
      return fc.boolean()
    case 'bytes':
      return fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes))
    default:
      throw new Error(`no values for type ${type}`)
  }
}
