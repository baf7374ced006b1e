import { afterEach, beforeEach, describe } from 'vitest'
import { testAppendAndRead } from './append-and-read.ts'
import { testConsumeAndCommit } from './consume-and-commit.ts'
import type { Capabilities, LogUnderTest, Subject } from './subject.ts'

// What every log promises to the rest of Sluicebox, as tests. An adapter of a log is complete when they pass on a real
// server.

/**
 * Declares the tests of the port for one log. `open` returns an empty log of at least two partitions. Its streams must
 * exist, or be created on first use, under any name that a test uses.
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
