// Runs a server as a child process with its log in a file. It never outlives this process.
import { execFile, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { guardProcess } from './guard.ts'

export interface ServerCommand {
  /** The name of the server in messages, such as `Kafka node 1`. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  /** Where its output is appended. */
  readonly logFile: string
}

export interface ServerProcess {
  readonly pid: number
  /** Fulfilled when the process is gone. */
  readonly exited: Promise<void>
  readonly running: () => boolean
  /** Sends a signal; with SIGKILL also waits until the process is gone. */
  readonly kill: (signal: NodeJS.Signals) => Promise<void>
  /** Asks it to end, and ends it when it has not done so in time. */
  readonly stop: (graceMs?: number) => Promise<void>
}

/** Starts the command in a process group of its own, so that Ctrl-C in a terminal reaches only this process. */
export async function startProcess(options: ServerCommand): Promise<ServerProcess> {
  const log = openSync(options.logFile, 'a')
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', cause =>
      reject(new Error(`${options.name} can't be started: ${cause.message}.`, { cause })),
    )
  })
  const pid = child.pid as number
  const release = guardProcess(pid)
  const exited = new Promise<void>(resolve =>
    child.once('exit', () => {
      release()
      resolve()
    }),
  )
  const running = () => child.exitCode === null && child.signalCode === null
  const kill = async (signal: NodeJS.Signals) => {
    if (running()) child.kill(signal)
    if (signal === 'SIGKILL') await exited
  }
  return {
    pid,
    exited,
    running,
    kill,
    stop: async (graceMs = 10_000) => {
      if (!running()) return
      child.kill('SIGTERM')
      // A process that was halted gets the other signal only when it continues.
      child.kill('SIGCONT')
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await exited
      clearTimeout(timer)
    },
  }
}

/** The error of a program that failed or was ended. Its output is in `stdout` and `stderr`. */
export interface Failure extends NodeJS.ErrnoException {
  readonly killed?: boolean
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end, or ours. Rejects with a `Failure`. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: { cwd?: string; timeout?: number } = {},
): Promise<void> {
  const running = promisify(execFile)(command, args, { ...options, maxBuffer: 1 << 26 })
  const { pid } = running.child
  const release = pid === undefined ? undefined : guardProcess(pid)
  try {
    await running
  } finally {
    release?.()
  }
}

/**
 * Calls `probe` until it fulfils. Rejects with the end of the server's log when the process ends, or when the time is over.
 */
export async function untilReady(
  options: ServerCommand,
  process: ServerProcess,
  probe: () => Promise<void>,
  withinMs = 60_000,
): Promise<void> {
  const end = performance.now() + withinMs
  for (;;) {
    let reason: unknown
    try {
      await probe()
      return
    } catch (error) {
      reason = error
    }
    const problem = !process.running()
      ? 'ended while it started'
      : performance.now() > end
        ? `did not answer within ${withinMs / 1000} s (${reason instanceof Error ? reason.message : String(reason)})`
        : undefined
    if (problem !== undefined)
      throw new Error(`${options.name} ${problem}. The end of its log:\n${await logTail(options.logFile)}`, {
        cause: reason,
      })
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** The last lines of a log that say something, indented. */
export async function logTail(file: string, lines = 20): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return (
    text
      .trimEnd()
      .split('\n')
      // Lines of a stack trace would displace the lines that matter.
      .filter(line => !/^\s+at /.test(line))
      .slice(-lines)
      .map(line => `  ${line}`)
      .join('\n')
  )
}
