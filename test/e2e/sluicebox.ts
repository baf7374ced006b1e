// Runs the command as a user does: as a process of its own, by its file in node_modules/.bin.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

export const ROOT = resolve(import.meta.dirname, '../..')
export const RECORDINGS = join(ROOT, '../shared/data')
export const hasRecordings = existsSync(RECORDINGS)
if (!hasRecordings)
  process.stderr.write(`skipped: what needs the recordings, since ${RECORDINGS} is not there\n`)

/**
 * The browser to drive: CHROMIUM, else where systems keep it. Undefined when there is none: a machine with nothing but
 * Node.js skips what needs one. In CI it must be there.
 */
export const chromiumPath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find(path => path !== undefined && existsSync(path))
export const skipsBrowser = chromiumPath === undefined && process.env['CI'] === undefined
if (skipsBrowser) process.stderr.write('skipped: what needs a browser; set CHROMIUM to the path of one\n')
export const COMMAND = join(ROOT, 'services/cli/bin/sluicebox.js')

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end. */
export async function sluicebox(...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const code = await exited(child)
  return { code, stdout: await stdout, stderr: await stderr }
}

/** The same, for a command that must succeed. */
export async function succeed(...args: string[]): Promise<Ran> {
  const ran = await sluicebox(...args)
  if (ran.code !== 0)
    throw new Error(
      `sluicebox ${args.join(' ')} ended with ${String(ran.code)}:\n${ran.stderr}\n${ran.stdout}`,
    )
  return ran
}

/** What a command with --json prints, one value per line. */
export async function json<T>(...args: string[]): Promise<T[]> {
  const { stdout } = await succeed(...args, '--json')
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as T)
}

export interface Up {
  readonly url: string
  readonly adminUrl: string
  readonly child: ChildProcess
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL. */
  kill(): Promise<void>
  stderr(): string
}

/** Starts `sluicebox up` on free ports and waits until it says that it is ready. */
export async function up(dataDir: string, ...args: string[]): Promise<Up> {
  return upWith({}, dataDir, ...args)
}

/** The same, with settings in the environment. */
export async function upWith(
  env: Readonly<Record<string, string>>,
  dataDir: string,
  ...args: string[]
): Promise<Up> {
  const child = spawn(
    process.execPath,
    [COMMAND, 'up', '--data', dataDir, '--port', '0', '--admin-port', '0', '--json', ...args],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
  )
  let stderr = ''
  child.stderr?.on('data', chunk => (stderr += String(chunk)))
  const ready = await new Promise<{ url: string; admin: string }>((resolveReady, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once('line', line =>
      resolveReady(JSON.parse(line) as { url: string; admin: string }),
    )
    child.once('exit', code =>
      reject(new Error(`up ended with ${String(code)} before it was ready:\n${stderr}`)),
    )
  })
  return {
    url: ready.url,
    adminUrl: ready.admin,
    child,
    stderr: () => stderr,
    async stop() {
      child.kill('SIGTERM')
      return exited(child)
    },
    async kill() {
      child.kill('SIGKILL')
      await exited(child)
    },
  }
}

/** A directory that is removed when the test is over. */
export function temporaryDir(onEnd: (remove: () => void) => void): string {
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-e2e-'))
  onEnd(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })
}

/**
 * Calls `ask` until it returns something, with a pause between: another process has no event to wait for. The test's own time
 * limit bounds it.
 */
export async function eventually<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  everyMs = 100,
): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await new Promise(resume => setTimeout(resume, everyMs))
  }
}

async function exited(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  return new Promise(resume => child.once('exit', resume))
}

async function collect(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = ''
  for await (const chunk of stream ?? []) text += String(chunk)
  return text
}
