import { describe, expect, test } from 'vitest'
import type { Capabilities, Subject } from './subject.ts'
import { aborted } from '../../aborted.ts'
import { FencedError, type Batch, type OwnedPartition } from '../../log.ts'
import { partitionOf } from '../../partitioner.ts'
import { record, inFirst, numbered, numbers, texts, all, consumeUntil, withFirst, LIMITS } from './helpers.ts'

/** A group gets every record, continues at its committed position, and has one owner for each partition. */
export function testConsumeAndCommit(subject: Subject, can: Capabilities): void {
  describe('consume', () => {
    test('gives a new group every record kept, and waits for more', async () => {
      const { log, stream } = subject
      await log.append(stream, numbered(5))
      const got = await consumeUntil(log, stream, 'group', 8, async seen => {
        if (seen === 5) await log.append(stream, [inFirst('5'), inFirst('6'), inFirst('7')])
      })
      expect(got).toEqual(numbers(8))
    })

    test('wakes for a record that another handle appends', async () => {
      const { under, log, stream } = subject
      const other = await under.open()
      await log.append(stream, numbered(1))
      const got = await consumeUntil(log, stream, 'group', 2, async seen => {
        if (seen === 1) await other.append(stream, [inFirst('1')])
      })
      expect(got).toEqual(numbers(2))
    })

    test('owns every partition', async () => {
      const { log, stream } = subject
      const count = await log.partitionCount(stream)
      const stop = new AbortController()
      const owned = new Set<number>()
      await log.consume(
        { stream, group: 'group', ...LIMITS, signal: stop.signal },
        async ({ partition, signal }) => {
          owned.add(partition)
          if (owned.size === count) stop.abort()
          await aborted(signal)
        },
      )
      expect([...owned].sort()).toEqual(Array.from({ length: count }, (_, partition) => partition))
    })

    test('keeps within the limits', async () => {
      const { log, stream } = subject
      await log.append(stream, numbered(10))
      const sizes: number[] = []
      await withFirst(log, stream, 'group', { ...LIMITS, recordsMax: 4 }, async owned => {
        for (let seen = 0; seen < 10;) {
          const batch = (await owned.next())!
          sizes.push(batch.records.length)
          seen += batch.records.length
        }
      })
      expect(Math.max(...sizes)).toBeLessThanOrEqual(4)
    })

    test('continues at the committed position of the group', async () => {
      const { log, stream } = subject
      await log.append(stream, numbered(6))
      await withFirst(log, stream, 'group', { ...LIMITS, recordsMax: 3 }, async owned => {
        expect(owned.committed).toBe(0n)
        const batch = (await owned.next())!
        await owned.commit({}, batch.records[1]!.position + 1n)
      })
      const third = (await all(log, stream, 0))[2]!
      await withFirst(log, stream, 'group', LIMITS, async owned => {
        expect(owned.committed).toBe(third.position)
        expect(texts((await owned.next())!.records)[0]).toBe('a=2')
      })
    })

    test('gives records that were not committed again', async () => {
      const { log, stream } = subject
      await log.append(stream, numbered(2))
      for (let attempt = 0; attempt < 3; attempt++)
        await withFirst(log, stream, 'group', LIMITS, async owned => {
          expect(texts((await owned.next())!.records)).toEqual(numbers(2))
        })
    })

    test('gives each group every record', async () => {
      const { log, stream } = subject
      await log.append(stream, numbered(3))
      expect(await consumeUntil(log, stream, 'one', 3)).toEqual(numbers(3))
      expect(await consumeUntil(log, stream, 'two', 3)).toEqual(numbers(3))
    })

    test('continues at the position that seek names', async () => {
      const { log, stream } = subject
      await log.append(stream, numbered(4))
      await withFirst(log, stream, 'group', LIMITS, async owned => {
        const batch = (await owned.next())!
        owned.seek(batch.records[1]!.position)
        expect(texts((await owned.next())!.records)).toEqual(['a=1', 'a=2', 'a=3'])
        owned.seek(batch.records[3]!.position)
        expect(texts((await owned.next())!.records)).toEqual(['a=3'])
      })
    })

    test('ends a wait for records when it is stopped', async () => {
      const { log, stream } = subject
      const stop = new AbortController()
      let got: Batch | undefined | 'nothing' = 'nothing'
      await log.consume({ stream, group: 'group', ...LIMITS, signal: stop.signal }, async owned => {
        if (owned.partition !== 0) return
        const next = owned.next()
        stop.abort()
        got = await next
      })
      expect(got).toBeUndefined()
    })

    test('lets the batch in flight be committed after it was stopped', async () => {
      const { log, stream } = subject
      await log.append(stream, numbered(2))
      const stop = new AbortController()
      await log.consume({ stream, group: 'group', ...LIMITS, signal: stop.signal }, async owned => {
        if (owned.partition !== 0) return
        const batch = (await owned.next())!
        stop.abort()
        await owned.commit({}, batch.next)
      })
      const [bounds] = await log.bounds(stream)
      expect((await log.committed('group', stream))[0]).toBe(bounds!.end)
    })

    test('rejects when an owner rejects, after the others have returned', async () => {
      const { log, stream } = subject
      let owned = 0
      let returned = 0
      const consumed = log.consume(
        { stream, group: 'group', ...LIMITS, signal: new AbortController().signal },
        async ({ partition, signal }) => {
          owned++
          if (partition === 0) throw new Error('out of order')
          await aborted(signal)
          returned++
        },
      )
      await expect(consumed).rejects.toThrow('out of order')
      expect(returned).toBe(owned - 1)
    })

    test('owns nothing when it was stopped before', async () => {
      const { log, stream } = subject
      let owned = 0
      await log.consume({ stream, group: 'group', ...LIMITS, signal: AbortSignal.abort() }, async () => {
        owned++
      })
      expect(owned).toBe(0)
    })
  })

  describe('commit', () => {
    test('writes the outputs and the position', async () => {
      const { log, stream } = subject
      await log.append(stream, numbered(2))
      await withFirst(log, stream, 'group', LIMITS, async owned => {
        const batch = (await owned.next())!
        await owned.commit(
          { [`${stream}-good`]: numbered(3), [`${stream}-bad`]: [inFirst('oh')] },
          batch.next,
        )
      })
      expect(texts(await all(log, `${stream}-good`, 0))).toEqual(numbers(3))
      expect(texts(await all(log, `${stream}-bad`, 0))).toEqual(['a=oh'])
      const [bounds] = await log.bounds(stream)
      expect((await log.committed('group', stream))[0]).toBe(bounds!.end)
    })

    test('keeps outputs of one key in order, over several commits', async () => {
      const { log, stream } = subject
      await log.append(stream, numbered(9))
      const outputs = `${stream}-out`
      await withFirst(log, stream, 'group', { ...LIMITS, recordsMax: 3 }, async owned => {
        for (let seen = 0; seen < 9;) {
          const batch = (await owned.next())!
          seen += batch.records.length
          await owned.commit(
            { [outputs]: batch.records.map(({ key, value }) => ({ key, value })) },
            batch.next,
          )
        }
      })
      const partition = partitionOf('a', await log.partitionCount(outputs))
      expect(texts(await all(log, outputs, partition))).toEqual(numbers(9))
    })

    test('is kept apart by group and partition', async () => {
      const { log, stream } = subject
      const count = await log.partitionCount(stream)
      await log.append(
        stream,
        Array.from({ length: count }, (_, partition) => ({ ...record('a', '1'), partition })),
      )
      await withFirst(log, stream, 'one', LIMITS, async owned => {
        await owned.commit({}, (await owned.next())!.next)
      })
      const [bounds] = await log.bounds(stream)
      expect(await log.committed('one', stream)).toEqual([
        bounds!.end,
        ...new Array<bigint>(count - 1).fill(0n),
      ])
      expect(await log.committed('two', stream)).toEqual(new Array<bigint>(count).fill(0n))
    })

    test('of a former owner is rejected, and the new owner sees every commit before', async () => {
      const { under, log, stream } = subject
      const outputs = `${stream}-out`
      const count = await log.partitionCount(stream)
      for (let partition = 0; partition < count; partition++)
        await log.append(
          stream,
          numbered(4).map(each => ({ ...each, partition })),
        )
      const other = await under.open()
      const stop = new AbortController()
      const holding = Promise.withResolvers<void>()
      const finished = Promise.withResolvers<void>()
      const former: OwnedPartition[] = []

      // The first member commits two records of each partition and keeps them all, while a second member joins and
      // gains some.
      const first = log.consume({ stream, group: 'group', ...LIMITS, signal: stop.signal }, async owned => {
        const { partition } = owned
        const batch = await owned.next()
        // Gained again after the second member has left.
        if (batch === undefined) return
        await owned.commit(
          { [outputs]: [{ ...record('a', 'first'), partition }] },
          batch.records[2]!.position,
        )
        former[partition] = owned
        if (former.filter(Boolean).length === count) holding.resolve()
        await finished.promise
      })
      await holding.promise
      let taken: number | undefined
      let committed: bigint | undefined
      const second = other.consume(
        { stream, group: 'group', ...LIMITS, signal: stop.signal },
        async owned => {
          if (taken !== undefined) return aborted(owned.signal)
          const partition = (taken = owned.partition)
          committed = owned.committed
          const batch = (await owned.next())!
          const zombie = former[partition]!.commit(
            { [outputs]: [{ ...record('a', 'zombie'), partition }] },
            batch.next,
          )
          await expect(zombie).rejects.toThrow(FencedError)
          await owned.commit({ [outputs]: [{ ...record('a', 'second'), partition }] }, batch.next)
          finished.resolve()
          stop.abort()
        },
      )
      await Promise.all([first, second])
      expect(committed).toBe((await all(log, stream, taken!))[2]!.position)
      const written = texts(await all(log, outputs, taken!))
      if (can.atomicCommits) expect(written).toEqual(['a=first', 'a=second'])
      else expect(written.filter(each => each !== 'a=zombie')).toEqual(['a=first', 'a=second'])
      expect((await log.committed('group', stream))[taken!]).toBe((await log.bounds(stream))[taken!]!.end)
    })

    test('ends the wait of an owner that has lost its partition', async () => {
      const { under, log, stream } = subject
      const count = await log.partitionCount(stream)
      const other = await under.open()
      const stop = new AbortController()
      const holding = Promise.withResolvers<void>()
      let owners = 0
      const first = log.consume({ stream, group: 'group', ...LIMITS, signal: stop.signal }, async owned => {
        if (++owners === count) holding.resolve()
        expect(await owned.next()).toBeUndefined()
        stop.abort()
      })
      await holding.promise
      const second = other.consume(
        { stream, group: 'group', ...LIMITS, signal: stop.signal },
        async owned => {
          await aborted(owned.signal)
        },
      )
      await Promise.all([first, second])
    })
  })
}
