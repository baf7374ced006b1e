import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkFile, dataFile, DamagedFileError, type CheckOptions } from './lmdb-file.ts'

/** Another process that creates the log has written its first pages by then. */
const CREATED_WITHIN_MS = 1_000
const LOOK_EVERY_MS = 50
const FIRST_PAGES_BYTES = 8192

/**
 * Checks the file of a log before it is opened; see `checkFile`. Rejects with a `DamagedFileError` also when the file is
 * gone or empty and something shows that there was one.
 */
export async function checkFolder(dir: string, options: CheckOptions): Promise<void> {
  const tries = CREATED_WITHIN_MS / LOOK_EVERY_MS
  for (let left = tries; left > 0 && problemOf(dir) !== undefined; left--) await sleep(LOOK_EVERY_MS)
  const problem = problemOf(dir)
  if (problem !== undefined) throw new DamagedFileError(problem)
  checkFile(dir, options)
}

/** What is between a folder without a log and one with a log. */
function problemOf(dir: string): string | undefined {
  const file = dataFile(dir)
  if (!existsSync(file))
    return existsSync(join(dir, 'lock.mdb'))
      ? `${file} is gone, and its lock is still there; to begin with an empty log, delete the folder`
      : undefined
  const stat = statSync(file)
  if (!stat.isFile()) return `${file} is not a file`
  return stat.size < FIRST_PAGES_BYTES
    ? `${file} has ${stat.size} bytes; to begin with an empty log, delete the folder`
    : undefined
}
