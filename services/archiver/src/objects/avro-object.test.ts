import { blankRaw } from '@sluicebox/event/blank'
import { asCollectedTime } from '@sluicebox/event/instants'
import { once } from 'node:events'
import avro from 'avsc'
import { createCodec } from '@sluicebox/event/codec'
import { contentId } from '@sluicebox/registry/streams/folder'
import type { InputRecord } from '@sluicebox/stream/log'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAvroWriter, openAvroObject } from './avro-object.ts'
import { createDecode } from './decode.ts'
import { arbitraryFields, decodeAll, encodeRecord, inputRecord, schemas, T0 } from '../testing/records.ts'

const FACTS = { stream: 'raw', partition: 2, start: 0n, schemaId: schemas.raw.id } as const

async function writeObject(
  records: readonly InputRecord[],
  decode = decodeAll.bind(null, 'raw'),
): Promise<Uint8Array> {
  const writer = createAvroWriter(schemas.raw.text, 2)
  // In two portions: where batches end must not show.
  await writer.add(await decode(records.slice(0, 3)))
  await writer.add(await decode(records.slice(3)))
  return writer.finish({ ...FACTS, end: BigInt(records.length), records: records.length })
}

/** The records as avsc's own reader of container files sees them. */
async function readByAvsc(bytes: Uint8Array): Promise<Record<string, unknown>[]> {
  const decoder = new avro.streams.BlockDecoder()
  const found: Record<string, unknown>[] = []
  decoder.on('data', record => found.push({ ...(record as Record<string, unknown>) }))
  decoder.end(Buffer.from(bytes))
  await once(decoder, 'end')
  return found
}

const many = Array.from({ length: 500 }, (_, i) =>
  inputRecord(
    encodeRecord('raw', { body: Buffer.alloc(i, i), visitor: `v${i}`, collected_at: T0 + i }),
    i,
    T0 + 2 * i,
  ),
)

describe('an Avro object', () => {
  test('is read by another reader, with the columns of the log', async () => {
    const found = await readByAvsc(await writeObject(many))
    expect(found).toHaveLength(500)
    expect(found[7]).toMatchObject({
      partition: 2,
      position: '7',
      key: 'visitor 1',
      appended_at: T0 + 14,
      framed: null,
      visitor: 'v7',
      collected_at: T0 + 7,
      body: Buffer.alloc(7, 7),
      kind: 'payload',
    })
  })

  test('gives back each record as the log held it, and its facts', async () => {
    const object = openAvroObject(await writeObject(many), ['collected_at', 'kind'])
    expect(object.facts).toEqual({ ...FACTS, end: 500n, records: 500 })
    expect(contentId(object.schema)).toBe(schemas.raw.id)
    const blocks = [...object.blocks()]
    expect(blocks.length).toBeGreaterThan(1)
    const found = blocks.flat()
    expect(found.map(record => record.position)).toEqual(many.map(record => record.position))
    expect(found.map(record => record.fields['collected_at'])).toEqual(many.map((_, i) => T0 + i))
    for (const [i, record] of found.entries())
      expect(Buffer.from(record.body).equals((many[i] as InputRecord).value.subarray(5))).toBe(true)
  })

  test('has the same bytes whenever it is written, and others under another key', async () => {
    const once = await writeObject(many)
    expect(Buffer.from(await writeObject(many)).equals(once)).toBe(true)
    const later = many.map((record, i) => ({
      ...record,
      value: encodeRecord('raw', { collected_at: T0 + 3_600_000 + i }),
    }))
    expect(
      Buffer.from(await writeObject(later))
        .subarray(-16)
        .equals(Buffer.from(once).subarray(-16)),
    ).toBe(false)
  })

  test('keeps the bytes of what is not a record, behind the defaults of the schema', async () => {
    const garbage = [
      Buffer.alloc(0),
      Buffer.from([0]),
      Buffer.from('not framed at all'),
      Buffer.from([0, 0, 0, 0, 9, 1, 2]),
    ]
    const broken = Buffer.concat([encodeRecord('raw'), Buffer.from('trailing')])
    const records = [...garbage, broken].map((value, i) => inputRecord(value, i, T0 + i))
    const bytes = await writeObject(records)
    expect((await readByAvsc(bytes)).map(record => record['framed'])).toEqual([...garbage, broken])
    const found = [...openAvroObject(bytes, ['collected_at']).blocks()].flat()
    expect(found.map(record => record.fields['collected_at'])).toEqual(
      records.map(record => record.appendedAt),
    )
  })

  test('holds the schema of records that were written with another one', async () => {
    const other = JSON.parse(schemas.raw.text) as { fields: object[] }
    const text = JSON.stringify({
      ...other,
      fields: [...other.fields, { name: 'new', type: 'string', default: '' }],
    })
    const id = contentId(text)
    const value = createCodec(text, id).encode({
      ...blankRaw({ visitor: 'v', collected_at: asCollectedTime(T0) }),
      new: 'field',
    })
    const decode = createDecode(
      { ...schemas.raw, lookup: async asked => (asked === id ? text : undefined) },
      ['collected_at'],
    )
    const object = openAvroObject(await writeObject([inputRecord(value, 0)], decode), [
      'collected_at',
      'visitor',
    ])
    const [record] = [...object.blocks()].flat()
    expect(record?.fields).toEqual({ collected_at: T0, visitor: 'v' })
    expect(Buffer.from(record?.framed as Uint8Array).equals(value)).toBe(true)
    expect(object.foreignSchemas).toEqual(new Map([[id, text]]))
  })

  test('gives back any record that the schema allows', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryFields('raw'), { minLength: 1, maxLength: 8 }), async fields => {
        const records = fields.map((each, i) => inputRecord(encodeRecord('raw', each), i))
        const found = [...openAvroObject(await writeObject(records), []).blocks()].flat()
        expect(found.map(({ body }) => Buffer.from(body))).toEqual(
          records.map(({ value }) => Buffer.from(value.subarray(5))),
        )
      }),
      { numRuns: 50 },
    )
  })

  test('is refused when it is cut off, or no container file', async () => {
    const bytes = await writeObject(many.slice(0, 40))
    const read = (damaged: Uint8Array): unknown => [...openAvroObject(damaged, ['collected_at']).blocks()]
    for (let length = 0; length < bytes.length; length += 7)
      expect(() => read(bytes.subarray(0, length)), `cut at ${length}`).toThrow()
    const sync = Buffer.from(bytes)
    sync[bytes.length - 1] = (sync[bytes.length - 1] as number) ^ 1
    expect(() => read(sync)).toThrow('sync marker')
  })
})
