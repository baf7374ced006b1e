import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readBundleFiles, type BundleFile } from '@sluicebox/model/bundle/bundle-files'
import type { Store } from '@sluicebox/store/store'

// Bundles that were used, as objects `<id>/<file>`. The manifest is written last: without it there is no bundle.

const FILES: readonly BundleFile[] = ['model.bin', 'golden.ndjson', 'MODEL_CARD.md', 'bundle.json']

/**
 * Keeps a copy of a bundle that is used, under its id, so that its scores can be computed again wherever the bundle
 * came from and whatever happens to it.
 */
export async function keepBundle(path: string, id: string, store: Store): Promise<void> {
  if ((await keptBundles(store)).includes(id)) return
  const files = await readBundleFiles(path)
  for (const name of FILES) await store.create(`${id}/${name}`, files[name])
}

/** The ids of the bundles that were kept. */
export async function keptBundles(store: Store): Promise<string[]> {
  const ids: string[] = []
  for await (const { key } of store.list('')) {
    const [, id] = /^([^/]+)\/bundle\.json$/.exec(key) ?? []
    if (id !== undefined) ids.push(id)
  }
  return ids
}

/** Hands a folder with a kept bundle to `use`. */
export async function withKeptBundle<T>(
  store: Store,
  id: string,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'sluicebox-bundle-'))
  try {
    for (const name of FILES) {
      const bytes = await store.get(`${id}/${name}`)
      if (bytes !== undefined) await writeFile(join(dir, name), bytes)
    }
    return await use(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
