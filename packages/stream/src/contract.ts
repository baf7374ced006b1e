import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FencedError, type Batch, type Log, type OutputRecord, type OwnedPartition } from './log.ts'
import { partitionOf } from './partitioner.ts'

// What every log promises to the rest of Sluicebox, as tests. An adapter is done when they pass on a real server.

export interface LogUnderTest {
  readonly log: Log
  /** Another handle on the same data, as another process would open it, while the first is still in use. */
  open(): Promise<Log>
  /** Closes all handles and removes the data. */
  close(): Promise<void>
}

/** What a log can't do, where that is its nature. */
export interface Capabilities {
  /** Outputs and position become visible together or not at all. */
  readonly atomicCommits: boolean
  /** Positions of a partition follow each other without gaps, from 0. */
  readonly contiguousPositions: boolean
}

const LIMITS = { recordsMax: 100, bytesMax: 1_000_000 }

/**
 * The behaviour of the port. `open` makes an empty log of at least two partitions; streams that a test names must
 * exist or be made on first use.
 */
export function testLog(name: string, open: () => Promise<LogUnderTest>, can: Capabilities): void {
  describe(`the log on ${name}`, () => {
    let under: LogUnderTest
    let log: Log
    let stream: string
    let streams = 0

    beforeEach(async () => {
      under = await open()
      log = under.log
      // Servers keep streams between tests.
      stream = `contract-${process.pid}-${streams++}`
    })
    afterEach(async () => {
      await under.close()
    })

    describe('append', () => {
      it('keeps keys, values and their order within a partition', async () => {
        const records = [
          record('a', '1'),
          record('b', '2'),
          record('a', '3'),
          record(null, 'no key'),
          record('a', ''),
        ]
        await log.append(stream, records)
        const count = await log.partitionCount(stream)
        for (let partition = 0; partition < count; partition++) {
          const expected = records.filter(({ key }) => partitionOf(key, count) === partition)
          expect(texts(await all(log, stream, partition))).toEqual(expected.map(text))
        }
      })

      it('puts a record into the partition that it names, whatever its key', async () => {
        await log.append(stream, [
          { ...record('a', 'heartbeat 0'), partition: 0 },
          { ...record('a', 'heartbeat 1'), partition: 1 },
        ])
        expect(texts(await all(log, stream, 0))).toEqual(['a=heartbeat 0'])
        expect(texts(await all(log, stream, 1))).toEqual(['a=heartbeat 1'])
      })

      it('refuses a partition that the stream does not have', async () => {
        const count = await log.partitionCount(stream)
        await expect(log.append(stream, [{ ...record('a', '1'), partition: count }])).rejects.toThrow()
      })

      it('accepts nothing', async () => {
        await log.append(stream, [])
        await log.append(stream, [record('a', '1')])
        expect(await everything(log, stream)).toHaveLength(1)
      })

      it('keeps bytes as they are', async () => {
        const value = Uint8Array.from({ length: 256 }, (_, byte) => byte)
        const key = 'Zürich \u{1f30d} ß'
        await log.append(stream, [{ key, value }])
        const [kept] = await everything(log, stream)
        expect(kept!.key).toBe(key)
        expect([...kept!.value]).toEqual([...value])
      })

      it('keeps large records beside small ones', async () => {
        const large = new Uint8Array(500_000).map((_, index) => index % 251)
        await log.append(stream, [
          { ...record('a', 'before'), partition: 0 },
          { key: 'a', value: large, partition: 0 },
          { ...record('a', 'after'), partition: 0 },
        ])
        const records = await all(log, stream, 0)
        expect(records.map(({ value }) => value.length)).toEqual([6, 500_000, 5])
        expect(Buffer.compare(records[1]!.value, large)).toBe(0)
      })

      it('keeps the order of appends that do not wait for each other', async () => {
        const appends = Array.from({ length: 50 }, (_, index) =>
          log.append(stream, [{ ...record('a', `${index}`), partition: 0 }]),
        )
        await Promise.all(appends)
        expect(texts(await all(log, stream, 0))).toEqual(
          Array.from({ length: 50 }, (_, index) => `a=${index}`),
        )
      })

      it('gives positions that grow, and an instant', async () => {
        await log.append(stream, [inFirst('1'), inFirst('2')])
        await log.append(stream, [inFirst('3')])
        const records = await all(log, stream, 0)
        for (let index = 1; index < records.length; index++)
          expect(records[index]!.position).toBeGreaterThan(records[index - 1]!.position)
        for (const { appendedAt } of records) expect(appendedAt).toBeGreaterThan(0)
        if (can.contiguousPositions) expect(records.map(({ position }) => position)).toEqual([0n, 1n, 2n])
      })

      it('is seen through other handles', async () => {
        const other = await under.open()
        await other.append(stream, [inFirst('1')])
        await log.append(stream, [inFirst('2')])
        await other.append(stream, [inFirst('3')])
        expect(texts(await all(log, stream, 0))).toEqual(['a=1', 'a=2', 'a=3'])
        expect(texts(await all(other, stream, 0))).toEqual(['a=1', 'a=2', 'a=3'])
      })
    })

    describe('read', () => {
      it('finds nothing in a stream without records', async () => {
        const batch = await log.read(stream, 0, 0n, LIMITS)
        expect(batch.records).toEqual([])
        expect(await log.bounds(stream)).toContainEqual({ start: 0n, end: 0n })
      })

      it('takes no more records than it may', async () => {
        await log.append(stream, numbered(10))
        const batch = await log.read(stream, 0, 0n, { ...LIMITS, recordsMax: 3 })
        expect(texts(batch.records)).toEqual(['a=0', 'a=1', 'a=2'])
        const rest = await log.read(stream, 0, batch.next, LIMITS)
        expect(texts(rest.records)).toEqual(['a=3', 'a=4', 'a=5', 'a=6', 'a=7', 'a=8', 'a=9'])
      })

      it('takes no more bytes than it may, but one record always', async () => {
        const value = new Uint8Array(1000)
        await log.append(
          stream,
          Array.from({ length: 6 }, () => ({ key: 'a', value, partition: 0 })),
        )
        const two = await log.read(stream, 0, 0n, { ...LIMITS, bytesMax: 2500 })
        expect(two.records).toHaveLength(2)
        const one = await log.read(stream, 0, two.next, { ...LIMITS, bytesMax: 1 })
        expect(one.records).toHaveLength(1)
      })

      it('begins at any record', async () => {
        await log.append(stream, numbered(200))
        const records = await all(log, stream, 0)
        for (const index of [0, 1, 63, 64, 65, 150, 199]) {
          const batch = await log.read(stream, 0, records[index]!.position, { ...LIMITS, recordsMax: 1 })
          expect(texts(batch.records)).toEqual([`a=${index}`])
        }
      })

      it('says where the next record will be', async () => {
        await log.append(stream, numbered(3))
        const batch = await log.read(stream, 0, 0n, LIMITS)
        const [bounds] = await log.bounds(stream)
        expect(batch.next).toBe(bounds!.end)
        const empty = await log.read(stream, 0, batch.next, LIMITS)
        expect(empty.records).toEqual([])
        expect(empty.next).toBe(batch.next)
        await log.append(stream, [inFirst('later')])
        expect(texts((await log.read(stream, 0, empty.next, LIMITS)).records)).toEqual(['a=later'])
      })

      it('names stream and partition', async () => {
        await log.append(stream, [{ ...record('a', '1'), partition: 1 }])
        expect(await log.read(stream, 1, 0n, LIMITS)).toMatchObject({ stream, partition: 1 })
      })
    })

    describe('consume', () => {
      it('gives a new group everything that is kept, and waits for more', async () => {
        await log.append(stream, numbered(5))
        const got = await consumeUntil(log, stream, 'group', 8, async seen => {
          if (seen === 5) await log.append(stream, [inFirst('5'), inFirst('6'), inFirst('7')])
        })
        expect(got).toEqual(numbers(8))
      })

      it('wakes for what another handle appends', async () => {
        const other = await under.open()
        await log.append(stream, numbered(1))
        const got = await consumeUntil(log, stream, 'group', 2, async seen => {
          if (seen === 1) await other.append(stream, [inFirst('1')])
        })
        expect(got).toEqual(numbers(2))
      })

      it('owns every partition', async () => {
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

      it('keeps within the limits', async () => {
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

      it('goes on where the group has committed', async () => {
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

      it('gives what was not committed again', async () => {
        await log.append(stream, numbered(2))
        for (let attempt = 0; attempt < 3; attempt++)
          await withFirst(log, stream, 'group', LIMITS, async owned => {
            expect(texts((await owned.next())!.records)).toEqual(numbers(2))
          })
      })

      it('gives each group everything', async () => {
        await log.append(stream, numbered(3))
        expect(await consumeUntil(log, stream, 'one', 3)).toEqual(numbers(3))
        expect(await consumeUntil(log, stream, 'two', 3)).toEqual(numbers(3))
      })

      it('reads again from where it is told', async () => {
        await log.append(stream, numbered(4))
        await withFirst(log, stream, 'group', LIMITS, async owned => {
          const batch = (await owned.next())!
          owned.seek(batch.records[1]!.position)
          expect(texts((await owned.next())!.records)).toEqual(['a=1', 'a=2', 'a=3'])
          owned.seek(batch.records[3]!.position)
          expect(texts((await owned.next())!.records)).toEqual(['a=3'])
        })
      })

      it('ends a wait for records when it is stopped', async () => {
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

      it('lets the batch in hand be committed after it was stopped', async () => {
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

      it('rejects when an owner rejects, after the others have returned', async () => {
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

      it('returns at once when it was stopped before', async () => {
        let owned = 0
        await log.consume({ stream, group: 'group', ...LIMITS, signal: AbortSignal.abort() }, async () => {
          owned++
        })
        expect(owned).toBe(0)
      })
    })

    describe('commit', () => {
      it('writes the outputs and the position', async () => {
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

      it('keeps outputs of one key in order, over several commits', async () => {
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

      it('is kept apart by group and partition', async () => {
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

      it('of a former owner is refused, and the new owner knows all that was committed before', async () => {
        const outputs = `${stream}-out`
        const count = await log.partitionCount(stream)
        for (let partition = 0; partition < count; partition++)
          await log.append(
            stream,
            numbered(4).map(each => ({ ...each, partition })),
          )
        const other = await under.open()
        const stop = new AbortController()
        const holding = promise<void>()
        const finished = promise<void>()
        const former: OwnedPartition[] = []

        // The first member commits two records of each partition and holds on to all of them, while a second one
        // comes and gets some.
        const first = log.consume({ stream, group: 'group', ...LIMITS, signal: stop.signal }, async owned => {
          const { partition } = owned
          const batch = await owned.next()
          // Given back when the second member has left already.
          if (batch === undefined) return
          await owned.commit(
            { [outputs]: [{ ...record('a', 'first'), partition }] },
            batch.records[2]!.position,
          )
          former[partition] = owned
          if (former.filter(Boolean).length === count) holding.resolve()
          await finished.value
        })
        await holding.value
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

      it('tells a former owner that it has lost a partition', async () => {
        const count = await log.partitionCount(stream)
        const other = await under.open()
        const stop = new AbortController()
        const holding = promise<void>()
        let owners = 0
        const first = log.consume({ stream, group: 'group', ...LIMITS, signal: stop.signal }, async owned => {
          if (++owners === count) holding.resolve()
          expect(await owned.next()).toBeUndefined()
          stop.abort()
        })
        await holding.value
        const second = other.consume(
          { stream, group: 'group', ...LIMITS, signal: stop.signal },
          async owned => {
            await aborted(owned.signal)
          },
        )
        await Promise.all([first, second])
      })
    })

    describe('changed', () => {
      it('resolves when something is appended', async () => {
        const changed = log.changed(stream, new AbortController().signal)
        await log.append(stream, [record('a', '1')])
        await changed
      })

      it('resolves when another handle appends something', async () => {
        const other = await under.open()
        const changed = log.changed(stream, new AbortController().signal)
        await other.append(stream, [record('a', '1')])
        await changed
      })

      it('resolves when it is stopped', async () => {
        const stop = new AbortController()
        const changed = log.changed(stream, stop.signal)
        stop.abort()
        await changed
      })
    })
  })
}

function record(key: string | null, value: string): OutputRecord {
  return { key, value: new TextEncoder().encode(value) }
}

function inFirst(value: string): OutputRecord {
  return { ...record('a', value), partition: 0 }
}

function numbered(count: number): OutputRecord[] {
  return Array.from({ length: count }, (_, index) => inFirst(`${index}`))
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `a=${index}`)
}

function text({ key, value }: { key: string | null; value: Uint8Array }): string {
  return `${key}=${new TextDecoder().decode(value)}`
}

const texts = (records: readonly { key: string | null; value: Uint8Array }[]): string[] => records.map(text)

async function all(log: Log, stream: string, partition: number): Promise<Batch['records'][number][]> {
  const records: Batch['records'][number][] = []
  for (let at = 0n; ;) {
    const batch = await log.read(stream, partition, at, LIMITS)
    if (batch.records.length === 0) return records
    records.push(...batch.records)
    at = batch.next
  }
}

async function everything(log: Log, stream: string): Promise<Batch['records'][number][]> {
  const count = await log.partitionCount(stream)
  const partitions = await Promise.all(
    Array.from({ length: count }, (_, partition) => all(log, stream, partition)),
  )
  return partitions.flat()
}

/** Consumes partition 0, committing each batch, until `count` records were seen. */
async function consumeUntil(
  log: Log,
  stream: string,
  group: string,
  count: number,
  onBatch: (seen: number) => Promise<void> = async () => {},
): Promise<string[]> {
  const got: string[] = []
  await withFirst(log, stream, group, LIMITS, async owned => {
    while (got.length < count) {
      const batch = (await owned.next())!
      got.push(...texts(batch.records))
      await owned.commit({}, batch.next)
      await onBatch(got.length)
    }
  })
  return got
}

/** Consumes, hands the first partition to `use`, and stops when that has returned. */
async function withFirst(
  log: Log,
  stream: string,
  group: string,
  limits: typeof LIMITS,
  use: (owned: OwnedPartition) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  await log.consume({ stream, group, ...limits, signal: stop.signal }, async owned => {
    if (owned.partition !== 0) return aborted(owned.signal)
    await use(owned)
    stop.abort()
  })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function promise<T>(): { value: Promise<T>; resolve: (value: T) => void } {
  const { promise: value, resolve } = Promise.withResolvers<T>()
  return { value, resolve }
}
