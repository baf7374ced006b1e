// Runs stages as processes of their own, by the commands that an operator uses.
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { COMMAND, ROOT } from './sluicebox.ts'

export interface Worker {
  /** Of a collector: where events go. */
  readonly url: string
  readonly adminUrl: string
  readonly child: ChildProcess
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL. */
  kill(): Promise<void>
  stderr(): string
}

export type StageName = 'collector' | 'enricher' | 'scorer' | 'archiver'

/** Starts a stage on free ports; fulfilled when it says that it is at work. */
export async function startWorker(stage: StageName, configFile: string, ...args: string[]): Promise<Worker> {
  const ports = ['--admin-port', '0', ...(stage === 'collector' ? ['--port', '0'] : [])]
  const child = spawn(
    process.execPath,
    [COMMAND, stage, '--config', configFile, '--json', ...ports, ...args],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let stderr = ''
  child.stderr.on('data', chunk => (stderr += String(chunk)))
  const exited = new Promise<number | null>(resolve => child.once('exit', resolve))
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    void exited.then(code =>
      reject(new Error(`${stage} ended with ${String(code)} before it was at work:\n${stderr}`)),
    )
  })
  const { url = '', admin } = JSON.parse(line) as { url?: string; admin: string }
  return {
    url,
    adminUrl: admin,
    child,
    stderr: () => stderr,
    async stop() {
      child.kill('SIGTERM')
      return exited
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
