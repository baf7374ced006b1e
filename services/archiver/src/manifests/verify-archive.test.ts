import type { Store } from '@sluicebox/store/store'
import { beforeEach, describe, expect, test } from 'vitest'
import { decodeEntry, describeObject, encodeEntry, readManifest } from './manifest.ts'
import { listArchive } from './read.ts'
import { run, tempStore } from '../testing/harness.ts'
import { createMemoryLog } from '@sluicebox/stream/testing/memory-log'
import { encodeRecord, T0 } from '../testing/records.ts'
import { verifyArchive } from './verify-archive.ts'

const RAW = 'raw/event_date=2026-11-20/event_hour=15/raw+0+00000000000000000010.avro'
const SCORED = 'scored/event_date=2026-11-20/event_hour=15/scored+1+00000000000000000010.parquet'

let store: Store

beforeEach(async () => {
  store = await tempStore()
  await archive({ records: 60 })
})

describe('verifying an archive', () => {
  test('finds no fault in a whole archive, and reports its totals', async () => {
    const seen: number[] = []
    const report = await verifyArchive(store, { onProgress: ({ objects }) => seen.push(objects) })
    expect(report.faults).toEqual([])
    expect(
      report.streams.map(({ stream, partitions, objects, records }) => [
        stream,
        partitions,
        objects,
        records,
      ]),
    ).toEqual([
      ['raw', 2, 6, 60],
      ['good', 0, 0, 0],
      ['bad', 0, 0, 0],
      ['scored', 2, 6, 60],
    ])
    expect(report.streams[0]?.bytes).toBeGreaterThan(0)
    expect(seen).toEqual(Array.from({ length: 12 }, (_, i) => i + 1))
  })

  test('finds nothing in an empty archive', async () => {
    expect((await verifyArchive(await tempStore())).faults).toEqual([])
  })

  test.each([
    { what: 'a flipped bit', key: RAW, kind: 'changed', damage: flip },
    { what: 'a flipped bit in a table', key: SCORED, kind: 'changed', damage: flip },
    { what: 'an object that is cut off', key: RAW, kind: 'changed', damage: half },
    { what: 'an object that is gone', key: RAW, kind: 'missing', damage: remove },
    {
      what: 'a lost manifest entry',
      key: 'manifest/raw/0/00000000000000000010.json',
      kind: 'unlisted',
      damage: remove,
    },
    {
      what: 'a manifest entry of nonsense',
      key: 'manifest/raw/0/00000000000000000010.json',
      kind: 'damaged',
      damage: half,
    },
    {
      what: 'a manifest entry that says something else',
      key: 'manifest/raw/0/00000000000000000010.json',
      kind: 'changed',
      damage: count11,
    },
  ])('finds $what, and only that', async ({ key, kind, damage }) => {
    await damage(key)
    const { faults } = await verifyArchive(store)
    const holes = kind === 'damaged' ? ['hole'] : []
    expect(faults.map(fault => fault.kind)).toEqual([kind, ...holes])
    expect([key, RAW]).toContain(faults[0]?.key)
  })

  test('finds an object that is cut off, without its manifest entry', async () => {
    await half(SCORED)
    await remove('manifest/scored/1/00000000000000000010.json')
    const { faults } = await verifyArchive(store)
    expect(faults.map(({ kind, key }) => [kind, key])).toContainEqual(['damaged', SCORED])
  })

  test('finds all faults at once', async () => {
    await flip(RAW)
    await remove(SCORED)
    await store.put('raw/event_date=2026-11-20/event_hour=15/notes.txt', Buffer.from('x'))
    const { faults } = await verifyArchive(store)
    expect(faults.map(({ kind }) => kind).sort()).toEqual(['changed', 'missing', 'stray'])
  })

  test('finds a hole where an object and its entry are gone', async () => {
    await remove(RAW)
    await remove('manifest/raw/0/00000000000000000010.json')
    const { faults } = await verifyArchive(store)
    expect(faults).toEqual([
      expect.objectContaining({
        kind: 'hole',
        message: expect.stringContaining('positions 10 to 19 of raw, partition 0') as string,
      }),
    ])
  })

  test('finds positions that are in two objects', async () => {
    const other = await tempStore()
    await archive({ records: 60, recordsMax: 15, into: other })
    const key = RAW.replace('10.avro', '15.avro')
    await store.create(key, (await other.get(key)) as Uint8Array)
    const { faults } = await verifyArchive(store)
    expect(faults.map(({ kind }) => kind)).toEqual(['unlisted', 'overlap', 'overlap'])
  })

  test('finds two objects that start at the same position', async () => {
    const twin = RAW.replace('hour=15', 'hour=16')
    await store.create(twin, (await store.get(RAW)) as Uint8Array)
    expect((await verifyArchive(store)).faults).toEqual([
      expect.objectContaining({ kind: 'overlap', key: twin }),
    ])
  })

  test('makes lost manifest entries again when it is asked to, as they were', async () => {
    const key = 'manifest/raw/0/00000000000000000010.json'
    const before = await store.get(key)
    await remove(key)
    expect(await verifyArchive(store, { repair: true })).toMatchObject({ repaired: 1, faults: [] })
    expect(await store.get(key)).toEqual(before)
    expect(await verifyArchive(store, { repair: true })).toMatchObject({ repaired: 0, faults: [] })
  })
})

