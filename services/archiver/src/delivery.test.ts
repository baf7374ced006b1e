// What the archive promises under every failure: each record of the log is in exactly one object, unchanged,
// without a gap.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { STREAMS, type StreamName } from '@sluicebox/event/records'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import type { Log } from '@sluicebox/stream/log'
import type { Store } from '@sluicebox/store/store'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ArchiverConfig } from './config.ts'
import { listArchive } from './manifests/read.ts'
import { expectArchiveIsLog, readAll, run, tempStore, until } from './testing/harness.ts'
import { createMemoryLog, type MemoryLog, type MemoryLogOptions } from '@sluicebox/stream/testing/memory-log'
import { encodeRecord, T0 } from './testing/records.ts'
import { verifyArchive } from './manifests/verify-archive.ts'

class Crash extends Error {}

/** A store whose process dies at its n-th write, before or after the write took place. */
function crashing(store: Store, at: number, when: 'before' | 'after'): Store {
  let writes = 0
  return {
    ...store,
    async create(key, bytes) {
      const isLast = ++writes === at
      if (writes > at || (isLast && when === 'before')) throw new Crash()
      const outcome = await store.create(key, bytes)
      if (isLast) throw new Crash()
      return outcome
    },
  }
}

/** A log whose process dies at its n-th commit, before or after the commit took place. */
function crashingLog(log: Log, at: number, when: 'before' | 'after'): Log {
  let commits = 0
  return {
    ...log,
    consume: (options, own) =>
      log.consume(options, owned =>
        own({
          ...owned,
          async commit(outputs, next) {
            const isLast = ++commits === at
            if (commits > at || (isLast && when === 'before')) throw new Crash()
            await owned.commit(outputs, next)
            if (isLast) throw new Crash()
          },
        }),
      ),
  }
}

const SMALL: Partial<ArchiverConfig> = { recordsMax: 7, batchRecordsMax: 5, streams: ['raw', 'scored'] }

describe('after a crash', () => {
  const points = ['before', 'after'].flatMap(when =>
    Array.from({ length: 14 }, (_, i) => ({ at: i + 1, when: when as 'before' | 'after' })),
  )

  test.each(points)('$when write $at, nothing is missing and nothing twice', async ({ at, when }) => {
    const { log, store } = await filled(30)
    const crashed = run(log, crashing(store, at, when), SMALL)
    await expect(crashed.drain()).rejects.toThrow(Crash)
    await append(log, 30, 5)

    await run(log, store, SMALL).drain()
    for (const stream of ['raw', 'scored'] as const) await expectArchiveIsLog(store, log, stream, 2)
  })

  test.each(points)('$when commit $at, nothing is missing and nothing twice', async ({ at, when }) => {
    const { log, store } = await filled(50)
    const crashed = run(crashingLog(log, at, when), store, SMALL)
    await expect(crashed.drain()).rejects.toThrow(Crash)

    await run(log, store, SMALL).drain()
    for (const stream of ['raw', 'scored'] as const) await expectArchiveIsLog(store, log, stream, 2)
  })

  test('an archiver that would end its objects elsewhere continues where they end', async () => {
    const { log, store } = await filled(60)
    await expect(run(log, crashing(store, 5, 'after'), { ...SMALL, recordsMax: 20 }).drain()).rejects.toThrow(
      Crash,
    )
    await run(log, store, { ...SMALL, recordsMax: 3 }).drain()
    for (const stream of ['raw', 'scored'] as const) await expectArchiveIsLog(store, log, stream, 2)
  })
})

