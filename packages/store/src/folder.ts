import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { checkKey, checkPrefix } from './key.ts'
import { StoreError, type Store, type StoredObject } from './store.ts'

// Keys never start with a dot, so this folder never holds objects, and is never listed.
const TEMP_DIR = '.tmp'
/** Another process may still be writing a file that is younger than this. */
const LEFTOVER_AGE_MS = 3_600_000
const DURABLE_DIRS_MAX = 10_000
const UNWRITABLE = [
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EIO',
  'EFBIG',
  'EMFILE',
  'ENFILE',
  'EACCES',
  'EPERM',
  'ESTALE',
]

/**
 * Keeps objects as files under `dir`, and makes the folder when it is missing. A write resolves when file and folder are
 * synced to disk. Removes files that a crash left in the middle of a write, once they are an hour old.
 */
export async function openFolderStore(dir: string): Promise<Store> {
  const root = resolve(dir)
  const tempDir = join(root, TEMP_DIR)
  await mkdir(tempDir, { recursive: true })
  await syncDir(dirname(root))
  await removeLeftovers(tempDir)

  /** Folders whose own entries, up to the root, this process has synced. */
  const durableDirs = new Set<string>()

  async function makeDir(path: string): Promise<void> {
    await mkdir(path, { recursive: true })
    if (durableDirs.has(path)) return
    // Also for a folder that existed already: the process that made it may have died before syncing it.
    for (let parent = path; parent !== root; parent = dirname(parent)) await syncDir(dirname(parent))
    if (durableDirs.size >= DURABLE_DIRS_MAX) durableDirs.clear()
    durableDirs.add(path)
  }

  /** Writes the bytes to a temporary file, and calls `place` to give the file its name. */
  async function write<T>(key: string, bytes: Uint8Array, place: PlaceFile<T>): Promise<T> {
    checkKey(key)
    const path = join(root, key)
    const temp = join(tempDir, randomBytes(12).toString('hex'))
    try {
      const file = await open(temp, 'wx')
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      await makeDir(dirname(path))
      const result = await place(temp, path)
      await syncDir(dirname(path))
      return result
    } catch (error) {
      throw await unwritable(error, key)
    } finally {
      await rm(temp, { force: true }).catch(() => {})
    }
  }

  /** What the system refuses, such as a write to a disk that is full, with how much room there is. */
  async function unwritable(error: unknown, key: string): Promise<unknown> {
    if (!isCode(error, ...UNWRITABLE)) return error
    const free = await statfs(root).then(
      ({ bavail, bsize, ffree }) =>
        `${Math.floor((bavail * bsize) / 1_048_576)} MiB and ${ffree === 0 ? 'no' : ffree} files are free there`,
      () => 'the folder can not be reached',
    )
    return new StoreError(
      `can't write ${key} to the folder ${root}: ${(error as Error).message}; ${free}. Make room or repair the disk`,
      { cause: error },
    )
  }

  return {
    create: (key, bytes) => write(key, bytes, linkFile),
    put: (key, bytes) => write(key, bytes, rename),

    async get(key) {
      checkKey(key)
      try {
        return await readFile(join(root, key))
      } catch (error) {
        if (isCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined
        throw error
      }
    },

    list(prefix) {
      checkPrefix(prefix)
      const slash = prefix.lastIndexOf('/')
      return walk(root, prefix.slice(0, slash + 1), prefix.slice(slash + 1))
    },

    async delete(key) {
      checkKey(key)
      const path = join(root, key)
      try {
        await rm(path)
      } catch (error) {
        if (isCode(error, 'ENOENT', 'ENOTDIR')) return
        throw error
      }
      await syncDir(dirname(path))
    },
  }
}

type PlaceFile<T> = (temp: string, path: string) => Promise<T>

/** A link, unlike a rename, fails when the name is taken. So `create` is exclusive and atomic at once. */
async function linkFile(temp: string, path: string): Promise<'created' | 'exists'> {
  try {
    await link(temp, path)
    return 'created'
  } catch (error) {
    if (isCode(error, 'EEXIST')) return 'exists'
    if (isCode(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'))
      throw new Error(
        `can't store ${path}: the file system has no hard links, which exclusive creation needs. ` +
          'Put the folder on a local disk',
        { cause: error },
      )
    throw error
  }
}

/** Objects under `folder` (a key prefix that ends in a slash, or empty) whose next segment starts with `start`. */
async function* walk(root: string, folder: string, start: string): AsyncGenerator<StoredObject> {
  const entries = await ignoreMissing(readdir(join(root, folder), { withFileTypes: true }))
  const names = (entries ?? [])
    .filter(entry => !entry.name.startsWith('.') && entry.name.startsWith(start))
    // The slash after a folder counts in the order of the keys.
    .map(entry => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort()
  for (const name of names) {
    if (name.endsWith('/')) {
      yield* walk(root, folder + name, '')
      continue
    }
    const key = folder + name
    const file = await ignoreMissing(stat(join(root, key)))
    if (file !== undefined) yield { key, bytes: file.size }
  }
}

async function removeLeftovers(tempDir: string): Promise<void> {
  const oldest = Date.now() - LEFTOVER_AGE_MS
  for (const name of await readdir(tempDir)) {
    const path = join(tempDir, name)
    const file = await ignoreMissing(stat(path))
    if (file !== undefined && file.mtimeMs < oldest) await rm(path, { force: true, recursive: true })
  }
}

async function syncDir(path: string): Promise<void> {
  // Windows can't open a folder; there NTFS journals the names itself.
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Undefined when the file or folder went away in the meantime. */
async function ignoreMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '')
}
