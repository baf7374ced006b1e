import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { InputRecord, Log } from '@sluicebox/stream/log'

/** The part of the log that a follower needs. */
export type Followed = Pick<Log, 'bounds' | 'read' | 'changed'>

export interface FollowOptions {
  readonly log: Followed
  readonly stream: string
  /** How far back to begin in each partition. */
  readonly recordsBack: number
  readonly signal: AbortSignal
  /** The pause after a failure. */
  readonly retryMs?: number
  /** Records of one partition, in order. The last `newCount` of them came after following began. */
  take(partition: number, records: readonly InputRecord[], newCount: number): void
  /** The log could not be read; it is tried again after a pause. Undefined when it can be read again. */
  onProblem(error: Error | undefined): void
}

const LIMITS = { recordsMax: 1_000, bytesMax: 4 * 1024 * 1024 }
const RETRY_MS = 1_000

/**
 * Reads a stream as it grows, without a group: the last records first, then each new one. Resolves when `signal`
 * aborts, and only then: what a page shows must not stop what it is about.
 */
export async function followStream(options: FollowOptions): Promise<void> {
  const { log, stream, signal, onProblem, retryMs = RETRY_MS } = options
  const partitions: { next: bigint; newFrom: bigint }[] = []
  let changed: Promise<void> | undefined
  while (!signal.aborted) {
    try {
      // Asked for before reading, so that no record falls between the reading and the waiting.
      changed ??= log.changed(stream, signal)
      const took = await readAll(options, partitions)
      onProblem(undefined)
      if (took) {
        // A long backlog must leave room for what else happens in the process.
        await turn()
        continue
      }
      const waited = changed
      changed = undefined
      await waited
    } catch (error) {
      if (signal.aborted) return
      onProblem(error as Error)
      changed = undefined
      await sleep(retryMs, undefined, { signal }).catch(() => {})
    }
  }
}

async function readAll(
  { log, stream, recordsBack, signal, take }: FollowOptions,
  partitions: { next: bigint; newFrom: bigint }[],
): Promise<boolean> {
  if (partitions.length === 0) {
    for (const { start, end } of await log.bounds(stream)) {
      const back = end - BigInt(recordsBack)
      partitions.push({ next: back > start ? back : start, newFrom: end })
    }
  }
  let took = false
  for (const [partition, place] of partitions.entries()) {
    if (signal.aborted) return false
    const { records, next } = await log.read(stream, partition, place.next, LIMITS)
    if (records.length === 0) continue
    take(partition, records, records.filter(({ position }) => position >= place.newFrom).length)
    place.next = next
    took = true
  }
  return took
}
