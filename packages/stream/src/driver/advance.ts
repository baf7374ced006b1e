import type { LimitFunction } from 'p-limit'
import type { BatchFacts, DriveOptions } from './options.ts'
import type { Batch, OutputRecord, OwnedPartition } from '../log.ts'
import { createResolver } from './resolving.ts'
import type { Backoff } from '../backoff.ts'
import { REAL_WORLD } from './world.ts'
import type { PlacedRecord } from './snapshots.ts'
import { Unresolved } from './stage.ts'

export const BACKOFF: Backoff = { firstMs: 100, maxMs: 30_000 }

/** The state of a partition while it is owned, and the position that it has reached. */
export interface Progress<State> {
  readonly state: State
  /** The records of all positions below are in the state. */
  position: bigint
  /** The last record in the state; undefined before the first. */
  last: PlacedRecord | undefined
  /** Records that were read and are not processed yet. */
  rest: Batch | undefined
  recordsSinceSnapshot: number
  snapshotAt: number
  /** The save that is under way; undefined when none is. */
  saving: Promise<void> | undefined
}

/**
 * Processes a batch and commits it; in mode `replay` it only processes it. While the stage lacks something from the
 * world, it resolves that and retries. Resolves with false when the partition ended first. Rejects with what the stage
 * throws, and with what the commit rejects with.
 */
export async function advance<State, Output extends string>(
  options: DriveOptions<State, Output>,
  limit: LimitFunction,
  owned: OwnedPartition,
  progress: Progress<State>,
  batch: Batch,
  mode: 'commit' | 'replay' = 'commit',
): Promise<boolean> {
  const { stage, observe, world = REAL_WORLD } = options
  const { partition } = owned
  const resolver = createResolver({
    resolve: options.resolve,
    backoff: options.backoff ?? BACKOFF,
    world,
    onWait: (refs, attempt, waitMs, error) =>
      observe?.onUnresolved?.({ partition, refs, attempt, waitMs, error }),
  })
  async function processOnce(): Promise<void> {
    const begunAt = world.now()
    const outputs = stage.process(progress.state, batch)
    const processedAt = world.now()
    if (mode === 'commit') await owned.commit(byStream(options.outputs, outputs), batch.next)
    progress.position = batch.next
    progress.last = batch.records.at(-1) ?? progress.last
    progress.recordsSinceSnapshot += batch.records.length
    if (mode === 'commit')
      observe?.onBatch?.(factsOf(partition, batch, outputs, begunAt, processedAt, world.now()))
  }

  for (;;) {
    try {
      await limit(processOnce)
      return true
    } catch (error) {
      if (!(error instanceof Unresolved)) throw error
      // Outside of the limit: a partition that waits for the world holds up no other.
      if (!(await resolver.resolve(error, owned.signal))) return false
    }
  }
}

function byStream<Output extends string>(
  streams: Readonly<Record<Output, string>>,
  outputs: Readonly<Record<Output, readonly OutputRecord[]>>,
): Record<string, readonly OutputRecord[]> {
  const named: Record<string, readonly OutputRecord[]> = {}
  for (const output of Object.keys(outputs) as Output[]) {
    const stream = streams[output]
    named[stream] = [...(named[stream] ?? []), ...outputs[output]]
  }
  return named
}

function factsOf<Output extends string>(
  partition: number,
  { records }: Batch,
  outputs: Readonly<Record<Output, readonly OutputRecord[]>>,
  begunAt: number,
  processedAt: number,
  committedAt: number,
): BatchFacts<Output> {
  const counts = {} as Record<Output, number>
  for (const output of Object.keys(outputs) as Output[]) counts[output] = outputs[output].length
  return {
    partition,
    records: records.length,
    bytes: records.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + value.length, 0),
    outputs: counts,
    behindMs: committedAt - (records.at(-1)?.appendedAt ?? committedAt),
    processMs: processedAt - begunAt,
    commitMs: committedAt - processedAt,
  }
}
