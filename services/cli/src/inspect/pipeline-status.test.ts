import type { PartitionOwner } from '@sluicebox/stream/inspect'
import { STREAMS } from '@sluicebox/event/records'
import { UnreadableError, type Log } from '@sluicebox/stream/log'
import { createMemoryLog } from '@sluicebox/stream/testing/memory-log'
import { expect, test } from 'vitest'
import { orphansOf, readStatus, unreadableOf } from './pipeline-status.ts'

const NOW = 1_000_000

/** A log of two partitions: each stream holds one record a second, up to `NOW`, in each. */
function logWith(committed: Readonly<Record<string, readonly number[]>>, records = 10): Log {
  const log = createMemoryLog({ partitions: 2 })
  for (const stream of STREAMS)
    for (const partition of [0, 1])
      for (let position = 0; position < records; position++) {
        log.now = NOW - 1000 * (records - 1 - position)
        log.write(stream, partition, null, new Uint8Array())
      }
  const all = [records, records]
  for (const place of ['enricher/raw', 'scorer/good', 'archiver/raw'])
    for (const [partition, position] of (committed[place] ?? all).entries()) {
      const [group, stream] = place.split('/') as [string, string]
      log.place(group, stream, partition, BigInt(position))
    }
  return log
}

const two: readonly PartitionOwner[] = [
  { partition: 0, owner: 'one' },
  { partition: 1, owner: 'two' },
]
const common = { archived: ['raw'], now: () => NOW }

test('says how far each stage is, in positions and in seconds, and names the owners', async () => {
  const log = logWith({ 'scorer/good': [10, 7] })
  const status = await readStatus({ ...common, log, ownersOf: async () => two })
  expect(status.rawSilentSeconds).toBe(0)
  expect(status.stages.map(({ stage, stream, workers, lag }) => [stage, stream, workers, lag])).toEqual([
    ['enricher', 'raw', 2, 0],
    ['scorer', 'good', 2, 3],
    ['archiver', 'raw', 2, 0],
  ])
  expect(status.stages[1]).toMatchObject({
    behindSeconds: 2,
    partitions: [
      { partition: 0, owner: 'one', committed: '10', end: '10', lag: 0, behindSeconds: 0 },
      { partition: 1, owner: 'two', committed: '7', end: '10', lag: 3, behindSeconds: 2 },
    ],
  })
  expect(orphansOf(status)).toEqual([])
})

test('names the partitions that have records left and no owner', async () => {
  const log = logWith({ 'scorer/good': [10, 7], 'enricher/raw': [9, 9] })
  const ownersOf = async (group: string) => (group === 'enricher' ? two.slice(0, 1) : [])
  const status = await readStatus({ ...common, log, ownersOf })
  expect(orphansOf(status)).toEqual(['enricher: partition 1 of raw', 'scorer: partition 1 of good'])
})

test('names no partition where the log does not know its readers', async () => {
  const log = logWith({ 'enricher/raw': [0, 0] })
  const status = await readStatus({ ...common, log, ownersOf: async () => undefined })
  expect(status.stages[0]).toMatchObject({ workers: null, lag: 20, partitions: [{ owner: null }, {}] })
  expect(orphansOf(status)).toEqual([])
})

test('in an empty log no stage is behind', async () => {
  const status = await readStatus({ ...common, log: logWith({}, 0), ownersOf: async () => two })
  expect(status.rawSilentSeconds).toBeNull()
  expect(status.stages.every(({ lag, behindSeconds }) => lag === 0 && behindSeconds === 0)).toBe(true)
})

test('names what the log can not read, once, and how far behind its readers are', async () => {
  const whole = logWith({ 'enricher/raw': [10, 4], 'archiver/raw': [10, 4] })
  const log: Log = {
    ...whole,
    read: (stream, partition, ...rest) =>
      stream === 'raw' && partition === 1
        ? Promise.reject(new UnreadableError('partition 1 of raw, offset 4'))
        : whole.read(stream, partition, ...rest),
  }
  const status = await readStatus({ ...common, log, ownersOf: async () => two })
  expect(unreadableOf(status)).toEqual(['partition 1 of raw, offset 4'])
  expect(status.stages.map(({ lag }) => lag)).toEqual([6, 0, 6])
  expect(status.rawSilentSeconds).toBe(0)
})
