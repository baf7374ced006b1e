import { setImmediate as turn } from 'node:timers/promises'
import { backoffMs, type Backoff } from './backoff.ts'
import { REAL_WORLD, type World } from './driver/world.ts'
import type { InputRecord, Log } from './log.ts'

export interface FollowOptions {
  readonly log: Pick<Log, 'bounds' | 'read' | 'changed'>
  readonly stream: string
  /** Where each partition begins: at the first record kept, at the end, or this many positions before the end. */
  readonly from: 'start' | 'end' | { readonly positionsBack: number }
  /** Ends the following. Without a signal it ends at the records that were there when it began. */
  readonly signal?: AbortSignal
  /**
   * Called when the log can't be read, before the read is retried with increasing waits. Called with undefined after
   * each pass over the partitions that worked. Without it, or without a signal, an error of the log is thrown.
   */
  readonly onProblem?: (error: Error | undefined) => void
  readonly backoff?: Backoff
  readonly world?: Pick<World, 'wait' | 'random'>
}

/** Records of one partition, in the order of the log. */
export interface Followed {
  readonly partition: number
  readonly records: readonly InputRecord[]
  /** The first position that was written after the following began. */
  readonly newFrom: bigint
}

interface Place {
  next: bigint
  /** The end when the following began; without a signal, where it stops. */
  end: bigint
}

const LIMITS = { recordsMax: 1_000, bytesMax: 4 * 1024 * 1024 }
const BACKOFF: Backoff = { firstMs: 1_000, maxMs: 10_000 }

/**
 * Yields the records of a stream as it grows, without a group: partition by partition, in order within each. Skips no
 * record and passes over the marks that a log keeps among them. Lets other work of the process run after each pass over
 * the partitions. Decoding is left to the caller.
 */
export async function* followStream(options: FollowOptions): AsyncGenerator<Followed> {
  const { log, stream, signal, onProblem, backoff = BACKOFF, world = REAL_WORLD } = options
  let places: Place[] | undefined
  let changed: Promise<void> | undefined
  let failures = 0
  const isOver = (): boolean => signal?.aborted === true
  while (!isOver()) {
    let hasAdvanced = false
    try {
      // Begun before the reads, so that a record appended after them ends the wait.
      if (signal !== undefined) changed ??= log.changed(stream, signal)
      changed?.catch(() => {})
      places ??= await placesOf(options)
      for (const [partition, place] of places.entries()) {
        if (signal === undefined && place.next >= place.end) continue
        const { records, next } = await log.read(stream, partition, place.next, LIMITS)
        if (next > place.next) hasAdvanced = true
        // A read that stops below the end has met an open transaction: without a signal, that counts as the end.
        else if (signal === undefined) place.end = place.next
        place.next = next
        if (records.length > 0) yield { partition, records, newFrom: place.end }
        if (isOver()) return
      }
      failures = 0
      onProblem?.(undefined)
      if (hasAdvanced) await turn()
      else if (changed === undefined) return
      else {
        await changed
        changed = undefined
      }
    } catch (error) {
      changed = undefined
      if (onProblem === undefined || signal === undefined) throw error
      if (isOver()) return
      onProblem(error as Error)
      await world.wait(backoffMs(failures++, backoff, world.random()), signal)
    }
  }
}

async function placesOf({ log, stream, from }: FollowOptions): Promise<Place[]> {
  const bounds = await log.bounds(stream)
  return bounds.map(({ start, end }) => {
    if (from === 'start') return { next: start, end }
    const back = from === 'end' ? end : end - BigInt(from.positionsBack)
    return { next: back > start ? back : start, end }
  })
}
