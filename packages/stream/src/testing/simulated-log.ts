import type { Batch, ConsumeOptions, InputRecord, Log, OutputRecord, OwnedPartition } from '../log.ts'
import { partitionOf } from '../partitioner.ts'
import { createGroup, type Group } from './simulated-group.ts'
import type { Process, Simulation } from './simulation.ts'

// A log in the memory of a simulation. It survives every process. The simulation decides when an operation of a process
// happens, and whether it happens. It is not the log of memory-log.ts: there every operation happens at once, in the
// order of the calls, and fails only where a test tells it to. Here the order, the lost answers and the takeovers come
// from a seed, the members of a group share its partitions, commits need not be atomic, and mistakes can be planted.

export interface SimulatedLogOptions {
  readonly partitions: number
  /** A commit writes outputs and position in one step, as on Kafka; else one after the other, as on Kinesis. */
  readonly atomicCommits: boolean
  /** Batches end anywhere, and some positions hold no record. */
  readonly isIrregular: boolean
  /** Planted mistakes, to prove that the checks find them. */
  readonly bugs?: LogBugs
}

export interface LogBugs {
  /** Commits the position before the outputs. */
  readonly positionFirst?: boolean
  /** Lets former owners commit. */
  readonly noFence?: boolean
  /** Gives a new owner the position that was committed when the owner before took over. */
  readonly staleCommitted?: boolean
}

export interface SimulatedLog {
  /** Returns the log as `process` sees it. */
  connect(process: Process): Log
  /** Returns all records of a stream, by partition. */
  records(stream: string): readonly (readonly InputRecord[])[]
  /** Returns whether the group has committed every record of the stream. */
  isDrained(group: string, stream: string): boolean
  /** Gives partitions of every group to other members. */
  rebalance(): void
}

interface Partition {
  readonly records: InputRecord[]
  end: bigint
}

export function createSimulatedLog(simulation: Simulation, options: SimulatedLogOptions): SimulatedLog {
  const { random } = simulation
  const { partitions: count, isIrregular, atomicCommits, bugs = {} } = options
  const streams = new Map<string, Partition[]>()
  const groups = new Map<string, Group>()

  function partitionsOf(stream: string): Partition[] {
    let partitions = streams.get(stream)
    if (partitions === undefined) {
      partitions = Array.from({ length: count }, () => ({ records: [], end: 0n }))
      streams.set(stream, partitions)
    }
    return partitions
  }

  function groupOf(name: string, stream: string): Group {
    const key = `${name} of ${stream}`
    let group = groups.get(key)
    if (group === undefined) {
      group = createGroup(simulation, count, bugs.staleCommitted ?? false)
      groups.set(key, group)
    }
    return group
  }

  function place(stream: string, records: readonly OutputRecord[]): void {
    const partitions = partitionsOf(stream)
    for (const { key, value, partition } of records) {
      const target = partitions[partition ?? partitionOf(key, count)]
      if (target === undefined) throw new RangeError(`${stream} has no partition ${partition}`)
      if (isIrregular && random.chance(0.1)) target.end += BigInt(1 + random.below(3))
      target.records.push({ key, value: value.slice(), position: target.end, appendedAt: simulation.now() })
      target.end += 1n
    }
  }

  function take(stream: string, partition: number, from: bigint, { recordsMax, bytesMax }: Limits): Batch {
    const { records, end } = partitionsOf(stream)[partition]!
    const most = isIrregular ? 1 + random.below(recordsMax) : recordsMax
    const batch: InputRecord[] = []
    let bytes = 0
    for (const record of records) {
      if (record.position < from) continue
      bytes += (record.key?.length ?? 0) + record.value.length
      if (batch.length > 0 && (batch.length === most || bytes > bytesMax)) break
      batch.push(record)
    }
    const last = batch.at(-1)
    const next = last === undefined ? (from > end ? from : end) : last.position + 1n
    return { stream, partition, records: batch, next }
  }

  function own(process: Process, { stream, group: name, ...limits }: ConsumeOptions) {
    const group = groupOf(name, stream)
    return (partition: number, epoch: number, committed: bigint, signal: AbortSignal): OwnedPartition => {
      let position = committed
      const isThere = (): boolean =>
        (partitionsOf(stream)[partition]!.records.at(-1)?.position ?? -1n) >= position
      return {
        partition,
        committed,
        signal,
        seek(to) {
          position = to
        },
        next: () =>
          simulation.later(process, { ready: () => signal.aborted || isThere() }, () => {
            if (signal.aborted) return undefined
            const batch = take(stream, partition, position, limits)
            position = batch.next
            return batch
          }),
        async commit(outputs, next) {
          const isWrite = true
          const check = (): void => {
            if (!bugs.noFence) group.check(partition, epoch)
          }
          const advance = (): void => {
            check()
            group.commit(partition, next)
          }
          if (atomicCommits) {
            await simulation.later(process, { isWrite }, () => {
              advance()
              for (const [output, records] of Object.entries(outputs)) place(output, records)
            })
            return
          }
          if (bugs.positionFirst) await simulation.later(process, { isWrite }, advance)
          for (const [output, records] of Object.entries(outputs))
            for (const piece of cut(records))
              await simulation.later(process, { isWrite }, () => place(output, piece))
          if (!bugs.positionFirst) await simulation.later(process, { isWrite }, advance)
        },
      }
    }
  }

  /** Cuts records into the pieces in which a write that is not atomic arrives. */
  function cut(records: readonly OutputRecord[]): OutputRecord[][] {
    const pieces: OutputRecord[][] = []
    for (let from = 0; from < records.length; from += pieces.at(-1)!.length)
      pieces.push(records.slice(from, from + 1 + random.below(3)))
    return pieces
  }

  function connect(process: Process): Log {
    return {
      async append(stream, records) {
        await simulation.later(process, { isWrite: true, lane: `${process.name} appends` }, () =>
          place(stream, records),
        )
      },
      async partitionCount() {
        return count
      },
      consume: (consumeOptions, use) =>
        groupOf(consumeOptions.group, consumeOptions.stream).join(
          process,
          consumeOptions.signal,
          own(process, consumeOptions),
          use,
        ),
      read: (stream, partition, from, limits) =>
        simulation.later(process, {}, () => take(stream, partition, from, limits)),
      bounds: stream =>
        simulation.later(process, {}, () => partitionsOf(stream).map(({ end }) => ({ start: 0n, end }))),
      committed: (name, stream) => simulation.later(process, {}, () => [...groupOf(name, stream).committed]),
      changed(stream, signal) {
        const size = (): bigint => partitionsOf(stream).reduce((sum, { end }) => sum + end, 0n)
        const before = size()
        return simulation.later(process, { ready: () => signal.aborted || size() > before }, () => {})
      },
      async [Symbol.asyncDispose]() {},
    }
  }

  return {
    connect,
    records: stream => partitionsOf(stream).map(({ records }) => records),
    isDrained: (name, stream) =>
      partitionsOf(stream).every(
        ({ records }, partition) =>
          groupOf(name, stream).committed[partition]! > (records.at(-1)?.position ?? -1n),
      ),
    rebalance() {
      for (const group of groups.values()) group.rebalance()
    },
  }
}

type Limits = Pick<ConsumeOptions, 'recordsMax' | 'bytesMax'>
