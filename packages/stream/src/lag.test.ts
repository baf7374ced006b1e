import { describe, expect, test } from 'vitest'
import { lagOf, lagsOf, lastRecord } from './lag.ts'
import { UnreadableError, type Log } from './log.ts'
import { createMemoryLog } from './testing/memory-log.ts'

/** A stream of one partition with records at these positions, and marks of the log at the others below `end`. */
function logWith({
  positions,
  start = 0,
  end,
  committed = 0,
  visible = end,
}: {
  positions: readonly number[]
  start?: number
  end: number
  committed?: number
  /** The end that readers reach: from there on a transaction is open. */
  visible?: number
}): Log {
  // A read passes two positions at most, so that some reads find only marks.
  const log = createMemoryLog({ readPositionsMax: 2 })
  let next = 0
  for (const position of positions) {
    log.skip('s', 0, position - next)
    log.now = 1000 + position
    log.write('s', 0, null, new Uint8Array())
    next = position + 1
  }
  log.skip('s', 0, end - next)
  log.truncate('s', 0, BigInt(start))
  log.hide('s', 0, BigInt(visible))
  log.place('g', 's', 0, BigInt(committed))
  return log
}

describe('the lag of a group', () => {
  test.each([
    ['nothing was appended', { positions: [], end: 0 }, 0, undefined],
    ['nothing was read', { positions: [0, 1, 2], end: 3 }, 3, 1000],
    ['some records are left', { positions: [0, 1, 2], end: 3, committed: 2 }, 1, 1002],
    ['all records are done', { positions: [0, 1, 2], end: 3, committed: 3 }, 0, undefined],
    ['only marks are left', { positions: [0, 1], end: 9, committed: 2 }, 0, undefined],
    ['a record is left after marks', { positions: [0, 7], end: 9, committed: 1 }, 2, 1007],
    ['the committed position was deleted', { positions: [5, 6], start: 5, end: 7, committed: 2 }, 2, 1005],
    [
      'a transaction is open after the committed position',
      { positions: [0, 1], end: 5, committed: 2, visible: 2 },
      0,
      undefined,
    ],
  ])('when %s', async (_when, stream, positions, waitingSince) => {
    const log = logWith(stream)
    expect(await lagOf(log, 'g', 's')).toEqual([positions])
    expect(await lagsOf(log, 'g', 's')).toMatchObject([{ positions, waitingSince }])
  })
})

describe('the last record', () => {
  test.each([
    ['of an empty partition', { positions: [], end: 0 }, undefined],
    ['at the very end', { positions: [0, 1, 2], end: 3 }, 2n],
    ['before marks', { positions: [0, 1, 2], end: 12 }, 2n],
    ['between marks', { positions: [3, 40], end: 90 }, 40n],
    ['of a partition with marks only', { positions: [], start: 4, end: 9 }, undefined],
    ['before an open transaction', { positions: [0, 1], end: 9, visible: 2 }, 1n],
  ])('%s', async (_where, stream, position) => {
    expect((await lastRecord(logWith(stream), 's', 0))?.position).toBe(position)
  })
})

test('what can not be read is the reason of a lag, and not an error', async () => {
  const log: Log = {
    ...logWith({ positions: [0, 1, 2], end: 3, committed: 1 }),
    read: () => Promise.reject(new UnreadableError('partition 0 of s')),
  }
  expect(await lagsOf(log, 'g', 's')).toEqual([
    { committed: 1n, end: 3n, positions: 2, waitingSince: undefined, unreadable: 'partition 0 of s' },
  ])
  const broken: Log = { ...log, read: () => Promise.reject(new Error('the broker is gone')) }
  await expect(lagsOf(broken, 'g', 's')).rejects.toThrow('the broker is gone')
})
