import { hash } from 'node:crypto'
import type { Store } from '@sluicebox/store/store'
import type { FileBytes, FileKind } from './files.ts'

// Files that enriched records are kept beside the bundles that scored them, as objects `enricher/<kind>/<SHA-256>`. An object
// is written whole or not at all, under a name made from its content, so that nothing ever replaces it.

/** Keeps a copy of a file that is used, so that its records can be made again whatever happens to the file. */
export async function keepFile(
  store: Pick<Store, 'create'>,
  kind: FileKind,
  bytes: Uint8Array,
): Promise<void> {
  await store.create(keyOf(kind, hash('sha256', bytes, 'hex')), bytes)
}

/** Whether a file is kept whose SHA-256 begins with `start`. */
export async function isKept(store: Pick<Store, 'list'>, kind: FileKind, start: string): Promise<boolean> {
  for await (const _ of store.list(keyOf(kind, start))) return true
  return false
}

/**
 * The kept file whose SHA-256 begins with `start`; rejects when there is none, or when the object is no longer
 * what was kept.
 */
export async function keptFile(
  store: Pick<Store, 'list' | 'get'>,
  kind: FileKind,
  start: string,
): Promise<FileBytes> {
  for await (const { key } of store.list(keyOf(kind, start))) {
    const bytes = await store.get(key)
    if (bytes === undefined) continue
    if (key !== keyOf(kind, hash('sha256', bytes, 'hex')))
      throw new Error(`${key} is not the file that was kept: its hash is another. Restore it from a copy`)
    return { name: key, bytes }
  }
  throw new Error(
    `${keyOf(kind, start)}… was not kept: copy the file whose SHA-256 begins so to ${keyOf(kind, '<its SHA-256>')} among the bundles`,
  )
}

function keyOf(kind: FileKind, sha256: string): string {
  return `enricher/${kind}/${sha256}`
}
