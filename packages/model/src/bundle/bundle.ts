import type { KeyObject } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readBundleFiles, type BundleFiles } from './bundle-files.ts'
import { createCalibration } from '../calibration.ts'
import { canonicalJson, sha256 } from '@sluicebox/event/canonical'
import { createModel } from '../runtimes/create-model.ts'
import { checkGolden, writeGolden, type GoldenSession, type Replay } from './golden.ts'
import { describe, draftSchema, parseManifest, type Manifest, type ManifestDraft } from './manifest.ts'
import type { Model } from '../runtimes/model.ts'
import type { Parameters } from '../parameters/parameters.ts'
import { readParameters, writeParameters } from '../parameters/parameters-file.ts'
import { checkSignature, signId } from './signature.ts'

/** A bundle that has passed every check, ready to score. */
export interface Bundle {
  /** The hash of its content. */
  readonly id: string
  readonly manifest: Manifest
  readonly model: Model
  /** The calibrated probability of a raw score. */
  calibrate(rawScore: number): number
}

export interface LoadOptions {
  /** Events → features, to check that the golden sessions give the same features here. */
  readonly replay?: Replay
  /** When given, the bundle must be signed with one of these keys. */
  readonly trustedKeys?: readonly KeyObject[]
}

/** The parts of a new bundle. Everything else in its manifest follows from them. */
export interface BundleDraft {
  readonly manifest: ManifestDraft
  readonly parameters: Parameters
  /** A few recorded sessions; their scores are computed when the bundle is written. */
  readonly golden: readonly GoldenSession[]
  /** The text of MODEL_CARD.md. */
  readonly card: string
  /** Signs the bundle when given. */
  readonly privateKey?: KeyObject
}

/**
 * The bundle in a folder or a .zip. Throws, saying what is wrong, unless it is complete, unchanged since it was
 * written, signed as required, and reproduces its golden sessions bit for bit.
 */
export async function loadBundle(path: string, options: LoadOptions = {}): Promise<Bundle> {
  try {
    return checkFiles(await readBundleFiles(path), options)
  } catch (cause) {
    throw new Error(
      `The bundle in ${path} is refused: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    )
  }
}

/**
 * Writes a bundle into a folder, which is made, and returns its id. The same draft always gives the same bytes. The
 * bundle is opened before it is written, so that none is written that would be refused.
 */
export async function writeBundle(dir: string, draft: BundleDraft): Promise<string> {
  const checked = draftSchema.safeParse(draft.manifest)
  if (!checked.success) throw new Error(`The draft of a manifest is not valid. ${describe(checked.error)}`)
  const details = checked.data
  const model = createModel(draft.parameters, details.features.length)
  const calibrate = createCalibration(details.calibration, model.probability)
  const golden = writeGolden(draft.golden, { model, calibrate })
  const files = {
    'model.bin': writeParameters(draft.parameters, details.features.length),
    'golden.ndjson': Buffer.from(golden),
    'MODEL_CARD.md': Buffer.from(draft.card),
  }
  const content = {
    format: 'sluicebox-bundle' as const,
    format_version: 1 as const,
    ...details,
    runtime: draft.parameters.kind,
    feature_hash: featureHash(details.features),
    files: {
      'model.bin': sha256(files['model.bin']),
      'golden.ndjson': sha256(files['golden.ndjson']),
      'MODEL_CARD.md': sha256(files['MODEL_CARD.md']),
    },
  }
  const id = manifestId(content)
  const signature = draft.privateKey === undefined ? null : signId(id, draft.privateKey)
  const { format, format_version, ...rest } = content
  const manifest: Manifest = { format, format_version, id, ...rest, signature }
  // The manifest is written last: a folder that has one is a whole bundle.
  const bundle = { ...files, 'bundle.json': Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`) }
  checkFiles(bundle, {})

  await mkdir(dir, { recursive: true })
  for (const [name, bytes] of Object.entries(bundle)) await writeFile(join(dir, name), bytes)
  return id
}

/** Identifies a list of feature declarations: the same list, in the same order, has the same hash everywhere. */
export function featureHash(features: Manifest['features']): string {
  return sha256(canonicalJson(features))
}

/** The id that a manifest must have. Ids and signatures do not count; the files count by their hashes. */
export function manifestId(manifest: Omit<Manifest, 'id' | 'signature'> & Partial<Manifest>): string {
  const { id: _id, signature: _signature, ...content } = manifest
  return sha256(canonicalJson(content))
}

function checkFiles(files: BundleFiles, { replay, trustedKeys }: LoadOptions): Bundle {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const manifest = parseManifest(decoder.decode(files['bundle.json']))
  for (const [name, hash] of Object.entries(manifest.files))
    if (sha256(files[name as keyof Manifest['files']]) !== hash)
      throw new Error(`${name} is not the file that the manifest was made with: its hash differs.`)
  const id = manifestId(manifest)
  if (id !== manifest.id)
    throw new Error(
      `bundle.json was changed after it was written: its content has the id ${id}, not ${manifest.id}.`,
    )
  if (trustedKeys !== undefined) checkSignature(id, manifest.signature, trustedKeys)
  const hash = featureHash(manifest.features)
  if (hash !== manifest.feature_hash)
    throw new Error(
      `The hash of the feature list is ${hash}, and the manifest says ${manifest.feature_hash}.`,
    )

  const parameters = readParameters(files['model.bin'], manifest.features.length)
  if (parameters.kind !== manifest.runtime)
    throw new Error(
      `model.bin holds a model of the kind ${parameters.kind}; the manifest says ${manifest.runtime}.`,
    )
  const model = createModel(parameters, manifest.features.length)
  const calibrate = createCalibration(manifest.calibration, model.probability)
  checkGolden(decoder.decode(files['golden.ndjson']), { model, calibrate }, manifest, replay)
  return { id, manifest, model, calibrate }
}
