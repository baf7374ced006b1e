import type { Store } from '@sluicebox/store/store'
import { STREAMS, type StreamName } from '@sluicebox/event/records'
import { describe, expect, test } from 'vitest'
import { listArchive } from './manifests/read.ts'
import { expectArchiveIsLog, objectHashes, run, tempStore, until } from './testing/harness.ts'
import { createMemoryLog, type MemoryLog } from '@sluicebox/stream/testing/memory-log'
import { encodeRecord, schemas, T0 } from './testing/records.ts'
import { verifyArchive } from './manifests/verify-archive.ts'

const WINDOW_MS = 300_000
const MINUTE_MS = 60_000

describe('the archiver', () => {
  test('archives every stream, with a manifest that describes each object', async () => {
    const log = createMemoryLog({ partitions: 2 })
    const store = await tempStore()
    await fill(log, { records: 40 })
    await run(log, store).drain()

    for (const stream of STREAMS) await expectArchiveIsLog(store, log, stream, 2)
    const entries = await collect(listArchive(store))
    expect(entries.map(entry => entry.key)).toEqual(
      STREAMS.flatMap(stream =>
        [0, 1].map(
          partition =>
            `${stream}/event_date=2026-11-20/event_hour=15/${stream}+${partition}+00000000000000000000.${stream === 'raw' ? 'avro' : 'parquet'}`,
        ),
      ),
    )
    expect(entries[2]).toMatchObject({
      start: 0n,
      end: 20n,
      records: 20,
      schemaId: schemas.good.id,
      sources: [0],
    })
    expect(log.commits.every(({ next }) => next === 20n)).toBe(true)
  })

  test('makes the same objects from the same log, however it reads it and however often it is stopped', async () => {
    const log = createMemoryLog({ partitions: 2 })
    await fill(log, { records: 4000, minutes: 60 })
    const whole = await tempStore()
    const first = run(log, whole)
    await until(async () => (await count(whole)) === 8 * 11)
    await first.stop()

    const pieces = await tempStore()
    const wanted = await objectHashes(whole)
    for (let i = 0; (await count(pieces)) < Object.keys(wanted).length; i++) {
      const archiver = run(log, pieces, { batchRecordsMax: 17 + i })
      const before = await count(pieces)
      await until(async () => (await count(pieces)) > before)
      await archiver.stop()
    }
    expect(await objectHashes(pieces)).toEqual(wanted)
  })

  test('writes nothing that is not due when it is stopped, and continues from there', async () => {
    const log = createMemoryLog({ partitions: 1 })
    const store = await tempStore()
    await fill(log, { records: 10 })
    const first = run(log, store)
    await until(async () => (await lag(first)) === 10)
    await first.stop()
    expect(await count(store)).toBe(0)

    await fill(log, { records: 10 })
    await run(log, store).drain()
    const entries = await collect(listArchive(store, ['raw']))
    expect(entries.map(({ start, end }) => [start, end])).toEqual([[0n, 20n]])
  })

  test('closes the object of a quiet partition when the clock of the log has left its window', async () => {
    const log = createMemoryLog({ partitions: 2 })
    const store = await tempStore()
    log.now = T0
    await log.append('scored', [{ key: 'v', value: encodeRecord('scored'), partition: 0 }])
    const archiver = run(log, store)
    await heartbeat(log, T0 + WINDOW_MS - 1)
    await heartbeat(log, T0 + WINDOW_MS + 4_999)
    // The first heartbeat is archived by then, because the second one is of another window.
    await until(async () => (await lag(archiver)) === 1)
    expect(await marks(store, 'scored')).toEqual([])

    // Past what the clocks of a log's servers may differ by.
    await heartbeat(log, T0 + WINDOW_MS + 5_000)
    await until(async () => (await marks(store, 'scored')).length === 1)
    expect(await marks(store, 'scored')).toEqual([1n])
    await expectArchiveIsLog(store, log, 'scored', 2)
  })

  test('drains repeatedly, each time everything that is there', async () => {
    const log = createMemoryLog({ partitions: 1 })
    const store = await tempStore()
    const archiver = run(log, store)
    await archiver.drain()
    expect(await count(store)).toBe(0)
    for (let i = 1; i <= 3; i++) {
      await fill(log, { records: 5 })
      await Promise.all([archiver.drain(), archiver.drain()])
      expect(await marks(store, 'good')).toEqual(Array.from({ length: i }, (_, j) => BigInt(5 * (j + 1))))
    }
    await expectArchiveIsLog(store, log, 'good', 1)
  })

  test('archives what is not a record by its bytes, and counts it', async () => {
    const log = createMemoryLog({ partitions: 1 })
    const store = await tempStore()
    log.now = T0
    for (const stream of STREAMS)
      await log.append(
        stream,
        ['', 'x', '\0\0\0\0\x07no such schema'].map(text => ({
          key: null,
          value: Buffer.from(text),
          partition: 0,
        })),
      )
    const archiver = run(log, store)
    await archiver.drain()
    for (const stream of STREAMS) await expectArchiveIsLog(store, log, stream, 1)
    expect(await archiver.metrics.metrics()).toContain('sluicebox_archiver_unreadable_total{stream="raw"} 3')
  })

  test('archives nothing as unreadable while it can not ask for its schema, and continues when it can', async () => {
    const log = createMemoryLog({ partitions: 1 })
    const store = await tempStore()
    await log.append('raw', [{ key: null, value: Buffer.from([0, 0, 0, 0, 7, 1]), partition: 0 }])
    let asked = 0
    let found = 0
    async function lookup(): Promise<undefined> {
      if (++asked <= 5) throw new Error('the registry can not be reached')
      found = await count(store)
      return undefined
    }
    const others = { schemas: (stream: StreamName) => ({ ...schemas[stream], lookup }), world: HASTY }
    const archiver = run(log, store, {}, others)
    await archiver.drain()
    expect(found).toBe(0)
    await expectArchiveIsLog(store, log, 'raw', 1)
    expect(await archiver.metrics.metrics()).toContain('sluicebox_archiver_unreadable_total{stream="raw"} 1')
  })

  test('stops cleanly while it waits for a schema', async () => {
    const log = createMemoryLog({ partitions: 1 })
    const store = await tempStore()
    await log.append('raw', [{ key: null, value: Buffer.from([0, 0, 0, 0, 7, 1]), partition: 0 }])
    const asked = Promise.withResolvers<void>()
    function lookup(): Promise<undefined> {
      asked.resolve()
      return new Promise(() => {})
    }
    const archiver = run(log, store, {}, { schemas: stream => ({ ...schemas[stream], lookup }) })
    await asked.promise
    await archiver.stop()
    expect(await count(store)).toBe(0)
  })

  test('reports as an error what the log removed before it was archived, and continues behind it', async () => {
    const log = createMemoryLog({ partitions: 1 })
    const store = await tempStore()
    await fill(log, { records: 10 })
    const first = run(log, store)
    await first.drain()
    await first.stop()
    await fill(log, { records: 10 })
    log.truncate('raw', 0, 15n)

    const second = run(log, store)
    await second.drain()
    expect(second.errors).toEqual([expect.stringContaining('removed records before they were archived')])
    expect(await second.metrics.metrics()).toContain(
      'sluicebox_archiver_lost_positions_total{stream="raw"} 5',
    )
    expect((await verifyArchive(store)).faults).toEqual([
      expect.objectContaining({
        kind: 'hole',
        message: expect.stringContaining('positions 10 to 14') as string,
      }),
    ])
  })

  test.each([
    { log: 'is shorter', records: 5, appendedAt: T0, says: 'ends at 5' },
    { log: 'has another record there', records: 20, appendedAt: T0 + 7, says: 'another record there' },
  ])('refuses the archive of another log: this one $log', async ({ records, appendedAt, says }) => {
    const store = await tempStore()
    const first = createMemoryLog({ partitions: 1 })
    await fill(first, { records: 10 })
    const archiver = run(first, store)
    await archiver.drain()
    await archiver.stop()

    const other = createMemoryLog({ partitions: 1 })
    await fill(other, { records, appendedAt })
    await expect(run(other, store).done).rejects.toThrow(says)
  })

  test('rebuilds its manifest where only the objects are left', async () => {
    const log = createMemoryLog({ partitions: 2 })
    const store = await tempStore()
    await fill(log, { records: 200, minutes: 30 })
    const first = run(log, store)
    await first.drain()
    await first.stop()
    const before = await manifest(store)
    for (const key of Object.keys(before)) await store.delete(key)
    log.truncate('raw', 0, 30n)

    await fill(log, { records: 10, appendedAt: T0 + 31 * MINUTE_MS })
    const second = run(log, store)
    await second.drain()
    expect(await manifest(store)).toMatchObject(before)
    expect((await verifyArchive(store)).faults).toEqual([])
  })

  test('reports what it has done and how far it is behind', async () => {
    const log = createMemoryLog({ partitions: 1 })
    const store = await tempStore()
    await fill(log, { records: 10 })
    const archiver = run(log, store)
    await archiver.drain()
    await fill(log, { records: 3 })
    await until(async () => (await lag(archiver)) === 3)
    const text = await archiver.metrics.metrics()
    for (const line of [
      'sluicebox_archiver_records_total{stream="raw"} 10',
      'sluicebox_archiver_objects_total{stream="raw",outcome="created"} 1',
      'sluicebox_archiver_position{stream="raw",partition="0"} 10',
      'sluicebox_archiver_lag_records{stream="raw",partition="0"} 3',
    ])
      expect(text).toContain(line)
    expect(text).toMatch(/sluicebox_archiver_lag_seconds\{stream="raw"\} \d/)
    expect(text).toMatch(/sluicebox_archiver_last_object_timestamp_seconds\{stream="raw"\} \d/)
  })
})

