import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseFeatures } from '@sluicebox/session/features/spec'
import { afterAll, expect, test } from 'vitest'
import { printFeatures, readFeatureFile } from './feature-file.ts'

const dir = mkdtempSync(join(tmpdir(), 'sluicebox-features-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const specs = parseFeatures([
  { name: 'events', kind: 'count' },
  { name: 'odd', kind: 'count', where: { action: ['yes', 'no', '1', 'a: b', '- c', '#d'] } },
  { name: 'back', kind: 'transition', of: 'action', from: 'null', to: 'ünï "quoted"' },
])

function file(name: string, text: string): string {
  const path = join(dir, name)
  writeFileSync(path, text)
  return path
}

test('a printed list reads as the same list, one feature per line', async () => {
  const printed = printFeatures(specs)
  expect(printed.split('\n')).toHaveLength(specs.length + 2)
  expect(await readFeatureFile(file('printed.yaml', printed))).toEqual(specs)
})

test('a list may be JSON, and may have no key', async () => {
  expect(await readFeatureFile(file('list.json', JSON.stringify(specs)))).toEqual(specs)
  expect(await readFeatureFile(file('manifest.json', JSON.stringify({ features: specs })))).toEqual(specs)
})

test.each([
  {
    name: 'is not there',
    path: () => join(dir, 'none.yaml'),
    message: /the feature list .*none\.yaml can't be read: there is no such file/,
  },
  { name: 'is not YAML', path: () => file('bad.yaml', 'a: [1'), message: /is not YAML/ },
  {
    name: 'names an unknown kind',
    path: () => file('kind.yaml', '- { name: x, kind: median }'),
    message: /kind.yaml: .*median/s,
  },
])('a file that $name is an error that says so', async ({ path, message }) => {
  await expect(readFeatureFile(path())).rejects.toThrow(message)
})
