import { afterEach, beforeEach, describe } from 'vitest'
import { testAppendAndRead } from './testing/contract/append-and-read.ts'
import { testConsumeAndCommit } from './testing/contract/consume-and-commit.ts'
import type { Log } from './log.ts'

// What every log promises to the rest of Sluicebox, as tests. An adapter is done when they pass on a real server.

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

/**
 * The behaviour of the port. `open` makes an empty log of at least two partitions; streams that a test names must
 * exist or be made on first use.
 */
export function testLog(name: string, open: () => Promise<LogUnderTest>, can: Capabilities): void {
  describe(`the log on ${name}`, () => {
    const subject = {} as { -readonly [Key in keyof Subject]: Subject[Key] }
    let streams = 0

    beforeEach(async () => {
      subject.under = await open()
      subject.log = subject.under.log
      // Servers keep streams between tests.
      subject.stream = `contract-${process.pid}-${streams++}`
    })
    afterEach(async () => {
      await subject.under.close()
    })

    testAppendAndRead(subject, can)
    testConsumeAndCommit(subject, can)
  })
}
