import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as rules from './rules.ts'
import { readTree, ROOT } from './sources.ts'

const tree = readTree()

test.each([
  ['a workspace imports only what its place allows', rules.forbiddenImports],
  ['what is imported of another workspace is exported by name', rules.privateImports],
  ['the product never imports what is for tests', rules.testingImports],
  ['files import each other in one direction', rules.circles],
  ['every product file is pure unless its kind of place is listed', rules.impurities],
  ['the list of impure places has no idle entry', rules.idlePlaces],
  ['which log it is matters only where a log is opened, inspected or configured', rules.kindsOfLog],
  ['words of a broker are in the folder of that broker and in configuration', rules.brokerWords],
  ['no folder is crowded', rules.crowdedFolders],
  ['no file is longer than 400 lines', rules.longFiles],
  ['packages are declared where they are imported, and only there', rules.undeclared],
  ['every product file is imported', rules.deadFiles],
  ['every exported name is imported by another workspace', rules.unusedExports],
  ['files that comments mention exist', rules.namesInComments],
  ['prose is free of the worst idioms', rules.idioms],
])('%s', (_rule, check) => {
  expect(check(tree)).toEqual([])
})

test('every workspace says what it is, under the same licence', () => {
  for (const { path } of tree.workspaces) {
    const manifest = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8')) as Record<
      string,
      unknown
    >
    expect(manifest, path).toMatchObject({ license: 'Apache-2.0', type: 'module', private: true })
    expect(manifest['description'], path).toMatch(/\.$/)
  }
})

test('every workspace has a README of one screen that names its folders', () => {
  const folders = (path: string): string[] => [
    ...new Set(
      tree.files
        .filter(file => file.path.startsWith(`${path}/src/`))
        .map(file => file.path.slice(`${path}/src/`.length).split('/'))
        .filter(parts => parts.length > 1 && parts[0] !== 'testing')
        .map(parts => parts[0]!),
    ),
  ]
  for (const { path } of tree.workspaces) {
    const readme = tree.files.find(file => file.path === `${path}/README.md`)?.text ?? ''
    const lines = readme.split('\n').length
    expect(lines, `${path}/README.md`).toBeGreaterThan(15)
    expect(lines, `${path}/README.md`).toBeLessThan(91)
    for (const folder of folders(path)) expect(readme, `${path}/README.md`).toContain(`${folder}/`)
  }
})
