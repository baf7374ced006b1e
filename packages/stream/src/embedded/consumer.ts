import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs } from '../backoff.ts'
import { unlessAborted } from '../aborted.ts'
import {
  FencedError,
  UnreadableError,
  UnwritableError,
  type Batch,
  type ConsumeOptions,
  type OwnedPartition,
  type Skipped,
} from '../log.ts'
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
  /** Called with a block that can't be read; it is tried again. */
  readonly onProblem: (error: Error) => void
}

/** A disk that was read wrong may be read right later. */
const UNREADABLE_RETRY_MS = 5_000
/** While the disk is full. */
const UNWRITABLE_BACKOFF = { firstMs: 100, maxMs: 5_000 }
/** Processes of one machine may retry at the same instants. */
const FULL_WAIT = 1

/**
 * Makes this process a member of the group. The most recent member owns the partition. Taking ownership increments the
 * partition's epoch; a commit that carries an earlier epoch is rejected inside its transaction. A member that lost
 * ownership waits and reclaims the partition once the owner releases it.
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
      // The other partitions end before the error is passed on: nothing runs after consume has rejected.
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
    if (taken === undefined) return
    const lost = await ownOnce(parts, options, partition, taken, own)
    if (!lost) return
    await untilReleased(parts, options, partition)
  }
}

async function take(
  parts: ConsumerParts,
  options: ConsumeOptions,
  partition: number,
): Promise<GroupState | undefined> {
  const { tables, writer, bell } = parts
  const key: [string, string, number] = [options.group, options.stream, partition]
  const taken = await whenWritable(parts, options.signal, () =>
    writer.change({
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
    }),
  )
  // A former owner in this process then ends at once.
  bell.check()
  return taken
}

/** Repeats a write until the log can be written; undefined when `signal` aborts first. Other errors are passed on. */
async function whenWritable<T>(
  { onProblem }: ConsumerParts,
  signal: AbortSignal,
  write: () => Promise<T>,
): Promise<T | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await write()
    } catch (error) {
      if (!(error instanceof UnwritableError)) throw error
      onProblem(error)
      await sleep(backoffMs(attempt, UNWRITABLE_BACKOFF, FULL_WAIT), undefined, { signal }).catch(() => {})
      if (signal.aborted) return undefined
    }
  }
}

/** Calls `own` for one ownership. Returns whether another owner has taken the partition. */
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
      `Partition ${partition} of ${stream} has another owner in group ${group}: the owner of epoch ${epoch} can no longer commit.`,
    )
    lost.abort(error)
    return error
  }

  async function next(): Promise<Batch | undefined> {
    // A turn of the event loop for each batch: the replay of a long stream must not starve other work.
    await new Promise(resolve => setImmediate(resolve))
    while (!ended.aborted) {
      const batch = read()
      if (batch === undefined) {
        await sleep(UNREADABLE_RETRY_MS, undefined, { signal: ended }).catch(() => {})
        continue
      }
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

  /** Undefined when the log can't be read there: the partition waits, and the others continue. */
  function read(): Batch | undefined {
    try {
      return readPartition(tables, stream, partition, position, { recordsMax, bytesMax })
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error
      parts.onProblem(error)
      return undefined
    }
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
        const next = Number(to)
        const isWritten = await whenWritable(parts, ended, async () => {
          await writer.change({
            bytes,
            make() {
              const state = tables.groups.get(key)
              if (state?.epoch !== epoch) throw fenced()
              // A write that failed at its very end may have been kept: it must not be made twice.
              if (state.position === next && next !== done) return
              writer.place(placements)
              void tables.groups.put(key, { epoch, position: next, released: false })
            },
          })
          return true
        })
        // The process stops. The next owner starts at what was committed.
        if (isWritten === undefined) throw fenced()
        done = next
      },
    })
  } finally {
    left = true
    unwatch()
    // Lets a waiting member reclaim the partition at once. It fails when the disk is full; nothing depends on it.
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

/** Resolves when the present owner has released the partition, or when `signal` aborts. */
async function untilReleased(
  { tables, bell }: ConsumerParts,
  { stream, group, signal }: ConsumeOptions,
  partition: number,
): Promise<void> {
  if (signal.aborted) return
  const released = Promise.withResolvers<void>()
  const look = (): void => {
    tables.root.resetReadTxn()
    if (tables.groups.get([group, stream, partition])?.released === true) released.resolve()
  }
  const unwatch = bell.watch(look)
  look()
  await unlessAborted(released.promise, signal)
  unwatch()
}
