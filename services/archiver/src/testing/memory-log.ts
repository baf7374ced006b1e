import { FencedError, type Batch, type InputRecord, type Log, type OutputRecord } from '@sluicebox/stream/log'

/** A log in memory whose clock is set by the test. One group, any number of owners: the last one is the owner. */
export interface MemoryLog extends Log {
  /** What the log's clock says at the next append. */
  now: number
  /** Removes the records of a partition below `position`. */
  truncate(stream: string, partition: number, position: bigint): void
  /** Puts marks of the log's own, such as the end of a transaction, at the next positions of a partition. */
  skip(stream: string, partition: number, positions: number): void
  /** Every commit of any group, in order. */
  readonly commits: { stream: string; partition: number; next: bigint }[]
  /** Takes the partitions of every consumer away, as a takeover by another process does. */
  fence(): void
}

interface Partition {
  records: InputRecord[]
  start: bigint
  end: bigint
}

export interface MemoryLogOptions {
  /** Whether owners are given batches that hold marks alone. Default: true. */
  readonly showsMarks?: boolean
}

export function createMemoryLog(partitions: number, { showsMarks = true }: MemoryLogOptions = {}): MemoryLog {
  const streams = new Map<string, Partition[]>()
  const committed = new Map<string, bigint>()
  const epochs = new Map<string, number>()
  let changes = Promise.withResolvers<void>()

  function partitionOf(stream: string, partition: number): Partition {
    let found = streams.get(stream)
    if (found === undefined) {
      found = Array.from({ length: partitions }, () => ({ records: [], start: 0n, end: 0n }))
      streams.set(stream, found)
    }
    return found[partition] as Partition
  }

  function notify(): void {
    changes.resolve()
    changes = Promise.withResolvers()
  }

  function read(stream: string, partition: number, from: bigint, max: number): Batch {
    const { records, start, end } = partitionOf(stream, partition)
    const first = from < start ? start : from
    const found = records.filter(record => record.position >= first).slice(0, max)
    // With fewer than were asked for, nothing but marks is left behind the last of them.
    const last = found.length < max ? end - 1n : (found.at(-1) as InputRecord).position
    return { stream, partition, records: found, next: last < first ? first : last + 1n }
  }

  const log: MemoryLog = {
    now: 0,
    commits: [],
    async append(stream, records: readonly OutputRecord[]) {
      for (const { key, value, partition = 0 } of records) {
        const target = partitionOf(stream, partition)
        target.records.push({ key, value, position: target.end, appendedAt: log.now })
        target.end++
      }
      notify()
    },
    truncate(stream, partition, position) {
      const target = partitionOf(stream, partition)
      target.records = target.records.filter(record => record.position >= position)
      target.start = position
    },
    skip(stream, partition, positions) {
      partitionOf(stream, partition).end += BigInt(positions)
      notify()
    },
    fence() {
      for (const [name, epoch] of epochs) epochs.set(name, epoch + 1)
      notify()
    },
    partitionCount: async () => partitions,
    async consume({ stream, group, signal, recordsMax }, own) {
      const consumer = `${group}/${stream}`
      const ownEpoch = (epochs.get(consumer) ?? 0) + 1
      epochs.set(consumer, ownEpoch)
      notify()
      await Promise.all(
        Array.from({ length: partitions }, async (_, partition) => {
          const name = `${group}/${stream}/${partition}`
          let position = committed.get(name) ?? partitionOf(stream, partition).start
          const isLost = (): boolean => epochs.get(consumer) !== ownEpoch
          await own({
            partition,
            committed: position,
            signal,
            async next() {
              for (;;) {
                await new Promise(resolve => setImmediate(resolve))
                if (signal.aborted || isLost()) return undefined
                const batch = read(stream, partition, position, recordsMax)
                if (batch.records.length > 0 || (showsMarks && batch.next > position)) {
                  position = batch.next
                  return batch
                }
                await Promise.race([changes.promise, aborted(signal)])
              }
            },
            seek(to) {
              position = to
            },
            async commit(_outputs, next) {
              if (isLost()) throw new FencedError('another owner')
              committed.set(name, next)
              log.commits.push({ stream, partition, next })
            },
          })
        }),
      )
    },
    read: async (stream, partition, from, { recordsMax }) => read(stream, partition, from, recordsMax),
    bounds: async stream =>
      Array.from({ length: partitions }, (_, i) => {
        const { start, end } = partitionOf(stream, i)
        return { start, end }
      }),
    committed: async (group, stream) =>
      Array.from({ length: partitions }, (_, i) => committed.get(`${group}/${stream}/${i}`) ?? 0n),
    changed: (_stream, signal) => Promise.race([changes.promise, aborted(signal)]),
    async [Symbol.asyncDispose]() {},
  }
  return log
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}
