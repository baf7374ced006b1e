// Servers from Maven Central, fetched once into a cache outside the repository.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { withLock } from './lock.ts'
import { runProgram, type Failure } from '../process.ts'

// Later versions of this plugin also read what an artifact's POM inherits from, which not every mirror has.
const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:2.10'
const DOWNLOAD_MS = 15 * 60_000

export interface Artifact {
  /** Folder in the cache, such as `kafka-4.3.1`. */
  readonly name: string
  /** The coordinates of the artifact, as a POM writes them. */
  readonly dependencies: readonly string[]
  /** The goal of Maven's dependency plugin that fills the folder `files`, with its arguments. */
  readonly goal: readonly string[]
}

export interface DownloadOptions {
  readonly cacheDir?: string
  /** Runs Maven in a folder. */
  readonly maven?: (args: readonly string[], cwd: string) => Promise<void>
  readonly onProgress?: (message: string) => void
}

/** Where downloads are kept: `SLUICEBOX_CACHE_DIR`, else `sluicebox` in the user's folder for caches. */
export function defaultCacheDir(): string {
  const { SLUICEBOX_CACHE_DIR, XDG_CACHE_HOME } = process.env
  return SLUICEBOX_CACHE_DIR || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'sluicebox')
}

/** Whether the artifact needs no download any more. */
export function isCached(artifact: Artifact, cacheDir = defaultCacheDir()): boolean {
  return existsSync(join(cacheDir, artifact.name, 'files'))
}

/** The folder with the artifact's files, downloaded if it isn't there yet. */
export async function download(artifact: Artifact, options: DownloadOptions = {}): Promise<string> {
  const { cacheDir = defaultCacheDir(), maven = runMaven, onProgress } = options
  const target = join(cacheDir, artifact.name)
  const files = join(target, 'files')
  if (isCached(artifact, cacheDir)) return files
  await mkdir(cacheDir, { recursive: true })
  await withLock(join(cacheDir, 'lock'), async () => {
    if (isCached(artifact, cacheDir)) return
    onProgress?.(`Fetching ${artifact.name} with Maven into ${cacheDir} …`)
    await removeRemains(cacheDir, artifact.name)
    const folder = await mkdtemp(join(cacheDir, `.${artifact.name}-`))
    try {
      await writeFile(join(folder, 'pom.xml'), pom(artifact.dependencies))
      const [goal, ...args] = artifact.goal
      await maven(['-q', '-B', '-C', `${PLUGIN}:${goal}`, ...args, '-DoutputDirectory=files'], folder)
      await rename(folder, target)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`${artifact.name} can't be fetched from Maven Central. ${reason}`, { cause })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
  return files
}

/** Removes what a download left behind that was killed. */
async function removeRemains(cacheDir: string, name: string): Promise<void> {
  for (const entry of await readdir(cacheDir))
    if (entry.startsWith(`.${name}-`)) await rm(join(cacheDir, entry), { recursive: true, force: true })
}

function pom(dependencies: readonly string[]): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sluicebox</groupId>
  <artifactId>servers</artifactId>
  <version>1</version>
  <dependencies>
${dependencies.map(dependency => `    <dependency>${dependency}</dependency>`).join('\n')}
  </dependencies>
</project>
`
}

async function runMaven(args: readonly string[], cwd: string): Promise<void> {
  try {
    await runProgram('mvn', args, { cwd, timeout: DOWNLOAD_MS })
  } catch (cause) {
    const failure = cause as Failure
    const reason =
      failure.code === 'ENOENT'
        ? 'Maven is missing: install it (Debian: apt-get install maven) and try again.'
        : failure.killed === true
          ? `Maven took more than ${DOWNLOAD_MS / 60_000} minutes.`
          : `Is the network there? Maven says:\n${errorLines(`${failure.stdout}${failure.stderr}`) || failure.message}`
    throw new Error(reason, { cause })
  }
}

function errorLines(output: string): string {
  return output
    .split('\n')
    .filter(line => /^\[ERROR\] ./.test(line) && !/Help \d|-e switch|-X switch|following articles/.test(line))
    .slice(0, 8)
    .map(line => `  ${line}`)
    .join('\n')
}
