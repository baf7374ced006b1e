import type { Log } from '../../log.ts'

export interface LogUnderTest {
  readonly log: Log
  /** Another handle on the same data, as another process would open it, while the first is still in use. */
  open(): Promise<Log>
  /** Closes all handles and removes the data. */
  close(): Promise<void>
}

/** What a log can't do, where that is its nature. */
export interface Capabilities {
  /** Outputs and position become visible together or not at all. */
  readonly atomicCommits: boolean
  /** Positions of a partition follow each other without gaps, from 0. */
  readonly contiguousPositions: boolean
}

/** What a test has before it. */
export interface Subject {
  readonly under: LogUnderTest
  readonly log: Log
  /** A name that no other test uses. */
  readonly stream: string
}
