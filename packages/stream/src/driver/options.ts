import type { Backoff } from '../backoff.ts'
import type { Log, ReadLimits } from '../log.ts'
import type { SnapshotStore } from './snapshots.ts'
import type { Stage } from './stage.ts'
import type { World } from './world.ts'

export interface DriveOptions<State, Output extends string> {
  readonly log: Log
  readonly stage: Stage<State, Output>
  readonly group: string
  /** The stream that is read. */
  readonly input: string
  /** The stream that each output of the stage is written to. */
  readonly outputs: Readonly<Record<Output, string>>
  /** Bounds of one batch. */
  readonly limits: ReadLimits
  /** Stops the driver: it finishes and commits the batches in flight and saves the states. */
  readonly signal: AbortSignal
  /** For a stage with state. Without it, each start replays all that the log keeps of the stream. */
  readonly snapshots?: SnapshotPolicy
  /** Fetches what a stage lacks. When it rejects, the driver retries until it resolves. */
  readonly resolve?: (refs: readonly string[]) => Promise<void>
  readonly backoff?: Backoff
  /** The most partitions that process or commit at the same time; the others wait for their turn. Default: 16. */
  readonly parallelMax?: number
  readonly observe?: Observe<Output>
  readonly world?: World
}

export interface SnapshotPolicy {
  readonly store: SnapshotStore
  /** A snapshot is taken after the batch that reaches either bound. */
  readonly everyRecords: number
  readonly everyMs: number
}

/** What the driver reports while it runs, for metrics and logs. */
export interface Observe<Output extends string> {
  onBatch?(batch: BatchFacts<Output>): void
  onRestore?(restore: RestoreFacts): void
  /** A partition waits before it retries to fetch what its stage lacks. */
  onUnresolved?(unresolved: UnresolvedFacts): void
  onSnapshot?(snapshot: SnapshotFacts): void
  /**
   * A snapshot could not be loaded, used or saved. With `waitMs` the store can't be reached, and the partition retries
   * after that many milliseconds. Without, the driver continues without the snapshot.
   */
  onSnapshotProblem?(problem: {
    readonly partition: number
    readonly error: Error
    readonly waitMs?: number
  }): void
  /** The partition has ended here: the driver was stopped, or another owner has taken the partition. */
  onEnd?(end: { readonly partition: number; readonly reason: 'stopped' | 'taken' }): void
}

export interface BatchFacts<Output extends string> {
  readonly partition: number
  readonly records: number
  /** Size of the keys and values that were read. */
  readonly bytes: number
  readonly outputs: Readonly<Record<Output, number>>
  /** From the log's taking the last record of the batch to the commit of its outputs. */
  readonly behindMs: number
  readonly processMs: number
  readonly commitMs: number
}

export interface RestoreFacts {
  readonly partition: number
  /** Where the replay began: at the snapshot's position, or at the first record kept. */
  readonly from: bigint
  readonly hasSnapshot: boolean
  /** Whether records between the snapshot and the first record kept were deleted: the state lacks them. */
  readonly hasGap: boolean
  /** The replay is complete when `position` has reached `committed`. */
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
