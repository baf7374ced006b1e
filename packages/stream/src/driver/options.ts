import type { Backoff } from '../backoff.ts'
import type { Log, ReadLimits } from '../log.ts'
import type { SnapshotStore } from './snapshots.ts'
import type { Stage } from './stage.ts'
import type { World } from './world.ts'

export interface DriveOptions<State, Output extends string> {
  readonly log: Log
  readonly stage: Stage<State, Output>
  readonly group: string
  /** The stream that is read, and the one that each output of the stage is written to. */
  readonly input: string
  readonly outputs: Readonly<Record<Output, string>>
  /** Bounds of a batch. */
  readonly limits: ReadLimits
  /** Stops the driver: batches in hand are finished and committed, states are saved. */
  readonly signal: AbortSignal
  /** For a stage with state. Without them, all that is kept of the stream is replayed at each start. */
  readonly snapshots?: SnapshotPolicy
  /** Fetches what a stage said is unresolved. Rejects when it can't be reached: it is tried again until it can. */
  readonly resolve?: (refs: readonly string[]) => Promise<void>
  readonly backoff?: Backoff
  /** Partitions that are processed or written at the same time. */
  readonly parallelMax?: number
  readonly observe?: Observe<Output>
  readonly world?: World
}

export interface SnapshotPolicy {
  readonly store: SnapshotStore
  /** A snapshot is taken after the batch with which either is reached. */
  readonly everyRecords: number
  readonly everyMs: number
}

/** What the driver tells while it works: for metrics and logs. */
export interface Observe<Output extends string> {
  onBatch?(batch: BatchFacts<Output>): void
  onRestore?(restore: RestoreFacts): void
  /** A partition waits for something unresolved. */
  onUnresolved?(unresolved: UnresolvedFacts): void
  onSnapshot?(snapshot: SnapshotFacts): void
  /**
   * A snapshot could not be used or saved: the driver goes on without it. With `waitMs` the store could not be reached,
   * and the partition waits for so long before it asks again.
   */
  onSnapshotProblem?(problem: {
    readonly partition: number
    readonly error: Error
    readonly waitMs?: number
  }): void
  /** The driver has let go of a partition: it was stopped, or another owner has taken it. */
  onEnd?(end: { readonly partition: number; readonly reason: 'stopped' | 'taken' }): void
}

export interface BatchFacts<Output extends string> {
  readonly partition: number
  readonly records: number
  /** Of keys and values read. */
  readonly bytes: number
  readonly outputs: Readonly<Record<Output, number>>
  /** How long ago the log took the last record, now that its outputs are written. */
  readonly behindMs: number
  readonly processMs: number
  readonly commitMs: number
}

export interface RestoreFacts {
  readonly partition: number
  /** Where the replay began: at a snapshot's position, or at the first record kept. */
  readonly from: bigint
  readonly hasSnapshot: boolean
  /** Whether records between the snapshot and the first record kept are gone: the state lacks them. */
  readonly hasGap: boolean
  /** The replay is done when `position` has come to `committed`. */
  readonly position: bigint
  readonly committed: bigint
}

export interface UnresolvedFacts {
  readonly partition: number
  readonly refs: readonly string[]
  readonly attempt: number
  readonly waitMs: number
  readonly error: Error | undefined
}

export interface SnapshotFacts {
  readonly partition: number
  readonly position: bigint
  readonly bytes: number
}
