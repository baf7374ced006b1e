import type { InputRecord } from './log.ts'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { followStream, type Followed } from './follow.ts'
import { createMemoryLog, type MemoryLog } from './testing/memory-log.ts'

const value = (text: string): Uint8Array => Buffer.from(text)
const textOf = (record: InputRecord): string => Buffer.from(record.value).toString()

let log: MemoryLog
let stopping: AbortController
/** The batches, as `partition: records (number of new ones)`. */
let taken: string[]
let problems: (string | undefined)[]
let following: Promise<void>

beforeEach(() => {
  log = createMemoryLog({ partitions: 2 })
  stopping = new AbortController()
  taken = []
  problems = []
  following = Promise.resolve()
})
afterEach(async () => {
  stopping.abort()
  await following
})

function follow(positionsBack = 100): void {
  following = take(
    followStream({
      log,
      stream: 'good',
      from: { positionsBack },
      signal: stopping.signal,
      backoff: { firstMs: 1, maxMs: 1 },
      onProblem: error => problems.push(error?.message),
    }),
  )
}

async function take(followed: AsyncIterable<Followed>): Promise<void> {
  for await (const { partition, records, newFrom } of followed) {
    const newCount = records.filter(({ position }) => position >= newFrom).length
    taken.push(`${partition}: ${records.map(textOf).join(' ')} (${newCount})`)
  }
}

const until = async (condition: () => boolean): Promise<void> => {
  await vi.waitUntil(condition, { timeout: 30_000, interval: 1 })
}
const untilTaken = (count: number): Promise<void> => until(() => taken.length >= count)

describe('a follower', () => {
  test('yields the records that are there, then the new ones, and tells them apart', async () => {
    log.write('good', 0, 'k', value('a'))
    log.write('good', 1, 'k', value('b'))
    follow()
    await untilTaken(2)
    log.write('good', 1, 'k', value('c'))
    log.write('good', 1, 'k', value('d'))
    await untilTaken(3)
    expect(taken).toEqual(['0: a (0)', '1: b (0)', '1: c d (2)'])
  })

  test('begins the given number of positions back, and not before the first record kept', async () => {
    for (const text of ['a', 'b', 'c', 'd']) log.write('good', 0, 'k', value(text))
    for (const text of ['e', 'f', 'g']) log.write('good', 1, 'k', value(text))
    log.truncate('good', 1, 2n)
    follow(3)
    await untilTaken(2)
    expect(taken).toEqual(['0: b c d (0)', '1: g (0)'])
  })

  test('begins at the end with no positions back', async () => {
    log.write('good', 0, 'k', value('a'))
    follow(0)
    await until(() => problems.length > 0)
    log.write('good', 0, 'k', value('b'))
    await untilTaken(1)
    expect(taken).toEqual(['0: b (1)'])
  })

  test('tells new records apart within one batch', async () => {
    log.write('good', 0, 'k', value('a'))
    const read = log.read.bind(log)
    log.read = (...args) => {
      // Another record is appended between the call of bounds and the first read.
      if (taken.length === 0 && args[1] === 0) log.write('good', 0, 'k', value('b'))
      return read(...args)
    }
    follow()
    await untilTaken(1)
    expect(taken[0]).toBe('0: a b (1)')
  })

  test('retries after a failure, and reports the failure and its end', async () => {
    log.broken = new Error('disk gone')
    log.write('good', 0, 'k', value('a'))
    follow()
    await until(() => problems.length > 0)
    expect(problems[0]).toBe('disk gone')
    log.broken = undefined
    await untilTaken(1)
    expect(problems.at(-1)).toBeUndefined()
  })

  test('ends when it is stopped while it waits for records', async () => {
    follow()
    await until(() => problems.length > 0)
    stopping.abort()
    await expect(following).resolves.toBeUndefined()
  })

  test('ends at once when it is stopped while the log is broken', async () => {
    log.broken = new Error('disk gone')
    follow()
    await until(() => problems.length > 0)
    stopping.abort()
    await expect(following).resolves.toBeUndefined()
  })

  test('passes over the marks of the log, and ends at the present end without a signal', async () => {
    const log = createMemoryLog({ readPositionsMax: 1 })
    log.write('s', 0, 'k', value('a'))
    log.skip('s', 0, 3)
    log.write('s', 0, 'k', value('b'))
    await take(followStream({ log, stream: 's', from: 'start' }))
    expect(taken).toEqual(['0: a (0)', '0: b (0)'])
  })

  test('ends at an open transaction without a signal', async () => {
    const log = createMemoryLog()
    log.write('s', 0, 'k', value('a'))
    log.write('s', 0, 'k', value('b'))
    log.hide('s', 0, 1n)
    await take(followStream({ log, stream: 's', from: 'start' }))
    expect(taken).toEqual(['0: a (0)'])
  })

  test('throws the error of the log without a handler of problems', async () => {
    log.broken = new Error('disk gone')
    await expect(take(followStream({ log, stream: 'good', from: 'start' }))).rejects.toThrow('disk gone')
  })
})
