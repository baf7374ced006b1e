import type { Bounds, Log } from './log.ts'

/** How far a group is behind in one partition. */
export interface PartitionLag {
  /** Everything below was read and is done. */
  readonly committed: bigint
  readonly end: bigint
  /**
   * Positions from the first record that is not done to the end; 0 when no record is left. Where a log keeps marks of
   * its own among the records, those behind that record are counted with them.
   */
  readonly positions: number
  /** When the log took the first record that is not done, by its own clock; undefined when there is none. */
  readonly waitingSince: number | undefined
}

/** By partition, how far a group is behind the end of a stream. */
export async function lagsOf(log: Log, group: string, stream: string): Promise<PartitionLag[]> {
  // Committed first: what is committed and appended in between must not look like a lag below zero.
  const committed = await log.committed(group, stream)
  const bounds = await log.bounds(stream)
  return Promise.all(bounds.map((_, partition) => lagAt(log, { stream, partition, committed, bounds })))
}

/** The same for one partition, where it is known what was committed and what the log holds, by partition. */
export async function lagAt(
  log: Log,
  found: {
    readonly stream: string
    readonly partition: number
    readonly committed: readonly bigint[]
    readonly bounds: readonly Bounds[]
  },
): Promise<PartitionLag> {
  const { stream, partition } = found
  const { start, end } = found.bounds[partition] ?? { start: 0n, end: 0n }
  const done = found.committed[partition] ?? start
  const first = await firstRecord(log, stream, partition, done > start ? done : start, end)
  return {
    committed: done,
    end,
    positions: first === undefined ? 0 : Number(end - first.position),
    waitingSince: first?.appendedAt,
  }
}

/** By partition, how many positions a group is behind the end of a stream: its lag in records. */
export async function lagOf(log: Log, group: string, stream: string): Promise<number[]> {
  return (await lagsOf(log, group, stream)).map(({ positions }) => positions)
}

/** The first record from `from` on and below `end`: the log's own marks are no records. */
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

/** The last record of a partition; undefined when there is none. */
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
