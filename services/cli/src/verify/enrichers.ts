import type { EnricherConfig } from '@sluicebox/enricher/config'
import type { EnricherState } from '@sluicebox/enricher/enricher'
import { compileFiles, type FileBytes, type FileKind } from '@sluicebox/enricher/files/files'
import { isKept, keptFile } from '@sluicebox/enricher/files/kept'
import type { UsedFiles } from '@sluicebox/enricher/files/maker'
import { loadEventSchemas } from '@sluicebox/registry/events/events'
import type { Store } from '@sluicebox/store/store'
import type { Stage } from '@sluicebox/stream/driver/stage'
import { enricherStage, type Absence } from './replay.ts'

/**
 * Enrichers by the files that records name as their makers. Each record is computed again with those files, whatever is
 * configured now.
 */
export interface Enrichers<State> {
  /**
   * Resolves to the files of `used` that were not kept, such as `geo/0123456789abcdef`. Without these, `get` rejects.
   */
  lacking(used: UsedFiles): Promise<readonly string[]>
  get(used: UsedFiles): Promise<Stage<State, 'good' | 'bad'>>
}

export interface EnrichersParts {
  readonly config: EnricherConfig
  readonly absence: Absence
  /** The store of the bundles, where the files were kept. */
  readonly kept: Store
}

/**
 * Opens enrichers with files that were kept. Holds only the latest one, because a database is large and records with
 * the same files follow each other.
 */
export function openEnrichers({ config, absence, kept }: EnrichersParts): Enrichers<EnricherState> {
  const schemas = loadEventSchemas(config.schemaDirs)
  const known = new Map<string, Promise<boolean>>()
  let latest: { readonly key: string; readonly stage: Stage<EnricherState, 'good' | 'bad'> } | undefined

  return {
    async lacking(used) {
      const missing = []
      for (const [kind, hash] of hashesOf(used)) {
        const name = `${kind}/${hash}`
        const found = known.get(name) ?? isKept(kept, kind, hash)
        known.set(name, found)
        if (!(await found)) missing.push(name)
      }
      return missing
    },
    async get(used) {
      const key = JSON.stringify(used)
      if (latest?.key === key) return latest.stage
      const files: Partial<Record<FileKind, FileBytes>> = {}
      for (const [kind, hash] of hashesOf(used)) files[kind] = await keptFile(kept, kind, hash)
      const asUsed = configOf(config, used)
      const stage = enricherStage(asUsed, absence, { schemas, files: compileFiles(files, asUsed) })
      latest = { key, stage }
      return stage
    },
  }
}

function hashesOf({ geo, rates }: UsedFiles): [FileKind, string][] {
  return [
    ...(geo === undefined ? [] : [['geo', geo] satisfies [FileKind, string]]),
    ...(rates === undefined ? [] : [['rates', rates.hash] satisfies [FileKind, string]]),
  ]
}

/** The configuration, with the files as they were used. */
function configOf(config: EnricherConfig, { geo, rates }: UsedFiles): EnricherConfig {
  const { ageDaysMax } = config.currency
  return {
    ...config,
    geo: geo === undefined ? {} : { database: geo },
    currency:
      rates === undefined
        ? { ageDaysMax }
        : { base: rates.base, ageDaysMax: rates.ageDaysMax, ratesFile: rates.hash },
  }
}
