import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { StreamName } from '@sluicebox/event/records'
import type { InputRecord } from '@sluicebox/stream/log'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parquetColumns } from './parquet-columns.ts'
import { createParquetWriter, openParquetObject, type ParquetRecord } from './parquet-object.ts'
import {
  arbitraryFields,
  decodeAll,
  decodeRecord,
  encodeRecord,
  inputRecord,
  schemas,
  T0,
} from '../testing/records.ts'

type TableName = Exclude<StreamName, 'raw'>

async function writeObject(
  stream: TableName,
  records: readonly InputRecord[],
  rowsPerGroup = 100,
): Promise<Uint8Array> {
  const writer = createParquetWriter(schemas[stream].text, 1, rowsPerGroup)
  const decoded = await decodeAll(stream, records)
  await writer.add(decoded.slice(0, 3))
  await writer.add(decoded.slice(3))
  const facts = { stream, partition: 1, start: 0n, schemaId: schemas[stream].id }
  return writer.finish({ ...facts, end: BigInt(records.length), records: records.length })
}

async function readAll(bytes: Uint8Array): Promise<ParquetRecord[]> {
  const found = []
  for await (const group of openParquetObject(bytes).groups()) found.push(...group)
  return found
}

/** What DuckDB says of the object. */
async function query(bytes: Uint8Array, sql: string): Promise<unknown[]> {
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-parquet-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'object.parquet')
  writeFileSync(file, bytes)
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  onTestFinished(() => connection.closeSync())
  const result = await connection.runAndReadAll(sql.replace('OBJECT', `read_parquet('${file}')`))
  return result.getRowObjectsJson()
}

const REASONS = [
  { feature: 'views', value: -0, contribution: -0 },
  { feature: 'köpfe', value: null, contribution: 5e-324 },
]

describe('a Parquet object', () => {
  test('is read by DuckDB, with types, nested reasons and the columns of the log', async () => {
    const records = Array.from({ length: 250 }, (_, i) =>
      inputRecord(
        encodeRecord('scored', {
          n: i + 1,
          score: i / 8,
          reasons: i === 7 ? REASONS : [],
          goal_at: i === 7 ? T0 : null,
        }),
        i,
      ),
    )
    const bytes = await writeObject('scored', records)
    expect(
      await query(
        bytes,
        `SELECT partition, position, key, appended_at::VARCHAR AS appended_at, collected_at::VARCHAR AS collected_at,
           framed, n, score, goal_at::VARCHAR AS goal_at, reasons, kind, decision FROM OBJECT WHERE n = 8`,
      ),
    ).toEqual([
      {
        partition: 1,
        position: '7',
        key: 'visitor 1',
        appended_at: '2026-11-20 15:00:00+00',
        collected_at: '2026-11-20 15:00:00+00',
        framed: null,
        n: 8,
        score: 0.875,
        goal_at: '2026-11-20 15:00:00+00',
        reasons: REASONS,
        kind: 'update',
        decision: null,
      },
    ])
    expect(await query(bytes, 'SELECT count(*)::INT AS records, sum(score) AS total FROM OBJECT')).toEqual([
      { records: 250, total: (249 * 250) / 2 / 8 },
    ])
  })

  test.each(['good', 'bad'] as const)('of %s is read by DuckDB too', async stream => {
    const records = Array.from({ length: 3 }, (_, i) =>
      inputRecord(encodeRecord(stream, { visitor: `v${i}` }), i),
    )
    expect(
      await query(await writeObject(stream, records), 'SELECT visitor FROM OBJECT ORDER BY position'),
    ).toEqual([{ visitor: 'v0' }, { visitor: 'v1' }, { visitor: 'v2' }])
  })

  test('keeps the bytes of bad events', async () => {
    const original = Buffer.from([0, 255, 128, 10])
    const bytes = await writeObject('bad', [
      inputRecord(encodeRecord('bad', { original, errors: ['a', 'b'] }), 0),
    ])
    expect(await query(bytes, 'SELECT hex(original) AS original, errors FROM OBJECT')).toEqual([
      { original: '00FF800A', errors: ['a', 'b'] },
    ])
  })

  test.each(['good', 'bad', 'scored'] as const)('gives back any record of %s, bit for bit', async stream => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryFields(stream), { minLength: 1, maxLength: 10 }), async fields => {
        const records = fields.map((each, i) => inputRecord(encodeRecord(stream, each), i))
        const found = await readAll(await writeObject(stream, records, 4))
        expect(found.map(record => Buffer.from(encodeRecord(stream, record.fields)))).toEqual(
          records.map(({ value }) => Buffer.from(value)),
        )
        expect(found.map(({ position, key }) => ({ position, key }))).toEqual(
          records.map(({ position, key }) => ({ position, key })),
        )
      }),
      { numRuns: 60 },
    )
  })

  test('keeps the sign of zero where a column has many values alike', async () => {
    const values = Array.from({ length: 100 }, (_, i) => (i % 3 === 0 ? -0 : 0))
    const records = values.map((score, i) => inputRecord(encodeRecord('scored', { score }), i))
    const found = await readAll(await writeObject('scored', records))
    expect(found.map(record => record.fields['score'])).toEqual(values)
  })

  test('has the same bytes whenever it is written', async () => {
    const records = Array.from({ length: 300 }, (_, i) =>
      inputRecord(encodeRecord('good', { visitor: `v${i % 7}` }), i),
    )
    const once = await writeObject('good', records)
    expect(Buffer.from(await writeObject('good', records)).equals(once)).toBe(true)
  })

  test('says what it holds, and which fields', async () => {
    const object = openParquetObject(await writeObject('scored', [inputRecord(encodeRecord('scored'), 0)]))
    expect(object.facts).toEqual({
      stream: 'scored',
      partition: 1,
      start: 0n,
      end: 1n,
      records: 1,
      schemaId: schemas.scored.id,
    })
    const names = Object.keys(decodeRecord('scored', encodeRecord('scored')))
    expect(object.fieldNames).toEqual(names)
  })

  test('keeps the bytes of what is not a record', async () => {
    const garbage = Buffer.from('not framed at all')
    const found = await readAll(await writeObject('good', [inputRecord(garbage, 0, T0 + 5)]))
    expect(Buffer.from(found[0]?.framed as Uint8Array)).toEqual(garbage)
    expect(found[0]?.fields['collected_at']).toBe(T0 + 5)
  })

  test('is refused when it is cut off', async () => {
    const records = Array.from({ length: 20 }, (_, i) => inputRecord(encodeRecord('scored'), i))
    const bytes = await writeObject('scored', records)
    for (let length = 0; length < bytes.length; length += 101)
      await expect(async () => readAll(bytes.subarray(0, length)), `cut at ${length}`).rejects.toThrow()
  })
})

test('a schema with a type that no column is made for is refused', () => {
  const schema = (type: unknown): string =>
    JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'f', type }] })
  for (const type of [
    'float',
    { type: 'map', values: 'int' },
    ['string', 'int'],
    { type: 'long', logicalType: 'time-micros' },
  ])
    expect(() => parquetColumns(schema(type))).toThrow('no Parquet column is made for the field "f"')
  expect(() => parquetColumns(schema('string').replace('"f"', '"position"'))).toThrow('a field "position"')
})
