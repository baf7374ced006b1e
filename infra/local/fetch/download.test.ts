import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { defaultCacheDir, download, isCached, type Artifact } from './download.ts'
import { temporaryDir } from '../testing.ts'

const artifact: Artifact = {
  name: 'server-1.0',
  dependencies: ['<groupId>g</groupId><artifactId>server</artifactId><version>1.0</version>'],
  goal: ['copy-dependencies', '-DincludeScope=runtime'],
}

/** Writes what Maven would, after a while in which others may come. */
async function maven(_args: readonly string[], cwd: string): Promise<void> {
  await mkdir(join(cwd, 'files'))
  await writeFile(join(cwd, 'files', 'server.jar'), 'jar')
}

afterEach(() => {
  vi.unstubAllEnvs()
})

test('fetched once, also when several ask at the same time', async () => {
  const cacheDir = join(temporaryDir(), 'made', 'on', 'demand')
  const calls = vi.fn(maven)
  const ask = () => download(artifact, { cacheDir, maven: calls })
  const folders = await Promise.all([ask(), ask(), ask()])
  folders.push(await ask())
  expect(new Set(folders)).toEqual(new Set([join(cacheDir, 'server-1.0', 'files')]))
  expect(calls).toHaveBeenCalledTimes(1)
  expect(calls.mock.calls[0]?.[0]).toContain('-DincludeScope=runtime')
  expect(await readdir(join(cacheDir, 'server-1.0', 'files'))).toEqual(['server.jar'])
  expect(await readFile(join(cacheDir, 'server-1.0', 'pom.xml'), 'utf8')).toContain('<artifactId>server<')
  expect(await readdir(cacheDir)).toEqual(['server-1.0'])
})

test('a failure says what could not be fetched and why, leaves nothing, and the next try starts over', async () => {
  const cacheDir = temporaryDir()
  const failing = async (args: readonly string[], cwd: string) => {
    await maven(args, cwd)
    throw new Error('The disk is full.')
  }
  await expect(download(artifact, { cacheDir, maven: failing })).rejects.toThrow(
    "server-1.0 can't be fetched from Maven Central. The disk is full.",
  )
  expect(await readdir(cacheDir)).toEqual([])
  expect(isCached(artifact, cacheDir)).toBe(false)
  await download(artifact, { cacheDir, maven })
  expect(isCached(artifact, cacheDir)).toBe(true)
})

test('what a killed download left is removed by the next', async () => {
  const cacheDir = temporaryDir()
  await mkdir(join(cacheDir, '.server-1.0-killed'))
  await mkdir(join(cacheDir, '.other-1.0-running'))
  await download(artifact, { cacheDir, maven })
  expect((await readdir(cacheDir)).sort()).toEqual(['.other-1.0-running', 'server-1.0'])
})

test("without Maven it says what to install; without a network, Maven's own words", async () => {
  const cacheDir = temporaryDir()
  const bin = temporaryDir()
  vi.stubEnv('PATH', bin)
  await expect(download(artifact, { cacheDir })).rejects.toThrow('Maven is missing: install it')

  const script =
    '#!/bin/sh\necho "[ERROR] Could not transfer artifact: Unknown host"\necho "[ERROR] "\nexit 1\n'
  await writeFile(join(bin, 'mvn'), script, { mode: 0o755 })
  vi.stubEnv('PATH', `${bin}${delimiter}/bin`)
  await expect(download(artifact, { cacheDir })).rejects.toThrow(
    'Is the network there? Maven says:\n  [ERROR] Could not transfer artifact: Unknown host',
  )
  expect(existsSync(join(cacheDir, 'server-1.0'))).toBe(false)
})

test.each([
  [{ SLUICEBOX_CACHE_DIR: '/own', XDG_CACHE_HOME: '/xdg' }, '/own'],
  [{ SLUICEBOX_CACHE_DIR: '', XDG_CACHE_HOME: '/xdg' }, '/xdg/sluicebox'],
  [{ SLUICEBOX_CACHE_DIR: '', XDG_CACHE_HOME: '', HOME: '/home/me' }, '/home/me/.cache/sluicebox'],
])('%o: the cache is %s', (env, dir) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  expect(defaultCacheDir()).toBe(dir)
})
