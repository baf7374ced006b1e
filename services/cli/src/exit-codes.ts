import { exitCodeOf } from '@sluicebox/runtime/process'
import { UsageError } from './options.ts'

/** The exit codes of every command. Services end with the same ones. */
export const EXIT = { done: 0, failed: 1, usage: 2, stalled: 70 } as const

/** What each exit code means, as the README and the help say it. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done',
  failed: 'failed, or a check found something: the message says what',
  usage: 'wrong usage, or a wrong configuration',
  stalled: 'the log stalled: start it again',
}

/** The exit codes with their meanings, for a help text. */
export const EXIT_HELP = [
  'Exit codes:',
  ...Object.entries(EXIT).map(
    ([name, code]) => `  ${String(code).padStart(2)}  ${EXIT_MEANINGS[name as keyof typeof EXIT]}`,
  ),
].join('\n')

/** Returns the exit code of a command that failed with this error. */
export function exitCodeAfter(error: unknown): number {
  return error instanceof UsageError ? EXIT.usage : exitCodeOf(error)
}
