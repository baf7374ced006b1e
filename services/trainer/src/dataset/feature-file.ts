import { readFile } from 'node:fs/promises'
import { fileProblem } from '@sluicebox/runtime/file-problem'
import { parseFeatures, type FeatureSpec } from '@sluicebox/session/features/spec'
import { parse, stringify } from 'yaml'

/**
 * The feature list in a file: YAML, or JSON, which is YAML too. Throws an error that names every fault and its place.
 */
export async function readFeatureFile(path: string): Promise<FeatureSpec[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(
      `the feature list ${path} can't be read: ${fileProblem(error)}; write one, or derive one with "--features auto"`,
      { cause: error },
    )
  })
  let value: unknown
  try {
    value = parse(text)
  } catch (error) {
    throw new Error(`${path} is not YAML: ${(error as Error).message.split('\n')[0] ?? ''}`, { cause: error })
  }
  // A bare list, or a list under the key `features`, as in a bundle's manifest.
  const list =
    typeof value === 'object' && value !== null && !Array.isArray(value) && 'features' in value
      ? value.features
      : value
  try {
    return parseFeatures(list)
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error })
  }
}

/** A feature list to read and edit: one feature per line. */
export function printFeatures(specs: readonly FeatureSpec[]): string {
  const lines = specs.map(
    spec =>
      `  - ${stringify(spec, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true }).trim()}`,
  )
  return `features:\n${lines.join('\n')}\n`
}
