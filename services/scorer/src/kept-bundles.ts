import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Keeps a copy of a bundle that is used, under its id, beside the scores that it makes: so that any of them can be
 * computed again, wherever the bundle came from and whatever became of it.
 */
export async function keepBundle(path: string, id: string, dir: string): Promise<void> {
  const name = path.endsWith('.zip') ? `${id}.zip` : id
  const kept = join(dir, name)
  if (existsSync(kept)) return
  await mkdir(dir, { recursive: true })
  const incomplete = join(dir, `.${name}.${process.pid}`)
  await cp(path, incomplete, { recursive: true })
  await rename(incomplete, kept).catch(async (error: unknown) => {
    await rm(incomplete, { recursive: true, force: true })
    // Somebody else was first, with the same content.
    if (!existsSync(kept)) throw error
  })
}

/** The bundles that were kept in a folder. */
export async function keptBundles(dir: string): Promise<string[]> {
  if (!existsSync(dir)) return []
  const names = await readdir(dir)
  return names.filter(name => !name.startsWith('.')).map(name => join(dir, name))
}
