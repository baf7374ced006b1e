import { existsSync } from 'node:fs'
import { readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { withLock } from './lock.ts'
import { temporaryDir } from '../testing.ts'

test('one after the other under one lock, and nothing is left', async () => {
  const dir = temporaryDir()
  let inside = 0
  const seen: number[] = []
  const work = async () => {
    seen.push(++inside)
    await turn()
    inside--
    return 'done'
  }
  const results = await Promise.all([1, 2, 3].map(() => withLock(join(dir, 'lock'), work)))
  expect(seen).toEqual([1, 1, 1])
  expect(results).toEqual(['done', 'done', 'done'])
  expect(await readdir(dir)).toEqual([])
})

test('work that fails gives the lock back', async () => {
  const file = join(temporaryDir(), 'lock')
  await expect(withLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(existsSync(file)).toBe(false)
})

test('a holder that died long ago holds nothing', async () => {
  const file = join(temporaryDir(), 'lock')
  await writeFile(file, '')
  const longAgo = new Date(Date.now() - 60_000)
  await utimes(file, longAgo, longAgo)
  expect(await withLock(file, async () => 'mine')).toBe('mine')
})
