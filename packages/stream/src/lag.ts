import { UnreadableError, type Bounds, type Log } from './log.ts'

/** How far a group is behind in one partition. */
export interface PartitionLag {
  /** The position that the group has committed: all records below are done. */
  readonly committed: bigint
  readonly end: bigint
  /**
   * Positions from the first record that is not done to the end; 0 when no record is left. Includes the marks that a
   * log keeps among the records from there on.
   */
  readonly positions: number
  /** When the log took the first record that is not done, in epoch milliseconds; undefined when all are done. */
  readonly waitingSince: number | undefined
  /** Why the log can't read the first record that is not done: the group waits there. Undefined when it can. */
  readonly unreadable?: string
}

/** Returns for each partition how far a group is behind the end of a stream. */
export async function lagsOf(log: Log, group: string, stream: string): Promise<PartitionLag[]> {
  // Committed first: a commit between the two reads must not give a lag below zero.
  const committed = await log.committed(group, stream)
  const bounds = await log.bounds(stream)
  return Promise.all(bounds.map((_, partition) => lagAt(log, { stream, partition, committed, bounds })))
}

/** Returns the lag in one partition, from committed positions and bounds that the caller has read, in this order. */
export async function lagAt(
  log: Log,
  found: {
    readonly stream: string
    readonly partition: number
    /** Both by partition. */
    readonly committed: readonly bigint[]
    readonly bounds: readonly Bounds[]
  },
): Promise<PartitionLag> {
  const { stream, partition } = found
  const { start, end } = found.bounds[partition] ?? { start: 0n, end: 0n }
  const done = found.committed[partition] ?? start
  const from = done > start ? done : start
  const first = await firstRecord(log, stream, partition, from, end).catch(onlyUnreadable)
  if (first instanceof UnreadableError)
    return {
      committed: done,
      end,
      positions: Number(end - from),
      waitingSince: undefined,
      unreadable: first.message,
    }
  return {
    committed: done,
    end,
    positions: first === undefined ? 0 : Number(end - first.position),
    waitingSince: first?.appendedAt,
  }
}

/** Returns the error of a log that can't read what it holds, as a result; throws any other. */
export function onlyUnreadable(error: unknown): UnreadableError {
  if (error instanceof UnreadableError) return error
  throw error
}

/** Returns for each partition the lag of a group in positions. */
export async function lagOf(log: Log, group: string, stream: string): Promise<number[]> {
  return (await lagsOf(log, group, stream)).map(({ positions }) => positions)
}

/** Returns the first record from position `from` on and below `end`. Passes over the marks of the log. */
async function firstRecord(log: Log, stream: string, partition: number, from: bigint, end: bigint) {
  for (let at = from; at < end;) {
    const { records, next } = await log.read(stream, partition, at, { recordsMax: 1, bytesMax: 1 })
    const [first] = records
    if (first !== undefined) return first.position < end ? first : undefined
    if (next <= at) return undefined
    at = next
  }
  return undefined
}

/** Returns the last record of a partition; undefined when it has none. */
export async function lastRecord(log: Log, stream: string, partition: number) {
  const { start, end } = (await log.bounds(stream))[partition] ?? { start: 0n, end: 0n }
  for (let back = 1n; ; back *= 2n) {
    const from = end - back > start ? end - back : start
    let last
    for (let at = from; at < end;) {
      const { records, next } = await log.read(stream, partition, at, { recordsMax: 100, bytesMax: 1 << 20 })
      last = records.at(-1) ?? last
      if (next <= at) break
      at = next
    }
    if (last !== undefined || from === start) return last
  }
}
