import type { Batch, OutputRecord } from '../log.ts'

/**
 * A stage is a pure function of one batch of a partition and that partition's state: it has no clock and does no I/O.
 * Its outputs depend on the records alone, never on where batches begin and end.
 */
export interface Stage<State, Output extends string> {
  /** Returns the state of a partition before its first record. */
  start(partition: number): State
  /**
   * Advances the state by one batch and returns the records to write. When it needs something from the world first, it
   * throws `Unresolved` before it changes the state; the driver resolves that and calls it again.
   */
  process(state: State, batch: Batch): Record<Output, OutputRecord[]>
  /** Converts the state to bytes and back. Absent for a stage without state. */
  readonly snapshots?: {
    /** Changes when earlier snapshots become unusable: with the layout, or with the list of features. */
    readonly version: string
    save(state: State): Uint8Array
    restore(partition: number, bytes: Uint8Array): State
  }
}

/** A stage needs something that is not loaded yet, such as the schema of a record. */
export class Unresolved extends Error {
  readonly refs: readonly string[]
  constructor(refs: readonly string[]) {
    super(`unresolved: ${refs.join(', ')}`)
    this.refs = refs
  }
}