describe('where a log keeps marks of its own among the records', () => {
  test('an object ends behind them, and nothing counts as lost when they are removed', async () => {
    const { log, store } = await filled(30)
    for (const partition of [0, 1]) log.skip('scored', partition, 2)
    const first = run(log, store, SMALL)
    await first.drain()
    await first.stop()
    log.truncate('scored', 0, 17n)

    await append(log, 30, 20)
    const second = run(log, store, SMALL)
    await second.drain()
    expect(second.errors).toEqual([])
    expect((await verifyArchive(store)).faults).toEqual([])
    expect((await readAll(store, 'scored', 2)).map(records => records.length)).toEqual([25, 25])
  })

  test('records that are lost behind them are reported', async () => {
    const { log, store } = await filled(30)
    log.skip('scored', 0, 2)
    const first = run(log, store, SMALL)
    await first.drain()
    await first.stop()

    await append(log, 30, 20)
    log.truncate('scored', 0, 20n)
    const second = run(log, store, SMALL)
    await second.drain()
    expect(second.errors).toEqual([expect.stringContaining('removed records before they were archived')])
    expect((await verifyArchive(store)).faults).toEqual([
      expect.objectContaining({
        kind: 'hole',
        message: expect.stringContaining('positions 17 to 19 of scored, partition 0') as string,
      }),
    ])
  })

  test('an archive is known to be that of another log by its last record', async () => {
    const { log, store } = await filled(30)
    for (const partition of [0, 1]) log.skip('scored', partition, 2)
    const archiver = run(log, store, { ...SMALL, streams: ['scored'] })
    await archiver.drain()
    await archiver.stop()

    // Also where the end of the archive is a mark of the other log, too.
    const other = createMemoryLog({ partitions: 2 })
    await append(other, 1, 30)
    for (const partition of [0, 1]) other.skip('scored', partition, 2)
    await append(other, 31, 20)
    await expect(run(other, store, { ...SMALL, streams: ['scored'] }).done).rejects.toThrow(
      'another record there',
    )
  })

  test('a drain skips them where the log does not deliver them', async () => {
    const { log, store } = await filled(30, { showsMarks: false })
    const archiver = run(log, store, SMALL)
    await archiver.drain()
    await append(log, 30, 4)
    for (const partition of [0, 1]) log.skip('scored', partition, 2)
    await archiver.drain()
    await expectArchiveIsLog(store, log, 'scored', 2)
    const entries = (await collect(listArchive(store, ['scored']))).map(({ end }) => end)
    expect(entries.filter(end => end === 19n)).toHaveLength(2)
  })

  test('an archiver continues where the object of another one ended before them', async () => {
    const { log, store } = await filled(12)
    const former = run(log, store, { ...SMALL, recordsMax: 6 })
    await former.drain()
    await former.stop()
    // The former one did not know of them when it ended its last object.
    log.skip('scored', 0, 3)
    await append(log, 12, 12)
    await run(log, store, SMALL).drain()
    await expectArchiveIsLog(store, log, 'scored', 2)
  })
})

describe('while several archivers share the same partitions', () => {
  test.each([
    { one: 7, other: 7 },
    { one: 5, other: 8 },
    { one: 1, other: 30 },
    { one: 100, other: 3 },
  ])('each object is one of theirs: $one against $other records', async ({ one, other }) => {
    const { log, store } = await filled(120)
    const archivers = [one, other].map((recordsMax, i) =>
      // Of groups of their own: neither is fenced, as a paused process that wakes up is not for a while.
      run(inGroup(log, `archiver-${i}`), yielding(store), { ...SMALL, recordsMax, batchRecordsMax: 3 + i }),
    )
    await Promise.all(archivers.map(archiver => archiver.drain()))
    for (const stream of ['raw', 'scored'] as const) await expectArchiveIsLog(store, log, stream, 2)

    // Nor does a late one break anything, whatever it has in its hands.
    await append(log, 120, 20)
    await Promise.all(archivers.map(archiver => archiver.drain()))
    for (const stream of ['raw', 'scored'] as const) await expectArchiveIsLog(store, log, stream, 2)
  })

  test('the new owner of a partition archives what the former owner had open', async () => {
    const { log, store } = await filled(40)
    const former = run(log, store, SMALL)
    await until(() => log.commits.length > 2)
    await run(log, store, SMALL).drain()
    await former.stop()
    for (const stream of ['raw', 'scored'] as const) await expectArchiveIsLog(store, log, stream, 2)
  })
})

const anyRecord = fc.record({
  stream: fc.constantFrom<StreamName>('raw', 'good', 'scored', 'bad'),
  partition: fc.integer({ min: 0, max: 1 }),
  // Ends of transactions: positions without a record.
  marksBefore: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 3 })),
  marksBehind: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 3 })),
  // Steps of the two clocks: mostly forward, now and then far, sometimes back.
  appendedStepMs: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 400_000 })),
  collectedStepMs: fc.oneof(fc.constant(1), fc.integer({ min: -90_000_000, max: 90_000_000 })),
  value: fc.oneof(
    { weight: 9, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }) },
  ),
})

