import { unlessAborted } from '../aborted.ts'
import {
  FencedError,
  type Batch,
  type ConsumeOptions,
  type InputRecord,
  type Log,
  type OutputRecord,
  type OwnedPartition,
  type ReadLimits,
} from '../log.ts'
import { partitionOf } from '../partitioner.ts'

export interface MemoryLogOptions {
  /** Partitions of each stream. */
  readonly partitions?: number
  /** Whether owners get batches that hold only marks of the log. Default: they do. */
  readonly showsMarks?: boolean
  /** The most positions that one read passes, whatever is stored there. Default: any number. */
  readonly readPositionsMax?: number
}

/** A log in memory for tests: it passes the contract of a log, and fails where a test tells it to. */
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
  /** Sets the position that a group has committed of a partition. */
  place(group: string, stream: string, partition: number, position: bigint): void
  /**
   * Takes every partition from its owner, as another process does that joins each group and leaves it at once: a commit
   * of the former owner is rejected, and a member that still consumes gains the partition again.
   */
  fence(): void
  /** While set, every operation of the port rejects with it. */
  broken: Error | undefined
  /** Runs before an append is written: it may wait, or reject. */
  beforeAppend: (() => Promise<void>) | undefined
  /** The commits of all groups, in order. */
  readonly commits: { readonly stream: string; readonly partition: number; readonly next: bigint }[]
}

interface Partition {
  records: InputRecord[]
  start: bigint
  end: bigint
  hiddenFrom: bigint | undefined
}

/** Who owns one partition for one group. */
interface Ownership {
  /** Counts the owners that the partition has had. Only the latest may commit. */
  epoch: number
  /** Aborts when the present owner loses the partition. */
  lost: AbortController
  /** Whether the present owner has left. */
  isReleased: boolean
}

export function createMemoryLog({
  partitions = 1,
  showsMarks = true,
  readPositionsMax,
}: MemoryLogOptions = {}): MemoryLog {
  const streams = new Map<string, Partition[]>()
  const committed = new Map<string, bigint>()
  const ownerships = new Map<string, Ownership>()
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
    if (one === undefined)
      throw new RangeError(`${stream} has partitions 0 to ${partitions - 1}, not ${partition}.`)
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
    { recordsMax, bytesMax }: ReadLimits,
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

  function check(): void {
    if (log.broken !== undefined) throw log.broken
  }

  function committedBy(group: string, stream: string, partition: number): bigint {
    return committed.get(placeOf(group, stream, partition)) ?? at(stream, partition).start
  }

  function ownershipOf(group: string, stream: string, partition: number): Ownership {
    const place = placeOf(group, stream, partition)
    let ownership = ownerships.get(place)
    if (ownership === undefined) {
      ownership = { epoch: 0, lost: new AbortController(), isReleased: true }
      ownerships.set(place, ownership)
    }
    return ownership
  }

  /** The most recent member owns the partition: the owner before it loses it. */
  function takeOver(ownership: Ownership): void {
    ownership.lost.abort()
    ownership.lost = new AbortController()
    ownership.epoch++
    ownership.isReleased = false
  }

  type Own = (owned: OwnedPartition) => Promise<void>

  async function ownRepeatedly(options: ConsumeOptions, partition: number, own: Own): Promise<void> {
    const { group, stream, signal } = options
    const ownership = ownershipOf(group, stream, partition)
    while (!signal.aborted) {
      takeOver(ownership)
      const isLost = await ownOnce(options, partition, ownership, own)
      if (!isLost) return
      while (!ownership.isReleased && !signal.aborted) await unlessAborted(changes.promise, signal)
    }
  }

  /** Returns whether another owner has taken the partition. */
  async function ownOnce(
    { group, stream, signal, recordsMax, bytesMax }: ConsumeOptions,
    partition: number,
    ownership: Ownership,
    own: Own,
  ): Promise<boolean> {
    const { epoch, lost } = ownership
    const ended = AbortSignal.any([signal, lost.signal])
    let position = committedBy(group, stream, partition)
    let hasLeft = false
    try {
      await own({
        partition,
        committed: position,
        signal: ended,
        async next() {
          for (;;) {
            const changed = changes.promise
            await new Promise(resolve => setImmediate(resolve))
            if (ended.aborted) return undefined
            check()
            const batch = readNow(stream, partition, position, { recordsMax, bytesMax })
            if (batch.records.length > 0 || (showsMarks && batch.next > position)) {
              position = batch.next
              return batch
            }
            await unlessAborted(changed, ended)
          }
        },
        seek(to) {
          position = to
        },
        async commit(outputs, next) {
          check()
          if (hasLeft || ownership.epoch !== epoch)
            throw new FencedError(`Partition ${partition} of ${stream} has another owner in group ${group}.`)
          for (const [output, records] of Object.entries(outputs)) writeAll(output, records)
          committed.set(placeOf(group, stream, partition), next)
          log.commits.push({ stream, partition, next })
        },
      })
    } finally {
      hasLeft = true
      if (ownership.epoch === epoch) ownership.isReleased = true
      notify()
    }
    return lost.signal.aborted
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
      committed.set(placeOf(group, stream, partition), position)
    },
    fence() {
      for (const ownership of ownerships.values()) {
        takeOver(ownership)
        ownership.isReleased = true
      }
      notify()
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
    async consume(options, own) {
      check()
      const failed = new AbortController()
      const signal = AbortSignal.any([options.signal, failed.signal])
      const owners = Array.from({ length: partitions }, async (_, partition) => {
        try {
          await ownRepeatedly({ ...options, signal }, partition, own)
        } catch (error) {
          failed.abort()
          throw error
        }
      })
      const outcomes = await Promise.allSettled(owners)
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
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
      return Array.from({ length: partitions }, (_, partition) => committedBy(group, stream, partition))
    },
    async changed(_stream, signal) {
      check()
      await unlessAborted(changes.promise, signal)
    },
    async [Symbol.asyncDispose]() {},
  }
  return log
}

function placeOf(group: string, stream: string, partition: number): string {
  return `${group}/${stream}/${partition}`
}
