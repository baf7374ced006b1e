// Whether tests on real servers can run here. A machine that has nothing but Node.js runs all others.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import type { ServerName } from './command.ts'
import { defaultCacheDir, isCached } from './fetch/download.ts'
import { findJava, javaProblem } from './fetch/java.ts'
import { KAFKA_VERSIONS, kafkaArtifact } from './kafka/kafka.ts'
import { registryArtifact } from './registry.ts'

/**
 * For `describe.skipIf(!(await serversAvailable('kafka')))`. Where something is missing it says so on standard error; in CI, where
 * nothing may be left out, it throws.
 */
export async function serversAvailable(...servers: readonly ServerName[]): Promise<boolean> {
  for (const server of servers) {
    const problem = await serverProblem(server)
    if (problem === undefined) continue
    if (process.env['CI'] !== undefined) throw new Error(problem)
    process.stderr.write(`skipped: what needs a server (${server}). ${problem}\n`)
    return false
  }
  return true
}

/** Returns a sentence that says why a server can't run here; undefined when it can. */
export async function serverProblem(server: ServerName): Promise<string | undefined> {
  if (server === 's3')
    return isBuilt('versitygw-') || (await runs('go', 'version'))
      ? undefined
      : 'Go is missing: install Go 1.21 or newer and try again.'
  const problem = javaProblem(await findJava())
  if (problem !== undefined) return problem
  const artifacts = server === 'kafka' ? KAFKA_VERSIONS.map(kafkaArtifact) : [registryArtifact]
  return artifacts.every(artifact => isCached(artifact)) || (await runs('mvn', '--version'))
    ? undefined
    : 'Maven is missing: install it (Debian: apt-get install maven) and try again.'
}

function isBuilt(prefix: string): boolean {
  const dir = defaultCacheDir()
  return existsSync(dir) && readdirSync(dir).some(name => name.startsWith(prefix))
}

async function runs(command: string, ...args: readonly string[]): Promise<boolean> {
  return new Promise(resolve => {
    execFile(command, args, error => resolve(error === null))
  })
}
