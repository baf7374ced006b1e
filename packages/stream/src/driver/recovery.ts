import type { LimitFunction } from 'p-limit'
import { advance, BACKOFF, type Progress } from './advance.ts'
import type { DriveOptions } from './options.ts'
import type { Batch, Log, OwnedPartition } from '../log.ts'
import { createResolver } from './resolving.ts'
import { REAL_WORLD } from './world.ts'
import { DamagedSnapshotError, type PlacedRecord, type Snapshot } from './snapshots.ts'
import { Unresolved } from './stage.ts'

/**
 * Returns the state at the position that the group has committed. It loads the latest snapshot and replays the records
 * from there; it drops the outputs of the replay, which are in the log already. The returned position is below the
 * committed one only when the partition ended meanwhile.
 */
export async function restore<State, Output extends string>(
  options: DriveOptions<State, Output>,
  limit: LimitFunction,
  owned: OwnedPartition,
): Promise<Progress<State>> {
  const { stage, log, input, world = REAL_WORLD } = options
  const { partition, committed } = owned
  const start = stage.snapshots === undefined ? 0n : (await log.bounds(input))[partition]!.start
  const found = await loadSnapshot(options, owned, start)
  const progress: Progress<State> = {
    state: found?.state ?? stage.start(partition),
    position: found?.position ?? committed,
    last: found?.last,
    rest: undefined,
    recordsSinceSnapshot: 0,
    snapshotAt: world.now(),
    saving: undefined,
  }
  if (stage.snapshots === undefined) return progress

  const from = found === undefined || found.position < start ? start : found.position
  progress.position = from < committed ? from : committed
  if (from < committed) owned.seek(from)
  report()
  while (progress.position < committed) {
    const batch = await owned.next()
    if (batch === undefined) return progress
    const [before, rest] = splitAt(batch, committed)
    if (before.records.length === 0) progress.position = before.next
    else if (!(await advance(options, limit, owned, progress, before, 'replay'))) return progress
    progress.rest = rest
    report()
  }
  return progress

  function report(): void {
    options.observe?.onRestore?.({
      partition,
      from,
      hasSnapshot: found !== undefined,
      hasGap: found !== undefined && found.position < start,
      position: progress.position,
      committed,
    })
  }
}

async function loadSnapshot<State, Output extends string>(
  options: DriveOptions<State, Output>,
  owned: OwnedPartition,
  start: bigint,
): Promise<{ state: State; position: bigint; last: PlacedRecord | undefined } | undefined> {
  const { log, input, stage, observe } = options
  const { partition, committed } = owned
  if (stage.snapshots === undefined) return undefined
  const snapshot = await fetchSnapshot(options, owned)
  if (snapshot === undefined) return undefined
  const drop = (why: string): undefined => {
    observe?.onSnapshotProblem?.({ partition, error: new Error(`the snapshot ${why}: it is not used`) })
  }
  if (snapshot.version !== stage.snapshots.version)
    return drop('was made by another version, or with other settings, files or bundles')
  // The snapshot can be ahead of the committed position when the log has lost commits. Its state then contains records
  // whose outputs are not in the log.
  if (snapshot.position > committed)
    return drop(`holds records up to ${snapshot.position}, and the group has committed ${committed}`)
  const { position, last } = snapshot
  if (last !== undefined && last.position >= start && !(await isIn(log, input, partition, last))) {
    const error = new Error(
      `the snapshot was made from another log: this log has a different record at position ${last.position} of ${input}, partition ${partition}`,
    )
    observe?.onSnapshotProblem?.({ partition, error })
    return undefined
  }
  try {
    return { state: stage.snapshots.restore(partition, snapshot.bytes), position, last }
  } catch (error) {
    observe?.onSnapshotProblem?.({ partition, error: error as Error })
    return undefined
  }
}

/**
 * Returns the snapshot in the store; undefined when the store has none, or when the partition ends first. While the
 * store can't be reached, this partition waits and the others continue: without its snapshot it might have to replay
 * days of records.
 */
