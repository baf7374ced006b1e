import { describe, expect, test } from 'vitest'
import { FencedError, type OwnedPartition } from '../log.ts'
import { testLog } from './contract/contract.ts'
import { record, texts, LIMITS } from './contract/helpers.ts'
import { createMemoryLog } from './memory-log.ts'

testLog(
  'memory',
  async () => {
    const log = createMemoryLog({ partitions: 3 })
    // Other handles are other members: the log tells them apart by their calls of `consume`.
    return { log, open: async () => log, close: async () => {} }
  },
  { atomicCommits: true, contiguousPositions: true },
)

describe('the log in memory', () => {
  test('rejects everything while it is broken', async () => {
    const log = createMemoryLog()
    log.broken = new Error('the disk is gone')
    await expect(log.append('s', [record('a', '1')])).rejects.toThrow('the disk is gone')
    await expect(log.read('s', 0, 0n, LIMITS)).rejects.toThrow('the disk is gone')
    await expect(log.bounds('s')).rejects.toThrow('the disk is gone')
    log.broken = undefined
    await log.append('s', [record('a', '1')])
    expect(await log.bounds('s')).toEqual([{ start: 0n, end: 1n }])
  })

  test('deletes records, leaves marks between records and hides the end', async () => {
    const log = createMemoryLog()
    for (const text of ['1', '2', '3']) log.write('s', 0, 'a', Buffer.from(text))
    log.skip('s', 0, 4)
    log.write('s', 0, 'a', Buffer.from('4'))
    log.truncate('s', 0, 1n)
    const kept = await log.read('s', 0, 0n, LIMITS)
    expect(kept.records.map(({ position }) => position)).toEqual([1n, 2n, 7n])
    expect(kept.next).toBe(8n)
    log.hide('s', 0, 2n)
    expect(texts((await log.read('s', 0, 0n, LIMITS)).records)).toEqual(['a=2'])
    expect(await log.bounds('s')).toEqual([{ start: 1n, end: 8n }])
  })

  test('takes a partition from its owner, which then gains it again', async () => {
    const log = createMemoryLog()
    log.write('s', 0, 'a', Buffer.from('1'))
    const stop = new AbortController()
    const owners: OwnedPartition[] = []
    await log.consume({ stream: 's', group: 'g', ...LIMITS, signal: stop.signal }, async owned => {
      owners.push(owned)
      if (owners.length === 2) return stop.abort()
      await owned.next()
      log.fence()
      expect(await owned.next()).toBeUndefined()
      await expect(owned.commit({}, 1n)).rejects.toThrow(FencedError)
    })
    expect(owners.map(({ committed }) => committed)).toEqual([0n, 0n])
  })
})
