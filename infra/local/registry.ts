// A real schema registry on this machine: Apicurio Registry, which speaks the Confluent protocol.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { download, type Artifact, type DownloadOptions } from './download.ts'
import { guardedFolder } from './guard.ts'
import { javaArgs, needJava } from './java.ts'
import { freePorts } from './ports.ts'
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
  readonly pid: number
  /** Sends a signal; with SIGKILL also waits until the process is gone. */
  readonly kill: (signal: NodeJS.Signals) => Promise<void>
  /** Starts it again after `kill` or `halt`: same address, same schemas under the same ids. */
  readonly start: () => Promise<void>
  /** Ends the process in good order and keeps the schemas for `start`. */
  readonly halt: () => Promise<void>
  /** Ends the process and removes its data. */
  readonly stop: () => Promise<void>
}

/** Starts a schema registry on loopback; fulfilled when it answers. */
export async function startRegistry(options: RegistryOptions = {}): Promise<LocalRegistry> {
  await needJava()
  const files = await download(registryArtifact, options)
  const port = options.port ?? ((await freePorts(1))[0] as number)
  const folder = await guardedFolder('registry')
  const data = join(folder, 'data')
  await mkdir(data)
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  const command: ServerCommand = {
    name: `The schema registry at ${url}`,
    command: 'java',
    args: [
      ...javaArgs(384, folder),
      // It lives for minutes: compiling it well is not worth the start.
      '-XX:TieredStopAtLevel=1',
      '-Dquarkus.http.host=127.0.0.1',
      `-Dquarkus.http.port=${port}`,
      `-Dapicurio.datasource.url=jdbc:h2:file:${data}/registry`,
      '-Dapicurio.datasource.jdbc.initial-size=2',
      '-Dapicurio.datasource.jdbc.min-size=2',
      '-jar',
      join(files, `apicurio-registry-app-${VERSION}-runner.jar`),
    ],
    cwd: folder,
    logFile: join(folder, 'registry.log'),
  }

  let process: ServerProcess
  const start = async () => {
    process = await startProcess(command)
    await untilReady(command, process, async () => {
      const answer = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(5000) })
      await answer.text()
      if (!answer.ok) throw new Error(`/subjects answers ${answer.status}`)
    })
  }
  const stop = async () => {
    await process.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await start()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url,
    get pid() {
      return process.pid
    },
    kill: signal => process.kill(signal),
    start,
    halt: () => process.stop(),
    stop,
  }
}