async function fetchSnapshot<State, Output extends string>(
  { snapshots, group, observe, backoff = BACKOFF, world = REAL_WORLD }: DriveOptions<State, Output>,
  { partition, signal }: OwnedPartition,
): Promise<Snapshot | undefined> {
  if (snapshots === undefined) return undefined
  let found: Snapshot | undefined
  const resolver = createResolver({
    async resolve() {
      try {
        found = await snapshots.store.load(group, partition)
      } catch (error) {
        if (!(error instanceof DamagedSnapshotError)) throw error
        observe?.onSnapshotProblem?.({ partition, error })
      }
    },
    backoff,
    world,
    onWait: (_refs, _attempt, waitMs, error = new Error('the store did not answer')) =>
      observe?.onSnapshotProblem?.({ partition, error, waitMs }),
  })
  await resolver.resolve(new Unresolved(['snapshot']), signal)
  return found
}

async function isIn(log: Log, stream: string, partition: number, last: PlacedRecord): Promise<boolean> {
  const { records } = await log.read(stream, partition, last.position, { recordsMax: 1, bytesMax: 1 })
  const [record] = records
  if (record?.position === last.position) return record.appendedAt === last.appendedAt
  // This log never had a record at that position, unless retention deleted it a moment ago.
  return (await log.bounds(stream))[partition]!.start > last.position
}

/** Splits a batch into the records below `position` and the rest; the rest is undefined when it is empty. */
function splitAt(batch: Batch, position: bigint): [Batch, Batch | undefined] {
  if (batch.next <= position) return [batch, undefined]
  const index = batch.records.findIndex(record => record.position >= position)
  const count = index === -1 ? batch.records.length : index
  const rest = { ...batch, records: batch.records.slice(count) }
  return [
    { ...batch, records: batch.records.slice(0, count), next: position },
    rest.records.length > 0 ? rest : undefined,
  ]
}

export function isSnapshotDue<State, Output extends string>(
  { stage, snapshots, world = REAL_WORLD }: DriveOptions<State, Output>,
  { recordsSinceSnapshot, snapshotAt, saving }: Progress<State>,
): boolean {
  if (stage.snapshots === undefined || snapshots === undefined || saving !== undefined) return false
  if (recordsSinceSnapshot === 0) return false
  return recordsSinceSnapshot >= snapshots.everyRecords || world.now() - snapshotAt >= snapshots.everyMs
}

/**
 * Starts to save the present state, and returns before it is saved: processing continues while a store is slow or down.
 * One save of a partition runs at a time.
 */
export function beginSnapshot<State, Output extends string>(
  { stage, snapshots, group, observe, signal, world = REAL_WORLD }: DriveOptions<State, Output>,
  owned: OwnedPartition,
  progress: Progress<State>,
): void {
  if (stage.snapshots === undefined || snapshots === undefined) return
  const { partition } = owned
  const { position, last, state } = progress
  const { version } = stage.snapshots
  // The outcome of a save is not reported once another owner has the partition: here it has ended.
  const isOurs = (): boolean => !owned.signal.aborted || signal.aborted
  progress.recordsSinceSnapshot = 0
  progress.snapshotAt = world.now()
  try {
    const bytes = stage.snapshots.save(state)
    progress.saving = snapshots.store
      .save(group, partition, { position, last, version, bytes })
      .then(
        () => {
          if (isOurs()) observe?.onSnapshot?.({ partition, position, bytes: bytes.length })
        },
        (error: Error) => {
          if (isOurs()) observe?.onSnapshotProblem?.({ partition, error })
        },
      )
      .finally(() => (progress.saving = undefined))
  } catch (error) {
    observe?.onSnapshotProblem?.({ partition, error: error as Error })
  }
}

/** Saves the final state of the partition, once the save that is under way has settled. */
export async function saveLast<State, Output extends string>(
  options: DriveOptions<State, Output>,
  owned: OwnedPartition,
  progress: Progress<State>,
): Promise<void> {
  await progress.saving
  if (progress.recordsSinceSnapshot === 0) return
  beginSnapshot(options, owned, progress)
  await progress.saving
}
