import { join } from 'node:path'
import { openStore as open, type OpenStoreParts } from '@sluicebox/store/open'
import type { Store } from '@sluicebox/store/store'
import type { ServiceConfig } from './config.ts'
import type { Patiently } from './patience.ts'

/** The paths in the data directory besides those of the stores. */
export function dataPaths(dataDir: string): { readonly log: string } {
  return { log: join(dataDir, 'log') }
}

export type StoreName = OpenStoreParts['name']

/**
 * Opens the store of the archive, of the snapshots, or of the bundles that were used, as the configuration says. Waits
 * for a server that is down. All members of a stage's group must use the same store.
 */
export function openStore(
  { store: config, dataDir: dir }: Pick<ServiceConfig, 'store' | 'dataDir'>,
  name: StoreName,
  patiently: Patiently,
): Promise<Store> {
  const attempt = (): Promise<Store> => open({ config, dir, name })
  return config.kind === 'folder' ? attempt() : patiently('the object store', attempt)
}
