import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MODEL_KINDS, trainerConfig } from './config.ts'

const ROOT = join(import.meta.dirname, '..')

/** Product files of the trainer that name the learner. */
function filesThatName(kind: string): string[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts') && !/\.test\.ts$|(^|\/)testing\//.test(path))
    .filter(path => readFileSync(join(ROOT, 'src', path), 'utf8').includes(`'${kind}'`))
    .map(path => `src/${path}`)
    .sort()
}

const recipe = /## To add a learner\n([^]*?)(?:\n## |$)/.exec(
  readFileSync(join(ROOT, 'README.md'), 'utf8'),
)?.[1]

test('the recipe for a learner names every file that knows learners by name', () => {
  // A learner without anything particular to it: trees is the name of a runtime too, and markov needs transitions.
  expect(filesThatName('forest')).toEqual(['src/bundle.ts', 'src/config.ts', 'src/train/train.ts'])
  for (const file of filesThatName('forest')) expect(recipe).toContain(`\`${file}\``)
})

test('every learner has its settings in a section of its name', () => {
  const config = trainerConfig.parse(undefined)
  for (const kind of MODEL_KINDS) expect(Object.keys(config[kind]).length, kind).toBeGreaterThan(0)
})
