import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { storeContract } from './testing/contract.ts'
import { openFolderStore } from './folder.ts'

storeContract('a folder', async () => {
  const dir = tempDir()
  return {
    store: await openFolderStore(dir),
    open: () => openFolderStore(dir),
    close: async () => {},
  }
})

test('makes its folder, whatever is missing of the path', async () => {
  const dir = join(tempDir(), 'a', 'b')
  await (await openFolderStore(dir)).create('k', Buffer.from('x'))
  expect(existsSync(join(dir, 'k'))).toBe(true)
})

test('never lists what a crash left in the middle of a write, and removes it when it is old', async () => {
  const dir = tempDir()
  const temp = join(dir, '.tmp')
  mkdirSync(temp, { recursive: true })
  writeFileSync(join(temp, 'old'), 'half an obj')
  writeFileSync(join(temp, 'young'), 'another process is wri')
  const twoHoursAgo = Date.now() / 1000 - 7200
  utimesSync(join(temp, 'old'), twoHoursAgo, twoHoursAgo)

  const store = await openFolderStore(dir)
  expect(readdirSync(temp)).toEqual(['young'])
  const listed = []
  for await (const object of store.list('')) listed.push(object)
  expect(listed).toEqual([])
})

test('leaves no temporary file behind, whether it won or lost', async () => {
  const dir = tempDir()
  const store = await openFolderStore(dir)
  await store.create('a/k', Buffer.from('x'))
  await store.create('a/k', Buffer.from('y'))
  await store.put('a/k', Buffer.from('z'))
  expect(readdirSync(join(dir, '.tmp'))).toEqual([])
  expect(readdirSync(dir, { recursive: true }).sort()).toEqual(['.tmp', 'a', join('a', 'k')])
})

test('shows the whole object or no object while it is being written', async () => {
  const dir = tempDir()
  const store = await openFolderStore(dir)
  const bytes = Buffer.alloc(8_000_000, 7)
  const writing = store.create('big', bytes)
  let done = false
  void writing.then(() => (done = true))
  while (!done) {
    const seen = await store.get('big')
    expect(seen === undefined || seen.length === bytes.length).toBe(true)
  }
  expect((await store.get('big'))?.length).toBe(bytes.length)
})

test('says which file it could not write', async () => {
  const dir = tempDir()
  const store = await openFolderStore(dir)
  await store.create('taken', Buffer.from('x'))
  await expect(store.create('taken/below', Buffer.from('y'))).rejects.toThrow(/taken/)
  expect(readdirSync(join(dir, '.tmp'))).toEqual([])
})

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-store-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}
