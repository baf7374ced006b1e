import pLimit, { type LimitFunction } from 'p-limit'
import { advance } from './advance.ts'
import { FencedError, type OwnedPartition } from '../log.ts'
import { beginSnapshot, isSnapshotDue, restore, saveLast } from './recovery.ts'
import type { DriveOptions } from './options.ts'

// The loop of every stage whose outputs are records: read a batch, process it, commit outputs and position together. A
// stage sees no log. The archiver, whose outputs are objects, has the only other loop
// (services/archiver/src/partition.ts): it commits a position when an object is complete, not after each batch, and has
// no outputs that a commit could write.

const PARALLEL_MAX = 16

/**
 * Runs a stage over the partitions that this process owns, until `signal` aborts. Rejects when a partition fails. The
 * process must then restart; it continues at the position that the group has committed.
 */
export async function drive<State, Output extends string>(
  options: DriveOptions<State, Output>,
): Promise<void> {
  const limit = pLimit(options.parallelMax ?? PARALLEL_MAX)
  const { log, input, group, limits, signal } = options
  const outputs = [...new Set<string>(Object.values(options.outputs))]
  await log.consume({ stream: input, group, outputs, ...limits, signal }, owned =>
    drivePartition(options, limit, owned),
  )
}

async function drivePartition<State, Output extends string>(
  options: DriveOptions<State, Output>,
  limit: LimitFunction,
  owned: OwnedPartition,
): Promise<void> {
  const { observe, signal } = options
  const { partition } = owned
  try {
    const progress = await restore(options, limit, owned)
    while (progress.position >= owned.committed && !owned.signal.aborted) {
      const batch = progress.rest ?? (await owned.next())
      progress.rest = undefined
      if (batch === undefined || !(await advance(options, limit, owned, progress, batch))) break
      if (isSnapshotDue(options, progress)) beginSnapshot(options, owned, progress)
    }
    // Not after a loss: the new owner's snapshots are more recent than this one.
    if (signal.aborted) await saveLast(options, owned, progress)
    observe?.onEnd?.({ partition, reason: signal.aborted ? 'stopped' : 'taken' })
  } catch (error) {
    if (!(error instanceof FencedError)) throw error
    observe?.onEnd?.({ partition, reason: 'taken' })
  }
}
