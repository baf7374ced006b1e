import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { classData } from './class-data.ts'
import { temporaryDir } from '../testing.ts'

async function options(firstRun: (args: string[]) => Promise<void>) {
  const files = join(temporaryDir(), 'server-1.0', 'files')
  await mkdir(files, { recursive: true })
  return { name: 'server-1.0', files, java: { major: 17, build: '17-abc' }, firstRun: vi.fn(firstRun) }
}

const writeArchive = async ([arg]: string[]) => writeFile(arg?.split('=')[1] as string, 'classes')

test('the first run writes the archive, all later ones use it', async () => {
  const server = await options(writeArchive)
  const archive = join(server.files, '..', 'classes-17-abc.jsa')
  const args = await Promise.all([classData(server), classData(server)])
  args.push(await classData(server))
  expect(args).toEqual([1, 2, 3].map(() => [`-XX:SharedArchiveFile=${archive}`]))
  expect(server.firstRun).toHaveBeenCalledTimes(1)
})

test('another Java gets an archive of its own', async () => {
  const server = await options(writeArchive)
  await classData(server)
  await classData({ ...server, java: { major: 21, build: '21-def' } })
  expect((await readdir(join(server.files, '..'))).sort()).toEqual([
    'classes-17-abc.jsa',
    'classes-21-def.jsa',
    'files',
  ])
})

test('a first run that fails is not repeated: the server starts without', async () => {
  const server = await options(() => Promise.reject(new Error('no')))
  expect(await classData(server)).toEqual([])
  expect(await classData(server)).toEqual([])
  expect(server.firstRun).toHaveBeenCalledTimes(1)
})
