import { readFileSync } from 'node:fs'
import { ConfigError } from '@sluicebox/runtime/config'
import { fileProblem } from '@sluicebox/runtime/file-problem'
import type { Store } from '@sluicebox/store/store'
import type { EnricherConfig } from '../config.ts'
import { compileFiles, type EnricherFiles, type FileBytes, type FileKind } from './files.ts'
import { keepFile } from './kept.ts'

/** Reads the files that the configuration names. Throws when one can't be read. */
export function readFiles({ geo, currency }: EnricherConfig): Partial<Record<FileKind, FileBytes>> {
  return {
    ...(geo.database === undefined ? {} : { geo: readNamed('geo.database', geo.database) }),
    ...(currency.ratesFile === undefined
      ? {}
      : { rates: readNamed('currency.ratesFile', currency.ratesFile) }),
  }
}

/**
 * Reads the files that the configuration names, and keeps a copy of each for `verify`. The store for the copies is
 * opened only if there are files. Rejects with a `ConfigError` that names the file and the reason when one can't be read or is damaged.
 */
export async function prepareFiles(
  config: EnricherConfig,
  openStore: () => Promise<Pick<Store, 'create'>>,
): Promise<EnricherFiles> {
  const { found, files } = readAndCompile(config)
  const named = Object.entries(found) as [FileKind, FileBytes][]
  if (named.length === 0) return files
  const store = await openStore()
  for (const [kind, { bytes }] of named) await keepFile(store, kind, bytes)
  return files
}

function readAndCompile(config: EnricherConfig) {
  try {
    const found = readFiles(config)
    return { found, files: compileFiles(found, config) }
  } catch (error) {
    throw new ConfigError([(error as Error).message])
  }
}

function readNamed(setting: string, name: string): FileBytes {
  try {
    return { name, bytes: readFileSync(name) }
  } catch (error) {
    throw new Error(
      `enricher.${setting}: ${name} can't be read: ${fileProblem(error)}; name a file that is there, or take the setting away`,
      { cause: error },
    )
  }
}
