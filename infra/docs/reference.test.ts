import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { referencePages } from './reference.ts'

const ROOT = resolve(import.meta.dirname, '../..')

test.each(Object.entries(referencePages()))(
  'docs/reference/%s says what the code says: else run npm run docs',
  (name, text) => {
    expect(readFileSync(join(ROOT, 'docs/reference', name), 'utf8')).toBe(text)
  },
)

test('no page links to a file that is not there', () => {
  const pages = [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    ...readdirSync(join(ROOT, 'docs'), { recursive: true })
      .map(String)
      .filter(name => name.endsWith('.md'))
      .map(name => `docs/${name}`),
  ]
  const broken = pages.flatMap(page =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
      .map(match => match[1] as string)
      .filter(link => !existsSync(join(ROOT, dirname(page), link)))
      .map(link => `${page}: ${link}`),
  )
  expect(broken).toEqual([])
})
