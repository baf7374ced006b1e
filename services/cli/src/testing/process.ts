import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Environment } from './command.ts'

const COMMAND = join(import.meta.dirname, '../../bin/sluicebox.js')

export interface Running {
  /** The first line of standard output; rejects with the messages when the process ends without one. */
  readonly firstLine: Promise<string>
  /** Asks the process to stop, and resolves with its exit code. */
  stop(): Promise<number | null>
  /** Resolves when the process has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>
}

/** Runs a command as a process, at most until the end of the test: for commands that handle signals or end the process. */
export function startProcess(line: string, more: readonly string[], env: Environment = {}): Running {
  const child = spawn(process.execPath, [COMMAND, ...line.split(' '), ...more], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [stdout, stderr] = ['', '']
  const first = Promise.withResolvers<string>()
  // A test that only waits for the end does not await it.
  first.promise.catch(() => {})
  child.stdout.on('data', chunk => {
    stdout += String(chunk)
    const [firstLine, ...rest] = stdout.split('\n')
    if (rest.length > 0) first.resolve(firstLine as string)
  })
  child.stderr.on('data', chunk => (stderr += String(chunk)))
  const ended = once(child, 'close').then(([code]: (number | null)[]) => {
    first.reject(new Error(`"${line}" ended with ${String(code)}: ${stderr}`))
    return { code: code ?? null, stderr }
  })
  return {
    firstLine: first.promise,
    ended,
    async stop() {
      child.kill('SIGTERM')
      return (await ended).code
    },
  }
}
