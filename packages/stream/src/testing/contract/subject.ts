import type { Log } from '../../log.ts'

export interface LogUnderTest {
  readonly log: Log
  /** Opens another handle on the same data, as another process does, while the first is in use. */
  open(): Promise<Log>
  /** Closes all handles and removes the data. */
  close(): Promise<void>
}

/** What a log can do where logs differ by nature. */
export interface Capabilities {
  /** Outputs and position become visible together or not at all. */
  readonly atomicCommits: boolean
  /** The positions of a partition are 0, 1, 2 … without gaps. */
  readonly contiguousPositions: boolean
}

/** What a test works with. */
export interface Subject {
  readonly under: LogUnderTest
  readonly log: Log
  /** A name that no other test uses. */
  readonly stream: string
}
