// Java, which all of the servers need.
import { execFile } from 'node:child_process'

const NEEDED = 17

/** Major version of the `java` on the path, undefined without one. */
export async function javaVersion(): Promise<number | undefined> {
  return new Promise(resolve => {
    execFile('java', ['-version'], (error, stdout, stderr) => {
      const version = /version "(\d+)/.exec(stdout + stderr)?.[1]
      resolve(error === null && version !== undefined ? Number(version) : undefined)
    })
  })
}

/** Rejects with what to install unless there is a Java that runs the servers. */
export async function needJava(): Promise<void> {
  const version = await javaVersion()
  const install = `install Java ${NEEDED} or newer (Debian: apt-get install openjdk-17-jre-headless) and try again`
  if (version === undefined) throw new Error(`Java is missing: ${install}.`)
  if (version < NEEDED) throw new Error(`Java ${version} is too old for the servers: ${install}.`)
}

/** Settings of small virtual machines that start fast and keep nothing outside of `dir`. */
export function javaArgs(heapMb: number, dir: string): string[] {
  return [`-Xmx${heapMb}m`, '-XX:+UseSerialGC', '-XX:-UsePerfData', `-Djava.io.tmpdir=${dir}`]
}