/** A world in which waits are over at once. */
const HASTY = { now: Date.now, random: () => 1, wait: async () => {} }

/** Appends as many records to each stream as asked for, over all partitions, spread over `minutes`. */
async function fill(
  log: MemoryLog,
  { records, minutes = 0, appendedAt = T0 }: { records: number; minutes?: number; appendedAt?: number },
): Promise<void> {
  const partitions = await log.partitionCount('raw')
  for (let i = 0; i < records; i++) {
    log.now = appendedAt + Math.floor((i * minutes * MINUTE_MS) / records)
    for (const stream of STREAMS) {
      const value = encodeRecord(stream, { visitor: `v${i % 9}`, collected_at: log.now })
      await log.append(stream, [{ key: `v${i % 9}`, value, partition: i % partitions }])
    }
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found = []
  for await (const item of items) found.push(item)
  return found
}

async function heartbeat(log: MemoryLog, at: number): Promise<void> {
  log.now = at
  await log.append('raw', [
    { key: null, value: encodeRecord('raw', { kind: 'heartbeat', collected_at: at }), partition: 1 },
  ])
}

/** Ends of a stream's objects, in order. */
async function marks(store: Store, stream: StreamName): Promise<bigint[]> {
  return (await collect(listArchive(store, [stream]))).map(entry => entry.end)
}

async function count(store: Store): Promise<number> {
  return (await collect(listArchive(store))).length
}

async function manifest(store: Store): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for await (const { key } of store.list('manifest/'))
    found[key] = Buffer.from((await store.get(key)) as Uint8Array).toString()
  return found
}

/** Records of raw that are read and wait for their object. */
async function lag(archiver: { metrics: { getSingleMetric(name: string): unknown } }): Promise<number> {
  const gauge = archiver.metrics.getSingleMetric('sluicebox_archiver_lag_seconds') as {
    get(): Promise<{ values: { value: number; labels: { stream: string } }[] }>
  }
  const isWaiting = (await gauge.get()).values.some(
    ({ value, labels }) => labels.stream === 'raw' && value > 0,
  )
  if (!isWaiting) return 0
  const records = archiver.metrics.getSingleMetric('sluicebox_archiver_lag_records') as typeof gauge
  return (await records.get()).values
    .filter(({ labels }) => labels.stream === 'raw')
    .reduce((sum, { value }) => sum + value, 0)
}
