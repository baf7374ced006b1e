import { join } from 'node:path'
import type { StoreConfig } from './config.ts'
import { openFolderStore } from './folder.ts'
import type { Store } from './store.ts'

export interface OpenStoreParts {
  readonly config: StoreConfig
  /** The folder that holds the stores, where stores are folders. */
  readonly dir: string
  /** What is kept: the name of the folder, or the first part of the keys in a bucket. */
  readonly name: 'archive' | 'snapshots' | 'bundles'
}

/** Opens the store that the configuration names. */
export async function openStore({ config, dir, name }: OpenStoreParts): Promise<Store> {
  if (config.kind === 'folder') return openFolderStore(join(dir, name))
  // Imported here, so that a process that keeps objects in folders does not load the client.
  const { openS3Store } = await import('./s3.ts')
  const { bucket, prefix, ...settings } = config.s3
  return openS3Store({ ...settings, bucket: bucket as string, prefix: `${prefix}${name}/` })
}