describe('a manifest entry', () => {
  test('says what the object says of itself', async () => {
    for await (const entry of listArchive(store)) {
      const bytes = (await store.get(entry.key)) as Uint8Array
      expect(await describeObject(entry.key, bytes)).toEqual(entry)
      expect(decodeEntry('k', encodeEntry(entry))).toEqual(entry)
    }
  })

  test('is plain JSON that says what a person wants to know', async () => {
    const text = Buffer.from(
      (await store.get('manifest/raw/0/00000000000000000010.json')) as Uint8Array,
    ).toString()
    expect(JSON.parse(text)).toMatchObject({
      key: RAW,
      stream: 'raw',
      partition: 0,
      start: '10',
      end: '20',
      records: 10,
      collectedAtMin: T0 + 20,
      collectedAtMax: T0 + 38,
    })
  })

  test('comes in order of positions, not of their text', async () => {
    const positions = [5n, 40n, 100n, 10n ** 21n, 3n * 10n ** 20n]
    const other = await tempStore()
    for await (const entry of readManifest(store, 'raw', 0)) {
      for (const start of positions)
        await other.create(
          `manifest/raw/0/${String(start).padStart(20, '0')}.json`,
          encodeEntry({ ...entry, start, end: start + 1n }),
        )
    }
    const found = []
    for await (const entry of readManifest(other, 'raw', 0)) found.push(entry.start)
    expect(found).toEqual([5n, 40n, 100n, 3n * 10n ** 20n, 10n ** 21n])
  })

  test('that is not a report is refused with what to do', () => {
    expect(() => decodeEntry('manifest/raw/0/1.json', Buffer.from('{}'))).toThrow('verify --repair')
  })
})

async function archive({
  records,
  recordsMax = 10,
  into = store,
}: {
  records: number
  recordsMax?: number
  into?: Store
}): Promise<void> {
  const log = createMemoryLog({ partitions: 2 })
  for (let i = 0; i < records; i++) {
    log.now = T0 + i
    for (const stream of ['raw', 'scored'] as const)
      await log.append(stream, [
        { key: 'v', value: encodeRecord(stream, { collected_at: T0 + i }), partition: i % 2 },
      ])
  }
  const archiver = run(log, into, { recordsMax })
  await archiver.drain()
  await archiver.stop()
}

async function flip(key: string): Promise<void> {
  const bytes = Buffer.from((await store.get(key)) as Uint8Array)
  const at = Math.floor(bytes.length / 2)
  bytes[at] = (bytes[at] as number) ^ 1
  await store.put(key, bytes)
}

async function half(key: string): Promise<void> {
  const bytes = (await store.get(key)) as Uint8Array
  await store.put(key, bytes.subarray(0, bytes.length / 2))
}

async function count11(key: string): Promise<void> {
  const text = Buffer.from((await store.get(key)) as Uint8Array).toString()
  await store.put(key, Buffer.from(text.replace('"records": 10', '"records": 11')))
}

async function remove(key: string): Promise<void> {
  await store.delete(key)
}
