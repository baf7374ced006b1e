import type { Batch, OutputRecord } from '../log.ts'

/**
 * A stage is a pure function of a batch of one partition and that partition's state: no clock, no I/O. What it
 * writes depends on the records alone, never on where batches begin and end.
 */
export interface Stage<State, Output extends string> {
  /** The state of a partition of which nothing was read yet. */
  start(partition: number): State
  /**
   * Advances the state by one batch and says what to write. Throws `Unresolved` before it has touched the state
   * when it needs something from the world first: the driver resolves it and calls again.
   */
  process(state: State, batch: Batch): Record<Output, OutputRecord[]>
  /** The state as bytes, and back. Absent for a stage without state. */
  readonly snapshots?: {
    /** Changes whenever old snapshots can't be used any more: the layout, the feature list. */
    readonly version: string
    save(state: State): Uint8Array
    restore(partition: number, bytes: Uint8Array): State
  }
}

/** Something that a stage needs is not here yet, such as the schema of a record. */
export class Unresolved extends Error {
  readonly refs: readonly string[]
  constructor(refs: readonly string[]) {
    super(`unresolved: ${refs.join(', ')}`)
    this.refs = refs
  }
}
