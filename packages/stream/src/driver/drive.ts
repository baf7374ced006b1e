import { advance } from './advance.ts'
import { FencedError, type OwnedPartition } from '../log.ts'
import { beginSnapshot, isSnapshotDue, restore, saveLast } from './recovery.ts'
import type { DriveOptions } from './options.ts'
import { createSlots, type Slots } from './concurrency-limit.ts'

// The only place where reading, writing and committing happen. A stage never sees any of it.

const PARALLEL_MAX = 16

/**
 * Runs a stage over the partitions that this process gets until `signal` aborts. Rejects when a partition can't go
 * on: the process is then to be started again, and goes on where the group has committed.
 */
export async function drive<State, Output extends string>(
  options: DriveOptions<State, Output>,
): Promise<void> {
  const slots = createSlots(options.parallelMax ?? PARALLEL_MAX)
  const { log, input, group, limits, signal } = options
  const outputs = [...new Set<string>(Object.values(options.outputs))]
  await log.consume({ stream: input, group, outputs, ...limits, signal }, owned =>
    drivePartition(options, slots, owned),
  )
}

async function drivePartition<State, Output extends string>(
  options: DriveOptions<State, Output>,
  slots: Slots,
  owned: OwnedPartition,
): Promise<void> {
  const { observe, signal } = options
  const { partition } = owned
  try {
    const progress = await restore(options, slots, owned)
    while (progress.position >= owned.committed && !owned.signal.aborted) {
      const batch = progress.rest ?? (await owned.next())
      progress.rest = undefined
      if (batch === undefined || !(await advance(options, slots, owned, progress, batch))) break
      if (isSnapshotDue(options, progress)) beginSnapshot(options, owned, progress)
    }
    // Not after a loss: the new owner's snapshots are better than this one.
    if (signal.aborted) await saveLast(options, owned, progress)
    observe?.onEnd?.({ partition, reason: signal.aborted ? 'stopped' : 'taken' })
  } catch (error) {
    if (!(error instanceof FencedError)) throw error
    observe?.onEnd?.({ partition, reason: 'taken' })
  }
}
