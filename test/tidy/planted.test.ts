import { expect, test } from 'vitest'
import * as rules from './rules.ts'
import { readTree, sourceFile, type Tree } from './sources.ts'

// A rule is worth what it finds: each violation is planted in a copy of the tree, in memory, and must be found there.

const tree = readTree()

/** The tree with lines put in front of a file, which is made where there is none. */
function planted(path: string, ...lines: string[]): Tree {
  const before = tree.files.find(file => file.path === path)?.text ?? ''
  return {
    ...tree,
    files: [
      ...tree.files.filter(file => file.path !== path),
      sourceFile(path, [...lines, before].join('\n')),
    ],
  }
}

const SCORER = 'services/scorer/src/scorer.ts'
const TREES = 'packages/model/src/runtimes/trees.ts'
const ENRICHER = 'services/enricher/src/enricher.ts'

test.each([
  ['a clock in the scorer', rules.impurities, SCORER, ['const now = Date.now()']],
  ['chance in the scorer', rules.impurities, SCORER, ['const die = Math.random()']],
  ['a clock in the trees', rules.impurities, TREES, ['const now = Date.now()']],
  ['chance in the trees', rules.impurities, TREES, ['const die = Math.random()']],
  ['a clock in the enricher', rules.impurities, ENRICHER, ['const now = new Date()']],
  ['chance in the enricher', rules.impurities, ENRICHER, ['const id = crypto.randomUUID()']],
  [
    'a timer in the sessions',
    rules.impurities,
    'packages/session/src/sessions/sessions.ts',
    ['setTimeout(f, 1)'],
  ],
  [
    'a file in a feature',
    rules.impurities,
    'packages/session/src/features/spec.ts',
    ["import { readFileSync } from 'node:fs'"],
  ],
  [
    'the network in the pure part of the collector',
    rules.impurities,
    'services/collector/src/collect/collect.ts',
    ["const answer = await fetch('http://x')"],
  ],
  ['the environment in a stage', rules.impurities, ENRICHER, ["const mode = process.env['MODE']"]],
  ['a new file that reads a clock', rules.impurities, 'services/scorer/src/new.ts', ['performance.now()']],
  [
    'a package that looks up',
    rules.forbiddenImports,
    'packages/service/src/service.ts',
    ["import { createSessions } from '@sluicebox/session/sessions/sessions'"],
  ],
  [
    'the stream that knows events',
    rules.forbiddenImports,
    'packages/stream/src/log.ts',
    ["import type { GoodRecord } from '@sluicebox/event/records'"],
  ],
  [
    'a service that imports a service',
    rules.forbiddenImports,
    SCORER,
    ["import { enrich } from '@sluicebox/enricher/enrich'"],
  ],
  [
    'a private file of a package',
    rules.privateImports,
    SCORER,
    ["import { createKeyIndex } from '@sluicebox/session/memory/key-index'"],
  ],
  [
    'a path out of the workspace',
    rules.privateImports,
    SCORER,
    ["import { x } from '../../../packages/event/src/records.ts'"],
  ],
  [
    'a testing file in the product',
    rules.testingImports,
    SCORER,
    ["import { fixture } from './testing/fixtures.ts'"],
  ],
  [
    'a testing file of another workspace',
    rules.testingImports,
    SCORER,
    ["import { f } from '@sluicebox/stream/testing/memory-log'"],
  ],
  [
    'a circle of two files',
    rules.circles,
    'packages/event/src/instants.ts',
    ["import { STREAMS } from './records.ts'"],
  ],
  [
    'a question which log it is',
    rules.kindsOfLog,
    'services/cli/src/data.ts',
    ["if (config.kind === 'kafka') x()"],
  ],
  ['the opposite question', rules.kindsOfLog, SCORER, ["if (log.kind !== 'kafka') x()"]],
  ['a word of a broker in a stage', rules.brokerWords, SCORER, ["const topic = 'good'"]],
  ['an undeclared package', rules.undeclared, SCORER, ["import express from 'express'"]],
  ['a file that nothing imports', rules.deadFiles, 'services/scorer/src/orphan.ts', ['export const a = 1']],
  ['a long file', rules.longFiles, SCORER, new Array<string>(400).fill('//')],
  [
    'a comment that names a file which does not exist',
    rules.namesInComments,
    SCORER,
    ['// See no-such-file.ts.'],
  ],
  ['an idiom in a comment', rules.idioms, SCORER, ['// Whoever comes last is the owner.']],
  ['an idiom in a message', rules.idioms, SCORER, ["const text = 'the record is no record'"]],
  ['an idiom in a page', rules.idioms, 'docs/tutorial.md', ['The partition goes on.']],
  ['a sign that stands for another', rules.idioms, SCORER, ['// A star stands for any name.']],
  ['what becomes of a thing', rules.idioms, SCORER, ["const text = 'what became of the event'"]],
  ['nothing for nothing', rules.idioms, SCORER, ['/** The next record; undefined for none. */']],
  ['all but for one', rules.idioms, 'docs/tutorial.md', ['All records are kept, but for one.']],
])('%s is found', (_what, check, path, lines) => {
  const known = new Set(check(tree))
  expect(check(planted(path, ...lines)).filter(violation => !known.has(violation))).not.toEqual([])
})

test('a crowded folder is found', () => {
  const files = Array.from({ length: 21 }, (_, i) => sourceFile(`packages/event/src/many/f${i}.ts`, ''))
  expect(rules.crowdedFolders({ ...tree, files })).toHaveLength(1)
})

test('a door without a room is found', () => {
  const [first, ...others] = tree.workspaces
  const exports = { ...first!.exports, './no-such': './src/no-such.ts' }
  expect(rules.unusedExports({ ...tree, workspaces: [{ ...first!, exports }, ...others] })).toHaveLength(1)
})

test('an idle place in the list of impure ones is found', () => {
  const files = tree.files.filter(({ path }) => !path.startsWith('packages/store/'))
  expect(rules.idlePlaces({ ...tree, files })).toHaveLength(1)
})
