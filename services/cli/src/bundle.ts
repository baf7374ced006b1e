import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { loadBundle, type Bundle } from '@sluicebox/model/bundle'
import { replayGolden } from '@sluicebox/session/golden'

/** The bundle that ships with Sluicebox: an example, trained on the recording of a real shop. */
export const SHIPPED_BUNDLE = join(import.meta.dirname, '../../../packages/model/bundled/shop')

/** Where the bundle to score with is: the one that is named, else the one that ships. */
export function bundlePath(named: string | undefined): string {
  if (named !== undefined && !existsSync(named))
    throw new Error(
      `there is no bundle at ${named}: name the folder or .zip that "sluicebox train --out" has written`,
    )
  return named ?? SHIPPED_BUNDLE
}

/** Loads a bundle and checks all that a scorer checks: hashes, golden sessions, features and scores. */
export async function loadScorerBundle(named: string | undefined): Promise<Bundle> {
  return loadBundle(bundlePath(named), {
    replay: (events, manifest) =>
      replayGolden(events, { features: manifest.features, goal: manifest.label.goal }),
  })
}

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
