import { join } from 'node:path'
import { openStore as open } from '@sluicebox/store/open'
import type { Store } from '@sluicebox/store/store'
import type { ServiceConfig } from './config.ts'
import type { Patiently } from './patience.ts'

/** What is kept in the data directory beside the stores. */
export function dataPaths(dataDir: string): { log: string; bundles: string } {
  return { log: join(dataDir, 'log'), bundles: join(dataDir, 'bundles') }
}

/**
 * Opens what the archive, or the snapshots, are kept in, as the configuration says. All workers of a stage must be
 * given the same.
 */
export function openStore(
  { store: config, dataDir: dir }: Pick<ServiceConfig, 'store' | 'dataDir'>,
  name: 'archive' | 'snapshots',
  patiently: Patiently,
): Promise<Store> {
  const attempt = (): Promise<Store> => open({ config, dir, name })
  return config.kind === 'folder' ? attempt() : patiently('the object store', attempt)
}
