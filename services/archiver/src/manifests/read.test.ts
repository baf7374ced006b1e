import { createCodec } from '@sluicebox/event/codec'
import type { RawRecord } from '@sluicebox/event/records'
import { contentId, folderCodec } from '@sluicebox/registry/streams/folder'
import type { Store } from '@sluicebox/store/store'
import { describe, expect, test } from 'vitest'
import { createParquetWriter } from '../objects/parquet-object.ts'
import { createAvroWriter } from '../objects/avro-object.ts'
import { createDecode, type Fields } from '../objects/decode.ts'
import { describeObject, writeEntry } from './manifest.ts'
import { objectKey } from '../objects/object-key.ts'
import { ArchiveFault, readGood, readRaw, readRows, readScored, toBatch, type ReadOptions } from './read.ts'
import { run, tempStore } from '../testing/harness.ts'
import { createMemoryLog } from '@sluicebox/stream/testing/memory-log'
import { decodeRecord, encodeRecord, inputRecord, schemas, T0 } from '../testing/records.ts'

describe('reading the archive', () => {
  test.each<{ options: ReadOptions; records: number; first: bigint }>([
    { options: {}, records: 60, first: 0n },
    { options: { partition: 1 }, records: 30, first: 0n },
    { options: { partition: 7 }, records: 0, first: -1n },
    { options: { from: T0 + 20 }, records: 40, first: 10n },
    { options: { from: T0 + 21, to: T0 + 23, partition: 1 }, records: 1, first: 10n },
    { options: { to: T0 + 1 }, records: 1, first: 0n },
    { options: { to: T0 }, records: 0, first: -1n },
    { options: { source: 3 }, records: 20, first: 0n },
    { options: { source: 3, partition: 1, from: T0 + 30 }, records: 5, first: 16n },
  ])('gives the records of $options', async ({ options, records, first }) => {
    const store = await archived()
    const found = []
    for await (const rows of readScored(store, options)) found.push(...rows.records)
    expect(found).toHaveLength(records)
    expect(found[0]?.position ?? -1n).toBe(first)

    // Raw records are made from no stream.
    if (options.source !== undefined) return
    const positions = []
    for await (const batch of readRaw(store, options))
      positions.push(...batch.records.map(record => record.position))
    expect(positions).toHaveLength(records)
  })

  test('reads only the columns that are asked for, and selects by the others all the same', async () => {
    const store = await archived()
    const options = { source: 3, partition: 1, from: T0 + 30 }
    const whole = []
    for await (const { records } of readScored(store, options)) whole.push(...records)
    const found = []
    for await (const { records, fieldNames } of readRows(store, 'scored', {
      ...options,
      columns: ['visitor'],
    })) {
      expect([...fieldNames].sort()).toEqual(['collected_at', 'source_partition', 'visitor'])
      found.push(...records)
    }
    expect(found.map(({ position, record }) => [position, record.visitor])).toEqual(
      whole.map(({ position, record }) => [position, record.visitor]),
    )
    expect(new Set(found.map(({ record }) => record.session_id))).toEqual(new Set(['']))
  })

  test('returns partition after partition, each in order, and where to continue', async () => {
    const store = await archived()
    const seen = []
    for await (const { partition, records, next } of readRaw(store)) {
      expect(next).toBe((records.at(-1)?.position ?? 0n) + 1n)
      for (const { position } of records) seen.push({ partition, position })
    }
    expect(seen).toEqual(
      [0, 1].flatMap(partition => Array.from({ length: 30 }, (_, i) => ({ partition, position: BigInt(i) }))),
    )
  })

  test('notices an object that is not the one that was archived, or is gone', async () => {
    const store = await archived()
    const key = 'scored/event_date=2026-11-20/event_hour=15/scored+0+00000000000000000010.parquet'
    const bytes = Buffer.from((await store.get(key)) as Uint8Array)
    bytes[100] = (bytes[100] as number) ^ 1
    await store.put(key, bytes)
    await expect(readAll(store)).rejects.toThrow(ArchiveFault)
    await expect(readAll(store)).rejects.toThrow('is not the object that was archived')
    await store.delete(key)
    await expect(readAll(store)).rejects.toThrow('is missing')
  })
})

