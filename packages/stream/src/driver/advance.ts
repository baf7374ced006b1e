import type { BatchFacts, DriveOptions } from './options.ts'
import type { Batch, OutputRecord, OwnedPartition } from '../log.ts'
import { createResolver } from './resolving.ts'
import type { Backoff } from '../backoff.ts'
import { REAL_WORLD } from './world.ts'
import type { Slots } from './concurrency-limit.ts'
import type { PlacedRecord } from './snapshots.ts'
import { Unresolved } from './stage.ts'

export const BACKOFF: Backoff = { firstMs: 100, maxMs: 30_000 }

/** A partition's state, and how far it has come. */
export interface Progress<State> {
  readonly state: State
  /** Everything below is in the state. */
  position: bigint
  /** The last record in the state. */
  last: PlacedRecord | undefined
  /** Records read and not processed yet. */
  rest: Batch | undefined
  recordsSinceSnapshot: number
  snapshotAt: number
  /** The snapshot that is being saved. */
  saving: Promise<void> | undefined
}

/** Processes a batch and commits it, or only processes it. Answers false when the partition ended before it could. */
export async function advance<State, Output extends string>(
  options: DriveOptions<State, Output>,
  slots: Slots,
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
  for (;;) {
    const giveBack = await slots.take()
    try {
      const begunAt = world.now()
      const outputs = stage.process(progress.state, batch)
      const processedAt = world.now()
      if (mode === 'commit') await owned.commit(byStream(options.outputs, outputs), batch.next)
      progress.position = batch.next
      progress.last = batch.records.at(-1) ?? progress.last
      progress.recordsSinceSnapshot += batch.records.length
      if (mode === 'commit')
        observe?.onBatch?.(factsOf(partition, batch, outputs, begunAt, processedAt, world.now()))
      return true
    } catch (error) {
      if (!(error instanceof Unresolved)) throw error
      giveBack()
      if (!(await resolver.resolve(error, owned.signal))) return false
    } finally {
      giveBack()
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
