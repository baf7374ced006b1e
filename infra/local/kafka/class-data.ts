// Java's archive of loaded classes, which halves the time that a server takes to start. It is written once per server and Java,
// by a first run that ends in good order.
import { existsSync, statSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Java } from '../fetch/java.ts'
import { withLock } from '../fetch/lock.ts'

export interface ClassDataOptions {
  readonly name: string
  /** The server's files, in the cache. */
  readonly files: string
  readonly java: Java
  /** Starts and stops the server with these arguments for Java. */
  readonly firstRun: (args: string[]) => Promise<void>
  readonly onProgress?: ((message: string) => void) | undefined
}

/** Arguments for Java that make use of the archive, which is written if it isn't there yet. */
export async function classData(options: ClassDataOptions): Promise<string[]> {
  const { name, files, java, firstRun, onProgress } = options
  const folder = dirname(files)
  const archive = join(folder, `classes-${java.build}.jsa`)
  if (!existsSync(archive))
    await withLock(join(dirname(folder), 'lock'), async () => {
      if (existsSync(archive)) return
      onProgress?.(`Starting ${name} for the first time, so that it starts faster later …`)
      const writing = `${archive}.part`
      try {
        await rm(writing, { force: true })
        await firstRun([`-XX:ArchiveClassesAtExit=${writing}`])
        await rename(writing, archive)
      } catch {
        // It only starts slower then. An empty file says that it was tried.
        await writeFile(archive, '')
      }
    })
  return statSync(archive).size > 0 ? [`-XX:SharedArchiveFile=${archive}`] : []
}
