import { FencedError, type Batch, type ConsumeOptions, type OwnedPartition, type Skipped } from '../log.ts'
import type { Bell } from './bell.ts'
import { readPartition } from './reader.ts'
import { partitionState, type GroupState, type Tables } from './tables.ts'
import type { Writer } from './writer.ts'

export interface ConsumerParts {
  readonly tables: Tables
  readonly writer: Writer
  readonly bell: Bell
  readonly partitions: number
  readonly ensureStream: (stream: string) => void
  readonly onSkipped: (skipped: Skipped) => void
}

/**
 * Owns all partitions of the stream for its group. Whoever comes last is the owner: he raises the partition's epoch,
 * and a commit of an earlier epoch is refused in the transaction that it would have been made in. Who has lost a
 * partition stands by, and takes it again when the other one leaves it.
 */
export async function consume(
  parts: ConsumerParts,
  options: ConsumeOptions,
  own: (partition: OwnedPartition) => Promise<void>,
): Promise<void> {
  const failed = new AbortController()
  const signal = AbortSignal.any([options.signal, failed.signal])
  const members = Array.from({ length: parts.partitions }, async (_, partition) => {
    try {
      await ownRepeatedly(parts, { ...options, signal }, partition, own)
    } catch (error) {
      // The others end before the error is passed on: nobody works on after consume has rejected.
      failed.abort(error)
      throw error
    }
  })
  const outcomes = await Promise.allSettled(members)
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

async function ownRepeatedly(
  parts: ConsumerParts,
  options: ConsumeOptions,
  partition: number,
  own: (partition: OwnedPartition) => Promise<void>,
): Promise<void> {
  while (!options.signal.aborted) {
    const taken = await take(parts, options, partition)
    const lost = await ownOnce(parts, options, partition, taken, own)
    if (!lost) return
    await untilReleased(parts, options, partition)
  }
}

async function take(parts: ConsumerParts, options: ConsumeOptions, partition: number): Promise<GroupState> {
  const { tables, writer, bell } = parts
  const key: [string, string, number] = [options.group, options.stream, partition]
  const taken = await writer.change({
    bytes: 0,
    make() {
      parts.ensureStream(options.stream)
      const before = tables.groups.get(key)
      const state = {
        epoch: (before?.epoch ?? 0) + 1,
        position: before?.position ?? partitionState(tables, options.stream, partition).start,
        released: false,
      }
      void tables.groups.put(key, state)
      return state
    },
  })
  // A former owner in this process learns of it at once.
  bell.check()
  return taken
}

/** Answers whether the partition was lost to another owner. */
async function ownOnce(
  parts: ConsumerParts,
  { stream, group, signal, recordsMax, bytesMax }: ConsumeOptions,
  partition: number,
  { epoch, position: committed }: GroupState,
  own: (partition: OwnedPartition) => Promise<void>,
): Promise<boolean> {
  const { tables, writer, bell } = parts
  const key: [string, string, number] = [group, stream, partition]
  const lost = new AbortController()
  const ended = AbortSignal.any([signal, lost.signal])
  let position = committed
  let done = committed
  let left = false

  const fenced = (): FencedError => {
    const error = new FencedError(
      `Partition ${partition} of ${stream} has another owner in group ${group}: this one, number ${epoch}, may not commit any more.`,
    )
    lost.abort(error)
    return error
  }

  async function next(): Promise<Batch | undefined> {
    // A turn of the event loop for each batch: who replays a long stream must not shut out everybody else.
    await new Promise(resolve => setImmediate(resolve))
    while (!ended.aborted) {
      const batch = readPartition(tables, stream, partition, position, { recordsMax, bytesMax })
      const first = batch.records[0]
      if (first !== undefined) {
        const from = Math.max(position, done)
        if (first.position > from)
          parts.onSkipped({ stream, group, partition, from: BigInt(from), to: first.position })
        position = Number(batch.next)
        return batch
      }
      await bell.wait(stream, ended)
    }
    return undefined
  }

  const look = (): void => {
    tables.root.resetReadTxn()
    if (tables.groups.get(key)?.epoch !== epoch) fenced()
  }
  const unwatch = bell.watch(look)
  look()
  try {
    await own({
      partition,
      committed: BigInt(committed),
      signal: ended,
      next,
      seek(to) {
        position = Number(to)
      },
      async commit(outputs, to) {
        if (left) throw fenced()
        const placements = Object.entries(outputs).flatMap(([name, records]) => writer.split(name, records))
        const bytes = placements
          .flatMap(({ blocks }) => blocks)
          .reduce((sum, block) => sum + block.bytes.length, 0)
        await writer.change({
          bytes,
          make() {
            if (tables.groups.get(key)?.epoch !== epoch) throw fenced()
            writer.place(placements)
            void tables.groups.put(key, { epoch, position: Number(to), released: false })
          },
        })
        done = Number(to)
      },
    })
  } finally {
    left = true
    unwatch()
    // A courtesy to members that stand by, in vain when the disk is full: nothing depends on it.
    if (!lost.signal.aborted) await release().catch(() => {})
  }
  return lost.signal.aborted

  async function release(): Promise<void> {
    await writer.change({
      bytes: 0,
      make() {
        const state = tables.groups.get(key)
        if (state?.epoch === epoch) void tables.groups.put(key, { ...state, released: true })
      },
    })
    bell.check()
  }
}

/** Resolves when the present owner of the partition has left it, or `signal` aborts. */
async function untilReleased(
  { tables, bell }: ConsumerParts,
  { stream, group, signal }: ConsumeOptions,
  partition: number,
): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>(resolve => {
    const unwatch = bell.watch(look)
    signal.addEventListener('abort', finish, { once: true })
    look()

    function look(): void {
      tables.root.resetReadTxn()
      if (tables.groups.get([group, stream, partition])?.released === true) finish()
    }
    function finish(): void {
      signal.removeEventListener('abort', finish)
      unwatch()
      resolve()
    }
  })
}
