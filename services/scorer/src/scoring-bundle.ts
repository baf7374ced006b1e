import type { KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { loadBundle, type Bundle, type LoadOptions } from '@sluicebox/model/bundle/bundle'
import { readPublicKey } from '@sluicebox/model/bundle/signature'
import type { Model } from '@sluicebox/model/runtimes/model'
import { fileProblem } from '@sluicebox/runtime/file-problem'
import { compileFeatures, type FeatureProgram } from '@sluicebox/session/features/features'
import { replayGolden } from '@sluicebox/session/sessions/golden'
import { parseFeatures } from '@sluicebox/session/features/spec'
import type { Store } from '@sluicebox/store/store'
import type { ScorerConfig } from './config.ts'
import { keepBundle } from './kept-bundles.ts'

/** What scoring needs of a bundle, its features compiled. */
export interface ScoringBundle {
  readonly id: string
  /** Name and version. */
  readonly name: string
  /** The action that the score is about. */
  readonly goal: string
  readonly program: FeatureProgram
  readonly model: Model
  /** The calibrated probability of a raw score. */
  calibrate(rawScore: number): number
  readonly threshold: number
  readonly reasonsMax: number
  /** The bundle may be used for instants from `notBefore` on and before `expiresAt`. Epoch milliseconds. */
  readonly notBefore: number
  readonly expiresAt: number
}

/** The bundle that ships with Sluicebox: an example, trained on the recording of a real shop. */
export const SHIPPED_BUNDLE = join(import.meta.dirname, '../../../packages/model/bundled/shop')

/** Returns the path of the bundle to score with: the one that the configuration names, else the one that ships. */
export function bundlePath(named: string | undefined): string {
  if (named !== undefined && !existsSync(named))
    throw new Error(
      `there is no bundle at ${named}: name the folder or .zip that "sluicebox train --out" has written`,
    )
  return named ?? SHIPPED_BUNDLE
}

/** For `loadBundle`: the features of a golden session, as the scorer computes them. */
export const replay: NonNullable<LoadOptions['replay']> = (events, { features, label }) =>
  replayGolden(events, { features, goal: label.goal })

/** Prepares the bundle that the configuration names, and keeps a copy of it for `verify`. */
export async function prepareConfigured(
  { bundle: named, trustedKeys }: Pick<ScorerConfig, 'bundle' | 'trustedKeys'>,
  kept: Store,
): Promise<ScoringBundle> {
  const path = bundlePath(named)
  const bundle = await prepareBundle(path, trustedKeys)
  await keepBundle(path, bundle.id, kept)
  return bundle
}

/**
 * Prepares the bundle in a folder or .zip for scoring, after it has reproduced the features and scores of its golden
 * sessions here. When files with public keys are named, one of the keys must have signed it.
 */
export async function prepareBundle(
  path: string,
  trustedKeyFiles: readonly string[] = [],
): Promise<ScoringBundle> {
  const trustedKeys = await Promise.all(trustedKeyFiles.map(readTrustedKey))
  return compileBundle(
    await loadBundle(path, { replay, ...(trustedKeys.length === 0 ? {} : { trustedKeys }) }),
  )
}

async function readTrustedKey(file: string): Promise<KeyObject> {
  try {
    return await readPublicKey(file)
  } catch (cause) {
    throw new Error(
      `scorer.trustedKeys: the public key in ${file} can't be read: ${fileProblem(cause)}; name the PEM file of an Ed25519 key`,
      { cause },
    )
  }
}

/** What scoring needs of a bundle that is loaded. */
export function compileBundle({ id, manifest, model, calibrate }: Bundle): ScoringBundle {
  const program = compileFeatures(parseFeatures(manifest.features))
  if (program.hash !== manifest.feature_hash)
    throw new Error(
      `the bundle ${id} says that its features have the hash ${manifest.feature_hash}, and here they have ${program.hash}: it was made by another version of Sluicebox; train it again`,
    )
  return {
    id,
    name: `${manifest.name}@${manifest.version}`,
    goal: manifest.label.goal,
    program,
    model,
    calibrate,
    threshold: manifest.threshold.value,
    reasonsMax: manifest.explain.reasons_max,
    notBefore: instantOf(manifest.not_before, -Infinity),
    expiresAt: Math.min(instantOf(manifest.expires_at, Infinity), dataExpiry(manifest)),
  }
}

/** Returns when the data that the bundle was trained on becomes too old. */
function dataExpiry({ data, max_data_age_ms }: Bundle['manifest']): number {
  return max_data_age_ms === null ? Infinity : instantOf(data.to, Infinity) + max_data_age_ms
}

function instantOf(text: string | null, otherwise: number): number {
  return text === null ? otherwise : Date.parse(text)
}
