// A recipe is right when an example that exists was made in the places that it lists. Here the example is looked for in the
// product, and every file that has to do with it must be listed.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isProduct, readTree, ROOT } from './sources.ts'

const tree = readTree()
const page = readFileSync(join(ROOT, 'docs/how-to/extend.md'), 'utf8')

/** The places that a recipe lists: paths of files and folders, with `<name>` as the example has it. */
function placesIn(heading: string, example: string): string[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return [...section.matchAll(/`((?:packages|services|schemas|test)\/[^`]+)`/g)].map(match =>
    match[1]!.replace('<name>', example),
  )
}

const isListed = (path: string, places: readonly string[]): boolean =>
  places.some(place => path === place || (place.endsWith('/') && path.startsWith(place)))

/** Product files that mention the example in what runs. */
const mentioning = (pattern: RegExp, except = /^$/): string[] =>
  tree.files
    .filter(file => isProduct(file.path) && !except.test(file.path))
    .filter(file => file.code.some(line => pattern.test(line)))
    .map(file => file.path)

describe.each([
  // What a log is opened, inspected and configured by; the places in the log's own folder are its own affair.
  ['Add a log', 'kafka', mentioning(/'kafka'|\/kafka\/(log|topics|config)/)],
  [
    'Add an enrichment or a column',
    'as-sent',
    mentioning(
      /(?<!-)\blanguage\b/,
      /^(packages\/model|services\/(trainer|cli|console|archiver)|packages\/session\/src\/(testing|sessions))/,
    ),
  ],
  ['Add a learner', 'forest', mentioning(/'forest'|\/forest\.ts'/, /^packages\/model/)],
  ['Add a command', 'doctor', mentioning(/\bdoctor\b|addDoctor/)],
])('%s', (heading, example, found) => {
  const places = placesIn(heading, example)

  test('lists places that exist', () => {
    expect(places.length).toBeGreaterThan(2)
    const paths = tree.files.map(file => file.path)
    const missing = places
      .filter(place => !place.endsWith('.avsc') && !place.endsWith('.test.ts'))
      .filter(place => !paths.some(path => path === place || path.startsWith(place.replace(/\/?$/, '/'))))
    expect(missing).toEqual([])
  })

  test('lists every place that the example was made in', () => {
    expect(found.length).toBeGreaterThan(0)
    expect(found.filter(path => !isListed(path, places))).toEqual([])
  })
})
