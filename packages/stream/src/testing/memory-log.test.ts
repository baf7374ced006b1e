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

describe('the log in memory, told to break', () => {
  test('rejects everything while it is broken', async () => {
    const log = createMemoryLog()
    log.broken = new Error('disk gone')
    await expect(log.append('s', [record('a', '1')])).rejects.toThrow('disk gone')
    await expect(log.read('s', 0, 0n, LIMITS)).rejects.toThrow('disk gone')
    await expect(log.bounds('s')).rejects.toThrow('disk gone')
    log.broken = undefined
    await log.append('s', [record('a', '1')])
    expect(await log.bounds('s')).toEqual([{ start: 0n, end: 1n }])
  })

  test('deletes, leaves marks between records and hides the end', async () => {
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

  test('takes the partitions of its members away', async () => {
    const log = createMemoryLog()
    log.write('s', 0, 'a', Buffer.from('1'))
    let former: OwnedPartition | undefined
    await log.consume(
      { stream: 's', group: 'g', ...LIMITS, signal: new AbortController().signal },
      async owned => {
        former = owned
        await owned.next()
        log.fence()
        expect(await owned.next()).toBeUndefined()
      },
    )
    await expect(former!.commit({}, 1n)).rejects.toThrow(FencedError)
    expect(await log.committed('g', 's')).toEqual([0n])
  })
})
