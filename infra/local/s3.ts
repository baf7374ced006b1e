// A store that speaks the protocol of S3: versitygw over a folder, built once from the Go module proxy.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { goProgram } from './fetch/go.ts'
import { guardedFolder } from './guard.ts'
import { freePorts } from './ports.ts'
import { startProcess, untilReady, type ServerProcess } from './process.ts'

export const VERSITYGW = {
  name: 'versitygw',
  package: 'github.com/versity/versitygw/cmd/versitygw',
  // Older ones let two creators of an object win: their conditional writes were not atomic.
  version: 'v1.8.0',
}
const ACCESS_KEY = 'sluicebox'
const SECRET_KEY = 'sluicebox-secret'

export interface LocalS3 {
  /** Such as http://127.0.0.1:21234. Buckets are named in the path. */
  readonly url: string
  /** The environment variables that a process needs to authenticate. */
  readonly env: Readonly<Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY' | 'AWS_REGION', string>>
  /** Id of the process that runs now. */
  readonly pid: number
  /** Starts it again after `halt` or `kill`: same address, same objects. */
  readonly start: () => Promise<void>
  /** Sends a signal; with SIGKILL also waits until the process is gone. */
  readonly kill: (signal: NodeJS.Signals) => Promise<void>
  /** Ends the process and keeps the objects for `start`. */
  readonly halt: () => Promise<void>
  /** Ends the process and removes its objects. */
  readonly stop: () => Promise<void>
}

/** Starts a store on a free port of loopback, empty. */
export async function startS3(onProgress?: (message: string) => void): Promise<LocalS3> {
  const command = await goProgram(VERSITYGW, onProgress)
  const folder = await guardedFolder('s3')
  const data = join(folder, 'data')
  await mkdir(data)
  const [port] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const server = {
    name: 'The store (versitygw)',
    command,
    args: ['--quiet', '--access', ACCESS_KEY, '--secret', SECRET_KEY, '--port', `127.0.0.1:${port}`].concat([
      '--keep-alive',
      '--health',
      '/health',
      'posix',
      '--sidecar',
      join(folder, 'attributes'),
      data,
    ]),
    cwd: folder,
    logFile: join(folder, 'log'),
  }
  let running: ServerProcess

  async function start(): Promise<void> {
    running = await startProcess(server)
    await untilReady(server, running, async () => {
      const answer = await fetch(`${url}/health`)
      if (!answer.ok) throw new Error(`it answers ${answer.status}`)
    })
  }

  await mkdir(join(folder, 'attributes'))
  await start()
  return {
    url,
    env: { AWS_ACCESS_KEY_ID: ACCESS_KEY, AWS_SECRET_ACCESS_KEY: SECRET_KEY, AWS_REGION: 'us-east-1' },
    get pid() {
      return running.pid
    },
    start,
    kill: signal => running.kill(signal),
    halt: () => running.stop(),
    async stop() {
      await running.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
