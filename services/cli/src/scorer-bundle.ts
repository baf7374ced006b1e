import { loadBundle, type Bundle } from '@sluicebox/model/bundle/bundle'
import { bundlePath } from '@sluicebox/scorer/scoring-bundle'
import { replayGolden } from '@sluicebox/session/sessions/golden'

/** Loads a bundle and checks all that a scorer checks: hashes, golden sessions, features and scores. */
export async function loadScorerBundle(named: string | undefined): Promise<Bundle> {
  return loadBundle(bundlePath(named), {
    replay: (events, manifest) =>
      replayGolden(events, { features: manifest.features, goal: manifest.label.goal }),
  })
}
