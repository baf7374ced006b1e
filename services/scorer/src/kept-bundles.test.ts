import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFolderStore } from '@sluicebox/store/folder'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { keepBundle, keptBundles, withKeptBundle } from './kept-bundles.ts'
import { prepareBundle, SHIPPED_BUNDLE } from './scoring-bundle.ts'

let store: Awaited<ReturnType<typeof openFolderStore>>

beforeEach(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-kept-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  store = await openFolderStore(dir)
})

test('a bundle that was kept is loaded again, whole, and nothing is left behind', async () => {
  const { id, goal } = await prepareBundle(SHIPPED_BUNDLE)
  await keepBundle(SHIPPED_BUNDLE, id, store)
  await keepBundle(SHIPPED_BUNDLE, id, store)
  expect(await keptBundles(store)).toEqual([id])
  let dir = ''
  const again = await withKeptBundle(store, id, path => {
    dir = path
    return prepareBundle(path)
  })
  expect(again).toMatchObject({ id, goal })
  expect(existsSync(dir)).toBe(false)
})

test.each(['model.bin', 'golden.ndjson', 'MODEL_CARD.md', 'bundle.json'])(
  'one whose keeping was cut short at %s is not a bundle, and is kept the next time',
  async last => {
    const { id } = await prepareBundle(SHIPPED_BUNDLE)
    const dying = {
      ...store,
      async create(key: string, bytes: Uint8Array) {
        if (key.endsWith(last)) throw new Error('the process died')
        return store.create(key, bytes)
      },
    }
    await expect(keepBundle(SHIPPED_BUNDLE, id, dying)).rejects.toThrow('the process died')
    expect(await keptBundles(store)).toEqual([])
    await keepBundle(SHIPPED_BUNDLE, id, store)
    expect(await keptBundles(store)).toEqual([id])
  },
)