describe('an archive that an earlier version wrote', () => {
  const { text } = schemas.raw
  const earlier = JSON.parse(text) as { fields: { name: string }[] }
  const earlierText = JSON.stringify({
    ...earlier,
    fields: earlier.fields.filter(({ name }) => name !== 'retry_of'),
  })
  const earlierId = contentId(earlierText)
  const { retry_of: _, ...withoutRetry } = decodeRecord(
    'raw',
    encodeRecord('raw', { visitor: 'old' }),
  ) as Record<string, unknown>
  const value = createCodec<Fields>(earlierText, earlierId).encode(withoutRetry)

  test('gives raw records in the current schema, as a codec that knows theirs would', async () => {
    const store = await tempStore()
    const ofEarlier = { id: earlierId, text: earlierText, lookup: async () => undefined }
    const writer = createAvroWriter(earlierText, 0)
    await writer.add(await createDecode(ofEarlier, ['collected_at'])([inputRecord(value, 0)]))
    await enter(store, 'raw', await writer.finish({ ...facts('raw'), schemaId: earlierId }))
    expect(await firstRaw(store)).toEqual({ ...withoutRetry, retry_of: null })
  })

  test('gives records that were foreign to their object in the current schema too', async () => {
    const store = await tempStore()
    const decode = createDecode({ ...schemas.raw, lookup: async () => earlierText }, ['collected_at'])
    const writer = createAvroWriter(text, 0)
    await writer.add(await decode([inputRecord(value, 0)]))
    await enter(store, 'raw', await writer.finish(facts('raw')))
    expect(await firstRaw(store)).toEqual({ ...withoutRetry, retry_of: null })
  })

  test('gives missing columns their defaults, and names the columns that it has', async () => {
    const store = await tempStore()
    const good = JSON.parse(schemas.good.text) as { fields: { name: string }[] }
    const fewer = JSON.stringify({ ...good, fields: good.fields.filter(({ name }) => name !== 'page_kind') })
    const id = contentId(fewer)
    const writer = createParquetWriter(fewer, 0, 10)
    const { page_kind: _kind, ...fields } = decodeRecord(
      'good',
      encodeRecord('good', { visitor: 'old' }),
    ) as Record<string, unknown>
    const record = inputRecord(createCodec<Fields>(fewer, id).encode(fields), 0)
    await writer.add(await createDecode({ id, text: fewer, lookup: async () => undefined })([record]))
    await enter(store, 'good', await writer.finish({ ...facts('good'), schemaId: id }))

    for await (const rows of readGood(store)) {
      expect(rows.fieldNames).toEqual(Object.keys(fields))
      expect(rows.records[0]?.record).toEqual({ ...fields, page_kind: 'other' })
      const [framed] = toBatch('good', rows, folderCodec('good')).records
      expect(decodeRecord('good', framed?.value as Uint8Array)).toEqual({ ...fields, page_kind: 'other' })
      return
    }
    expect.unreachable('nothing was read')
  })
})

async function archived(): Promise<Store> {
  const log = createMemoryLog({ partitions: 2 })
  for (let i = 0; i < 60; i++) {
    log.now = T0 + i
    for (const stream of ['raw', 'scored'] as const) {
      const fields = {
        collected_at: T0 + i,
        ...(stream === 'scored' ? { source_partition: i % 3 === 0 ? 3 : 1 } : {}),
      }
      await log.append(stream, [{ key: 'v', value: encodeRecord(stream, fields), partition: i % 2 }])
    }
  }
  const store = await tempStore()
  const archiver = run(log, store, { recordsMax: 10 })
  await archiver.drain()
  await archiver.stop()
  return store
}

function facts(stream: 'raw' | 'good') {
  return { stream, partition: 0, start: 0n, end: 1n, records: 1, schemaId: schemas[stream].id }
}

async function enter(store: Store, stream: 'raw' | 'good', bytes: Uint8Array): Promise<void> {
  const key = objectKey({ stream, partition: 0, start: 0n }, T0)
  await store.create(key, bytes)
  await writeEntry(store, await describeObject(key, bytes))
}

/** The first raw record, by a codec that knows the schema of today only. */
async function firstRaw(store: Store): Promise<unknown> {
  const codec = createCodec<RawRecord>(schemas.raw.text, schemas.raw.id)
  for await (const batch of readRaw(store, { codec }))
    return createCodec<RawRecord>(schemas.raw.text, schemas.raw.id).decode(
      batch.records[0]?.value as Uint8Array,
    )
  return undefined
}

async function readAll(store: Store): Promise<void> {
  for await (const rows of readScored(store)) expect(rows.records.length).toBeGreaterThan(0)
}
