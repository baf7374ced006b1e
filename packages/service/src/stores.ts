import { join } from 'node:path'
import { openStore as open, type OpenStoreParts } from '@sluicebox/store/open'
import type { Store } from '@sluicebox/store/store'
import type { ServiceConfig } from './config.ts'
import type { Patiently } from './patience.ts'

/** What is kept in the data directory beside the stores. */
export function dataPaths(dataDir: string): { readonly log: string } {
  return { log: join(dataDir, 'log') }
}

export type StoreName = OpenStoreParts['name']

/**
 * Opens what the archive, the snapshots, or the bundles that were used are kept in, as the configuration says. All
 * workers of a stage must be given the same.
 */
export function openStore(
  { store: config, dataDir: dir }: Pick<ServiceConfig, 'store' | 'dataDir'>,
  name: StoreName,
  patiently: Patiently,
): Promise<Store> {
  const attempt = (): Promise<Store> => open({ config, dir, name })
  return config.kind === 'folder' ? attempt() : patiently('the object store', attempt)
}
