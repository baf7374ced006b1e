import { aborted } from '../aborted.ts'
import { FencedError, type Batch, type InputRecord, type Log, type OutputRecord } from '../log.ts'
import { partitionOf } from '../partitioner.ts'

export interface MemoryLogOptions {
  /** Partitions of each stream. */
  readonly partitions?: number
  /** Whether owners are given batches that hold nothing but marks. */
  readonly showsMarks?: boolean
  /** How many positions one read gets past, whatever is stored there. */
  readonly readPositionsMax?: number
}

/** A log in memory that keeps the contract of a log, and breaks as a test tells it to. */
export interface MemoryLog extends Log {
  /** What the log's clock says at the next append, in epoch milliseconds. */
  now: number
  /** Writes one record to a partition at once, and returns its position. */
  write(stream: string, partition: number, key: string | null, value: Uint8Array): bigint
  /** Deletes the records of a partition below `position`, as retention does. */
  truncate(stream: string, partition: number, position: bigint): void
  /** Puts marks of the log's own, such as the end of a transaction, at the next positions of a partition. */
  skip(stream: string, partition: number, positions: number): void
  /** Hides what is stored from `position` on, as an open transaction does; undefined shows all again. */
  hide(stream: string, partition: number, position: bigint | undefined): void
  /** Sets what a group has committed of a partition. */
  place(group: string, stream: string, partition: number, position: bigint): void
  /** Takes the partitions of every member away, as a takeover by another process does. */
  fence(): void
  /** While set, every operation rejects with it. */
  broken: Error | undefined
  /** Runs before an append is written: it may wait, or reject. */
  beforeAppend: (() => Promise<void>) | undefined
  /** Every commit of any group, in order. */
  readonly commits: { readonly stream: string; readonly partition: number; readonly next: bigint }[]
}

interface Partition {
  records: InputRecord[]
  start: bigint
  end: bigint
  hiddenFrom: bigint | undefined
}

/** One member of a group while it consumes a stream: the most recent member owns every partition. */
interface Member {
  readonly lost: AbortController
}

export function createMemoryLog({
  partitions = 1,
  showsMarks = true,
  readPositionsMax,
}: MemoryLogOptions = {}): MemoryLog {
  const streams = new Map<string, Partition[]>()
  const committed = new Map<string, bigint>()
  const members = new Map<string, Member>()
  let changes = Promise.withResolvers<void>()

  function at(stream: string, partition: number): Partition {
    let found = streams.get(stream)
    if (found === undefined) {
      found = Array.from({ length: partitions }, () => {
        return { records: [], start: 0n, end: 0n, hiddenFrom: undefined }
      })
      streams.set(stream, found)
    }
    const one = found[partition]
    if (one === undefined) throw new RangeError(`${stream} has ${partitions} partitions, and no ${partition}`)
    return one
  }

  function notify(): void {
    changes.resolve()
    changes = Promise.withResolvers()
  }

  function write(stream: string, partition: number, key: string | null, value: Uint8Array): bigint {
    const target = at(stream, partition)
    const position = target.end++
    target.records.push({ key, value, position, appendedAt: log.now })
    notify()
    return position
  }

  function writeAll(stream: string, records: readonly OutputRecord[]): void {
    for (const { key, partition = partitionOf(key, partitions) } of records) at(stream, partition)
    for (const { key, value, partition = partitionOf(key, partitions) } of records)
      write(stream, partition, key, value)
  }

  function readNow(
    stream: string,
    partition: number,
    from: bigint,
    { recordsMax, bytesMax }: { recordsMax: number; bytesMax: number },
  ): Batch {
    const { records, start, end, hiddenFrom } = at(stream, partition)
    const first = from < start ? start : from
    const visible = hiddenFrom !== undefined && hiddenFrom < end ? hiddenFrom : end
    const reach = readPositionsMax === undefined ? visible : first + BigInt(readPositionsMax)
    const past = reach < visible ? reach : visible
    const found: InputRecord[] = []
    let bytes = 0
    for (const record of records) {
      if (record.position < first) continue
      if (record.position >= past) break
      bytes += record.value.length + (record.key?.length ?? 0)
      if (found.length === recordsMax || (found.length > 0 && bytes > bytesMax))
        return { stream, partition, records: found, next: found.at(-1)!.position + 1n }
      found.push(record)
    }
    return { stream, partition, records: found, next: past > first ? past : first }
  }

  const log: MemoryLog = {
    now: 1,
    broken: undefined,
    beforeAppend: undefined,
    commits: [],
    write,
    truncate(stream, partition, position) {
      const target = at(stream, partition)
      target.records = target.records.filter(record => record.position >= position)
      target.start = position
      if (target.end < position) target.end = position
    },
    skip(stream, partition, positions) {
      at(stream, partition).end += BigInt(positions)
      notify()
    },
    hide(stream, partition, position) {
      at(stream, partition).hiddenFrom = position
      notify()
    },
    place(group, stream, partition, position) {
      committed.set(`${group}/${stream}/${partition}`, position)
    },
    fence() {
      for (const { lost } of members.values()) lost.abort()
      members.clear()
    },
    async append(stream, records) {
      await log.beforeAppend?.()
      check()
      writeAll(stream, records)
    },
    async partitionCount() {
      check()
      return partitions
    },
    async consume({ stream, group, signal, recordsMax, bytesMax }, own) {
      check()
      if (signal.aborted) return
      const name = `${group}/${stream}`
      members.get(name)?.lost.abort()
      const member: Member = { lost: new AbortController() }
      members.set(name, member)
      const failed = new AbortController()
      const over = AbortSignal.any([signal, member.lost.signal, failed.signal])
      const owners = Array.from({ length: partitions }, (_, partition) =>
        ownPartition(partition).catch((error: unknown) => {
          failed.abort()
          throw error
        }),
      )
      const outcomes = await Promise.allSettled(owners)
      if (members.get(name) === member) members.delete(name)
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason

      async function ownPartition(partition: number): Promise<void> {
        const place = `${name}/${partition}`
        let position = committed.get(place) ?? at(stream, partition).start
        await own({
          partition,
          committed: position,
          signal: over,
          async next() {
            for (;;) {
              const changed = changes.promise
              await new Promise(resolve => setImmediate(resolve))
              if (over.aborted) return undefined
              check()
              const batch = readNow(stream, partition, position, { recordsMax, bytesMax })
              if (batch.records.length > 0 || (showsMarks && batch.next > position)) {
                position = batch.next
                return batch
              }
              await Promise.race([changed, aborted(over)])
            }
          },
          seek(to) {
            position = to
          },
          async commit(outputs, next) {
            check()
            if (member.lost.signal.aborted) throw new FencedError('another member owns the partition')
            for (const [output, records] of Object.entries(outputs)) writeAll(output, records)
            committed.set(place, next)
            log.commits.push({ stream, partition, next })
          },
        })
      }
    },
    async read(stream, partition, from, limits) {
      check()
      return readNow(stream, partition, from, limits)
    },
    async bounds(stream) {
      check()
      return Array.from({ length: partitions }, (_, partition) => {
        const { start, end } = at(stream, partition)
        return { start, end }
      })
    },
    async committed(group, stream) {
      check()
      return Array.from(
        { length: partitions },
        (_, partition) => committed.get(`${group}/${stream}/${partition}`) ?? 0n,
      )
    },
    async changed(_stream, signal) {
      check()
      await Promise.race([changes.promise, aborted(signal)])
    },
    async [Symbol.asyncDispose]() {},
  }
  return log

  function check(): void {
    if (log.broken !== undefined) throw log.broken
  }
}
