// A real schema registry on this machine: Apicurio Registry, which speaks the Confluent protocol.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { classData } from './kafka/class-data.ts'
import { download, type Artifact, type DownloadOptions } from './fetch/download.ts'
import { guardedFolder } from './guard.ts'
import { javaArgs, needJava } from './fetch/java.ts'
import { freePorts, needFreePorts } from './ports.ts'
import { startProcess, untilReady, type ServerCommand, type ServerProcess } from './process.ts'

// The newest version that runs on Java 17.
const VERSION = '3.0.9'

export const registryArtifact: Artifact = {
  name: `apicurio-registry-${VERSION}`,
  dependencies: [],
  goal: ['unpack', `-Dartifact=io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`],
}

export interface RegistryOptions extends DownloadOptions {
  /** A free one by default. */
  readonly port?: number
}

export interface LocalRegistry {
  /** What clients of the Confluent protocol are configured with. */
  readonly url: string
  readonly logFile: string
  readonly pid: number
  /** Fulfilled when the process that was started last is gone. */
  readonly exited: Promise<void>
  /** Sends a signal; with SIGKILL also waits until the process is gone. */
  readonly kill: (signal: NodeJS.Signals) => Promise<void>
  /** Starts it again after `kill` or `halt`: same address, same schemas under the same ids. */
  readonly start: () => Promise<void>
  /** Ends the process in good order and keeps the schemas for `start`. */
  readonly halt: () => Promise<void>
  /** Ends the process and removes its data. */
  readonly stop: () => Promise<void>
}

/** Fetches the registry and runs it once, so that `startRegistry` finds everything. */
export async function prepareRegistry(
  options: DownloadOptions = {},
): Promise<{ files: string; args: string[] }> {
  const java = await needJava()
  const files = await download(registryArtifact, options)
  const firstRun = async (args: string[]) => {
    const registry = await start({ files, args })
    await registry.halt()
    await registry.stop()
  }
  const { name } = registryArtifact
  const args = await classData({ name, files, java, firstRun, onProgress: options.onProgress })
  return { files, args }
}

/** Starts a schema registry on loopback; fulfilled when it answers. */
export async function startRegistry(options: RegistryOptions = {}): Promise<LocalRegistry> {
  return start({ ...(await prepareRegistry(options)), port: options.port })
}

async function start(options: {
  files: string
  args: string[]
  port?: number | undefined
}): Promise<LocalRegistry> {
  const { files, args, port = (await freePorts(1))[0] as number } = options
  await needFreePorts([port])
  const folder = await guardedFolder('registry')
  const data = join(folder, 'data')
  await mkdir(data)
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  const command: ServerCommand = {
    name: `The schema registry at ${url}`,
    command: 'java',
    args: [
      ...javaArgs({ heapMb: 384, dir: folder, compile: 'quick' }),
      ...args,
      '-Dquarkus.http.host=127.0.0.1',
      `-Dquarkus.http.port=${port}`,
      // What was answered is in the file: by default it gets there half a second later.
      `-Dapicurio.datasource.url=jdbc:h2:file:${data}/registry;WRITE_DELAY=0`,
      '-Dapicurio.datasource.jdbc.initial-size=2',
      '-Dapicurio.datasource.jdbc.min-size=2',
      '-jar',
      join(files, `apicurio-registry-app-${VERSION}-runner.jar`),
    ],
    cwd: folder,
    logFile: join(folder, 'registry.log'),
  }

  let latest: ServerProcess
  let removed = false
  const run = async () => {
    if (removed)
      throw new Error(`${command.name} was stopped and its schemas are gone: halt it to keep them.`)
    latest = await startProcess(command)
    await untilReady(command, latest, async () => {
      const answer = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(5000) })
      await answer.text()
      if (!answer.ok) throw new Error(`/subjects answers ${answer.status}`)
    })
  }
  const stop = async () => {
    removed = true
    await latest.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await run()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url,
    logFile: command.logFile,
    get pid() {
      return latest.pid
    },
    get exited() {
      return latest.exited
    },
    kill: signal => latest.kill(signal),
    start: run,
    halt: () => latest.stop(),
    stop,
  }
}