const anyRun = fc.record({
  records: fc.array(anyRecord, { maxLength: 40 }),
  config: fc.record({
    recordsMax: fc.integer({ min: 1, max: 20 }),
    bytesMax: fc.integer({ min: 1024, max: 4096 }),
    windowMs: fc.constantFrom(1000, 60_000, 300_000),
    hourRecordsMin: fc.integer({ min: 1, max: 10 }),
    batchRecordsMax: fc.integer({ min: 1, max: 30 }),
  }),
  ends: fc.constantFrom('drained', 'stopped', 'crashed'),
  turns: fc.integer({ min: 0, max: 60 }),
})

test('the archive is the log, for any records and any ends of its archivers', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRun, { minLength: 1, maxLength: 4 }), async runs => {
      const log = createMemoryLog({ partitions: 2 })
      const store = await tempStore()
      let appendedAt = T0
      let collectedAt = T0
      for (const { records, config, ends, turns } of runs) {
        for (const record of records) {
          log.now = appendedAt += record.appendedStepMs
          collectedAt += record.collectedStepMs
          const value = record.value ?? encodeRecord(record.stream, { collected_at: collectedAt })
          log.skip(record.stream, record.partition, record.marksBefore)
          await log.append(record.stream, [{ key: null, value, partition: record.partition }])
          log.skip(record.stream, record.partition, record.marksBehind)
        }
        const archiver = run(log, ends === 'crashed' ? crashing(store, turns, 'after') : store, config)
        if (ends === 'drained') await archiver.drain()
        else if (ends === 'stopped') for (let i = 0; i < turns; i++) await new Promise(setImmediate)
        else await archiver.drain().catch((error: unknown) => expect(error).toBeInstanceOf(Crash))
        await archiver.stop().catch(() => {})
      }
      await run(log, store).drain()
      for (const stream of STREAMS) await expectArchiveIsLog(store, log, stream, 2)
    }),
    { numRuns: 40 },
  )
})

test('on the embedded log too, stopped and started while records come in', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-log-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const store = await tempStore()
  let now = T0
  await using log = await openEmbeddedLog({ dir, partitions: 3, now: () => now })
  for (let round = 0; round < 8; round++) {
    const archiver = run(log, store, { batchRecordsMax: 100, hourRecordsMin: 50 })
    for (let i = 0; i < 20; i++) {
      now += 31_000
      for (const stream of STREAMS)
        await log.append(
          stream,
          Array.from({ length: 10 }, (_, j) => ({
            key: `v${(i * 10 + j) % 13}`,
            value: encodeRecord(stream, { visitor: `v${j}`, collected_at: now - j }),
          })),
        )
    }
    if (round % 3 === 2) await archiver.drain()
    await archiver.stop()
  }
  const last = run(log, store)
  await last.drain()
  await last.stop()
  for (const stream of STREAMS) await expectArchiveIsLog(store, log, stream, 3)
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found = []
  for await (const item of items) found.push(item)
  return found
}

async function filled(
  records: number,
  options: MemoryLogOptions = {},
): Promise<{ log: MemoryLog; store: Store }> {
  const log = createMemoryLog({ partitions: 2, ...options })
  await append(log, 0, records)
  return { log, store: await tempStore() }
}

async function append(log: MemoryLog, from: number, records: number): Promise<void> {
  for (let i = from; i < from + records; i++) {
    log.now = T0 + i
    for (const stream of ['raw', 'scored'] as const) {
      const value = encodeRecord(stream, { visitor: `v${i}`, collected_at: T0 + i })
      await log.append(stream, [{ key: `v${i}`, value, partition: i % 2 }])
    }
  }
}

function inGroup(log: Log, group: string): Log {
  return { ...log, consume: (options, own) => log.consume({ ...options, group }, own) }
}

/** A store that lets others have their turn between any two steps. */
function yielding(store: Store): Store {
  return {
    ...store,
    async create(key, bytes) {
      for (let i = 0; i < bytes.length % 5; i++) await new Promise(setImmediate)
      return store.create(key, bytes)
    },
  }
}
