import { existsSync } from 'node:fs'
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
