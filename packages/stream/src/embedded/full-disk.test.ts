import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { UnwritableError, type OwnedPartition } from '../log.ts'
import { createBell } from './bell.ts'
import { consume, type ConsumerParts } from './consumer.ts'
import { readPartition } from './reader.ts'
import { openTables } from './tables.ts'
import { createWriter, type Writer } from './writer.ts'

// While the disk is full a commit waits, and is made once.

const LIMITS = { recordsMax: 100, bytesMax: 1 << 20 }
const FULL = new UnwritableError('the disk is full')

/** A log whose writes go through `around`. */
function open(around: (write: () => Promise<unknown>) => Promise<unknown>) {
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-full-'))
  const tables = openTables(dir)
  const bell = createBell({ pollMs: 5, changeCount: tables.changeCount })
  const ensureStream = (stream: string): void => void tables.streams.put(stream, 1)
  const writer = createWriter({
    tables,
    dir,
    now: () => 0,
    partitions: 1,
    pendingBytesMax: 1 << 20,
    compression: 'none',
    ensureStream,
    onChanged: bell.ring,
  })
  onTestFinished(async () => {
    await writer.close()
    bell.close()
    await tables.root.close()
    rmSync(dir, { recursive: true })
  })
  const change: Writer['change'] = each => around(() => writer.change(each)) as never
  const problems: Error[] = []
  const parts: ConsumerParts = {
    tables,
    writer: { ...writer, change },
    bell,
    partitions: 1,
    ensureStream,
    onSkipped() {},
    onProblem: error => problems.push(error),
  }
  return { parts, tables, problems, append: writer.append }
}

async function copyOne(parts: ConsumerParts, signal: AbortSignal, stop: () => void): Promise<void> {
  await consume(parts, { stream: 'raw', group: 'g', ...LIMITS, signal }, async (owned: OwnedPartition) => {
    const batch = await owned.next()
    await owned.commit({ good: [{ key: 'a', value: Buffer.from('copy') }] }, batch!.next)
    stop()
  })
}

test.each<[string, (write: () => Promise<unknown>) => Promise<unknown>]>([
  ['before it was kept', () => Promise.reject(FULL)],
  [
    'after it was kept',
    async write => {
      await write()
      throw FULL
    },
  ],
])('a commit that fails %s is made once, and so is taking a partition', async (_when, fail) => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  let failures = 0
  const log = open(async write => (failures++ % 3 < 2 ? fail(write) : write()))
  await log.append('raw', [{ key: 'a', value: Buffer.from('one') }])
  const stop = new AbortController()
  const done = copyOne(log.parts, stop.signal, () => stop.abort())
  const ticking = setInterval(() => void vi.advanceTimersByTime(10_000), 1)
  await done
  clearInterval(ticking)
  expect(log.problems.length).toBeGreaterThanOrEqual(4)
  expect(log.problems.every(error => error === FULL)).toBe(true)
  expect(readPartition(log.tables, 'good', 0, 0, LIMITS).records).toHaveLength(1)
  expect(log.tables.groups.get(['g', 'raw', 0])?.position).toBe(1)
})

test('a process that is stopped while the disk is full ends without an error, and commits nothing', async () => {
  let isFull = false
  const log = open(write => (isFull ? Promise.reject(FULL) : write()))
  await log.append('raw', [{ key: 'a', value: Buffer.from('one') }])
  const stop = new AbortController()
  const seen = Promise.withResolvers<void>()
  const parts = { ...log.parts, onProblem: () => seen.resolve() }
  const done = consume(parts, { stream: 'raw', group: 'g', ...LIMITS, signal: stop.signal }, async owned => {
    const batch = await owned.next()
    isFull = true
    await owned.commit({ good: [{ key: 'a', value: Buffer.from('copy') }] }, batch!.next).catch(() => {})
  })
  await seen.promise
  stop.abort()
  await done
  expect(readPartition(log.tables, 'good', 0, 0, LIMITS).records).toHaveLength(0)
  expect(log.tables.groups.get(['g', 'raw', 0])?.position).toBe(0)
})
