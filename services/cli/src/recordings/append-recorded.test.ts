import fc from 'fast-check'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import type { RawRecord } from '@sluicebox/event/records'
import { createMemoryLog, type MemoryLog } from '@sluicebox/stream/testing/memory-log'
import { describe, expect, test } from 'vitest'
import { createRecordReader } from '../inspect/record-reader.ts'
import { appendHeartbeats, importEvents, type Imported } from './append-recorded.ts'
import type { RecordedEvent, Recording } from './events.ts'

const codec = folderCodec('raw')
const BEGUN_MS = Date.UTC(2026, 10, 20)
const PARTITIONS = 3

/** Events a minute apart, of seven visitors. */
function events(count: number): RecordedEvent[] {
  return Array.from({ length: count }, (_, i) => ({
    timeMs: BEGUN_MS + i * 60_000,
    visitor: `v${i % 7}`,
    json: JSON.stringify({ event_id: `e${i}`, action: 'look' }),
  }))
}

function recordingOf(given: readonly RecordedEvent[]): Recording {
  return {
    count: given.length,
    skipped: 0,
    fromMs: given[0]?.timeMs,
    toMs: given.at(-1)?.timeMs,
    async *events() {
      yield* given
    },
    async [Symbol.asyncDispose]() {},
  }
}

function importInto(
  log: MemoryLog,
  given: readonly RecordedEvent[],
  signal = new AbortController().signal,
): Promise<Imported> {
  const reader = createRecordReader(codec)
  return importEvents(recordingOf(given), { log, codec, reader, collector: 'test', signal })
}

async function recordsOf(log: MemoryLog): Promise<RawRecord[][]> {
  return Promise.all(
    Array.from({ length: PARTITIONS }, async (_, partition) => {
      const { records } = await log.read('raw', partition, 0n, { recordsMax: Infinity, bytesMax: Infinity })
      return records.map(({ value }) => codec.decode(value) as RawRecord)
    }),
  )
}

const payloads = (records: readonly RawRecord[]): string[] =>
  records.filter(({ kind }) => kind === 'payload').map(({ body }) => Buffer.from(body!).toString())

test('events keep their order and their time in each partition, with a heartbeat in long silences', async () => {
  const log = createMemoryLog({ partitions: PARTITIONS })
  const given = events(50)
  expect(await importInto(log, given)).toEqual({ written: 50, present: 0, isComplete: true })
  const partitions = await recordsOf(log)
  expect(partitions.flatMap(payloads).toSorted()).toEqual(given.map(({ json }) => json).toSorted())
  for (const records of partitions) {
    const times = records.map(({ collected_at }) => collected_at)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(records.filter(({ kind }) => kind === 'heartbeat')).toHaveLength(4)
  }
})

test('an import that was interrupted anywhere continues: the log holds every event once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.array(fc.nat(70), { minLength: PARTITIONS, maxLength: PARTITIONS }),
      async (count, kept) => {
        const whole = createMemoryLog({ partitions: PARTITIONS })
        await importInto(whole, events(count))
        const expected = await recordsOf(whole)
        // A failing log may have taken any number of the last records of each partition.
        const log = createMemoryLog({ partitions: PARTITIONS })
        for (const [partition, records] of expected.entries())
          for (const record of records.slice(0, kept[partition]))
            log.write('raw', partition, record.visitor, codec.encode(record))
        const { isComplete } = await importInto(log, events(count))
        expect(isComplete).toBe(true)
        const found = await recordsOf(log)
        expect(found.map(payloads)).toEqual(expected.map(payloads))
        for (const records of found) {
          const times = records.map(({ collected_at }) => collected_at)
          expect(times).toEqual(times.toSorted((a, b) => a - b))
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('one append is in flight at a time', async () => {
  const log = createMemoryLog({ partitions: PARTITIONS })
  let [inFlight, most, appends] = [0, 0, 0]
  log.beforeAppend = async () => {
    appends++
    most = Math.max(most, ++inFlight)
    await new Promise(resolve => setImmediate(resolve))
    inFlight--
  }
  await importInto(log, events(9_000))
  expect(appends).toBeGreaterThan(4)
  expect(most).toBe(1)
})

describe('when it ends early', () => {
  test('a log that fails is reported with the count that is written, and the next import continues', async () => {
    const log = createMemoryLog({ partitions: PARTITIONS })
    let appends = 0
    log.beforeAppend = async () => {
      if (++appends === 3) throw new Error('The brokers are away.')
    }
    await expect(importInto(log, events(9_000))).rejects.toThrow(
      /^\d{4} of 9000 events are in the log, and the next could not be written: The brokers are away\. .*import the same files again/,
    )
    log.beforeAppend = undefined
    const next = await importInto(log, events(9_000))
    expect(next.isComplete).toBe(true)
    expect(next.present).toBeGreaterThan(3_000)
    expect((await recordsOf(log)).flatMap(payloads)).toHaveLength(9_000)
  })

  test('a signal stops it after the append in flight', async () => {
    const log = createMemoryLog({ partitions: PARTITIONS })
    const stop = new AbortController()
    log.beforeAppend = async () => stop.abort()
    const { written, isComplete } = await importInto(log, events(9_000), stop.signal)
    expect(isComplete).toBe(false)
    expect(written).toBeGreaterThan(0)
    expect((await recordsOf(log)).flatMap(payloads)).toHaveLength(written)
  })
})

describe('nothing is written', () => {
  test('of a recording that is there, even after the sessions were closed', async () => {
    const log = createMemoryLog({ partitions: PARTITIONS })
    await importInto(log, events(20))
    await appendHeartbeats(BEGUN_MS + 86_400_000, { log, codec, collector: 'test' })
    const before = await log.bounds('raw')
    expect(await importInto(log, events(20))).toEqual({ written: 0, present: 20, isComplete: true })
    expect(await log.bounds('raw')).toEqual(before)
  })

  test.each([
    ['is newer than the recording', BEGUN_MS + 86_400_000],
    ['is newer than its first event', BEGUN_MS + 1],
  ])('when the log %s', async (_what, newestMs) => {
    const log = createMemoryLog({ partitions: PARTITIONS })
    await appendHeartbeats(newestMs, { log, codec, collector: 'test' })
    const before = await log.bounds('raw')
    await expect(importInto(log, events(20))).rejects.toThrow(
      /time in a log only goes forward. Nothing is written/,
    )
    expect(await log.bounds('raw')).toEqual(before)
  })

  test('of the rest of a recording whose sessions were closed before the import was complete', async () => {
    const log = createMemoryLog({ partitions: PARTITIONS })
    const all = events(20)
    await importInto(log, all.slice(0, 12))
    await appendHeartbeats(BEGUN_MS + 86_400_000, { log, codec, collector: 'test' })
    const before = await log.bounds('raw')
    await expect(importInto(log, all)).rejects.toThrow(
      /has 12 of the 20 events .* Sessions were closed \(--close\) .* Nothing more is written. Import the whole recording into an empty log/,
    )
    expect(await log.bounds('raw')).toEqual(before)
  })

  test('of a recording without events', async () => {
    const log = createMemoryLog({ partitions: PARTITIONS })
    expect(await importInto(log, [])).toEqual({ written: 0, present: 0, isComplete: true })
  })
})
