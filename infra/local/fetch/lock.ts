// A lock between processes: a file that its holder touches again and again.
import { link, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

const TOUCH_MS = 1000
// A holder that has not touched its file for this long is dead.
const STALE_MS = 20_000

/** Runs `work` while no other process runs something under the same lock file. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const mine = `${file}.${randomUUID()}`
  await writeFile(mine, '')
  try {
    while (!(await take(mine, file))) {
      if (await isStale(file)) await rm(file, { force: true })
      else await sleep(200)
    }
  } finally {
    await rm(mine, { force: true })
  }
  const touching = setInterval(() => void touch(file), TOUCH_MS)
  try {
    return await work()
  } finally {
    clearInterval(touching)
    await rm(file, { force: true })
  }
}

/** Links to the file. Of several processes that try at the same time, exactly one succeeds. */
async function take(mine: string, file: string): Promise<boolean> {
  await touch(mine)
  try {
    await link(mine, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function isStale(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > STALE_MS
}

async function touch(file: string): Promise<void> {
  const now = new Date()
  // Gone: another process took this one for dead. The result stays right; the work is only done twice.
  await utimes(file, now, now).catch(() => undefined)
}
