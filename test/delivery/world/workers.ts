import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { guardProcess } from '@sluicebox/infra/local/guard'

// Workers as processes of their own, and a supervisor that starts them again when they end unasked, as an orchestrator
// of containers would.

export const KINDS = ['collector', 'enricher', 'scorer', 'archiver'] as const
export type WorkerKind = (typeof KINDS)[number]

export interface WorkerOptions {
  readonly kind: WorkerKind
  /** Its client id too: a proxy tells workers apart by it. */
  readonly name: string
  readonly configFile: string
  /** Where its output goes. */
  readonly logDir: string
  readonly env: Readonly<Record<string, string>>
  /** Arguments for Node.js before the program: what is loaded first. */
  readonly nodeArgs?: readonly string[]
}

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Worker {
  readonly kind: WorkerKind
  readonly name: string
  readonly pid: number
  /** How it ended each time that nobody asked for it. */
  readonly endings: readonly Ending[]
  readonly adminUrl: string
  /** Whether it says that it is ready; undefined while it can't be asked. */
  isReady(): Promise<boolean | undefined>
  /** Resolves when it can be asked. Rejects when it can't stay up. */
  live(): Promise<void>
  /** Resolves when it says that it is ready. Rejects when it can't stay up. */
  ready(): Promise<void>
  /** SIGKILL. The supervisor starts it again. Answers whether there was anything to kill. */
  kill(): boolean
  /** SIGSTOP and SIGCONT. */
  pause(): void
  resume(): void
  /** SIGTERM. It is not started again. Answers its exit code. */
  stop(): Promise<number | null>
  start(): void
  /** Ends it for good, at once. */
  discard(): Promise<void>
  /** The end of its log: the last lines, so many. */
  logTail(lines?: number): string
  /** What it said when it ended by itself. */
  lastWords(): string[]
}

const ROOT = resolve(import.meta.dirname, '../../..')
const RESTART_MS = 200
/** More than any test needs: a worker that can't stay up must not be started forever. */
const RESTARTS_MAX = 500
/** A worker that has ended so often before it was ready is not going to be. */
const STARTS_MAX = 5
const READY_WITHIN_MS = 60_000
const LOOK_MS = 100
const LOG_LINES = 6
const LOG_LINE_LENGTH = 300

export function startWorker({ kind, name, configFile, logDir, env, nodeArgs = [] }: WorkerOptions): Worker {
  const program = join(ROOT, 'services', kind, 'src/main.ts')
  const logFile = join(logDir, `${name}.log`)
  const log = createWriteStream(logFile, { flags: 'a' })
  const endings: Ending[] = []
  const adminUrl = `http://127.0.0.1:${env['SLUICEBOX_ADMIN_PORT'] ?? ''}`
  let child: ChildProcess
  let isWanted = true
  let exited: Promise<Ending>

  function start(): void {
    isWanted = true
    const started = spawn(process.execPath, [...nodeArgs, program, configFile], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C in a terminal is for us alone.
      detached: true,
      env: { ...process.env, ...env, SLUICEBOX_LOG_KAFKA_CLIENT_ID: name },
    })
    child = started
    // Whatever becomes of us, no worker stays behind.
    const release = guardProcess(started.pid as number)
    started.stdout.pipe(log, { end: false })
    started.stderr.pipe(log, { end: false })
    exited = new Promise(resolveExited =>
      started.once('exit', (code, signal) => resolveExited({ code, signal })),
    )
    void exited.then(async ending => {
      release()
      if (!isWanted || child !== started) return
      endings.push(ending)
      await sleep(RESTART_MS)
      if (isWanted && child === started && endings.length <= RESTARTS_MAX) start()
    })
  }

  async function isReady(): Promise<boolean | undefined> {
    const health = await fetch(`${adminUrl}/health/ready`).catch(() => undefined)
    await health?.arrayBuffer().catch(() => {})
    return health?.ok
  }

  async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
    const givenUpAt = performance.now() + READY_WITHIN_MS
    const endedBefore = endings.length
    while (!(await holds())) {
      if (performance.now() > givenUpAt || endings.length >= endedBefore + STARTS_MAX)
        throw new Error(`${name} does not come to where it ${what}. The end of its log:\n${tail(logFile)}`)
      await sleep(LOOK_MS)
    }
  }

  start()
  return {
    kind,
    name,
    endings,
    adminUrl,
    get pid() {
      return child.pid as number
    },
    isReady,
    live: () => until(async () => (await isReady()) !== undefined, 'can be asked'),
    ready: () => until(async () => (await isReady()) === true, 'is ready'),
    kill: () => child.kill('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      isWanted = false
      child.kill('SIGTERM')
      child.kill('SIGCONT')
      return (await exited).code
    },
    start,
    async discard() {
      isWanted = false
      child.kill('SIGKILL')
      await exited
    },
    logTail: lines => tail(logFile, lines),
    lastWords: () =>
      readFileSync(logFile, 'utf8')
        .split('\n')
        .filter(line => line.includes('"level":60'))
        .map(line => line.slice(0, LOG_LINE_LENGTH)),
  }
}

function tail(file: string, count = LOG_LINES): string {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines
    .slice(-count)
    .map(line => `  ${line.slice(0, LOG_LINE_LENGTH)}`)
    .join('\n')
}
