// Java, which Kafka and the schema registry need.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'

const NEEDED = 17

export interface Java {
  readonly major: number
  /** Tells one build of Java from another. */
  readonly build: string
}

/** The `java` on the path, undefined without one. */
export async function findJava(): Promise<Java | undefined> {
  return new Promise(resolve => {
    execFile('java', ['-version'], (error, stdout, stderr) => {
      const text = stdout + stderr
      const major = /version "(\d+)/.exec(text)?.[1]
      if (error !== null || major === undefined) resolve(undefined)
      else
        resolve({
          major: Number(major),
          build: `${major}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`,
        })
    })
  })
}

/** Returns a sentence that says why the servers can't run on this Java; undefined when they can. */
export function javaProblem(java: Java | undefined): string | undefined {
  const install = `install Java ${NEEDED} or newer (Debian: apt-get install default-jre-headless) and try again`
  if (java === undefined) return `Java is missing: ${install}.`
  if (java.major < NEEDED) return `Java ${java.major} is too old for the servers: ${install}.`
  return undefined
}

/** The Java to run servers with. Rejects with what to install when there is none. */
export async function needJava(): Promise<Java> {
  const java = await findJava()
  const problem = javaProblem(java)
  if (java === undefined || problem !== undefined) throw new Error(problem)
  return java
}

export interface MachineOptions {
  readonly heapMb: number
  /** Where it may put temporary files. */
  readonly dir: string
  /**
   * `quick` compiles little, for a server that lives for a test; `full` takes twice as long to start and serves more, for
   * measurements.
   */
  readonly compile: 'quick' | 'full'
}

/** Settings of a small virtual machine that leaves nothing outside of its folder. */
export function javaArgs(options: MachineOptions): string[] {
  return [
    `-Xmx${options.heapMb}m`,
    '-XX:+UseSerialGC',
    '-XX:-UsePerfData',
    ...(options.compile === 'quick' ? ['-XX:TieredStopAtLevel=1'] : []),
    `-Djava.io.tmpdir=${options.dir}`,
  ]
}
