// House rules that a compiler does not know. Each failure says what to do.
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const WORKSPACES = ['packages', 'services'].flatMap(group =>
  readdirSync(join(ROOT, group)).map(name => `${group}/${name}`),
)

interface SourceFile {
  /** Path from the project's root. */
  readonly path: string
  readonly text: string
  readonly imports: readonly string[]
}

const files: readonly SourceFile[] = [...WORKSPACES, 'test', 'infra'].flatMap(folder =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(
      entry => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('node_modules'),
    )
    .map(entry => {
      const path = relative(ROOT, join(entry.parentPath, entry.name))
      const text = readFileSync(join(ROOT, path), 'utf8')
      const imports = [
        ...text.matchAll(/^(?:import|export|\})[^'\n]*\bfrom '([^'\n]+)'/gm),
        ...text.matchAll(/^import '([^'\n]+)'/gm),
        ...text.matchAll(/\bimport\('([^'\n]+)'\)/g),
      ].map(match => match[1] as string)
      return { path, text, imports }
    }),
)
const product = files.filter(file => /^(packages|services)\//.test(file.path) && !isTest(file.path))

function isTest(path: string): boolean {
  return /\.test\.ts$|\/fixtures?\/|\/contract\.ts$|\/testing\//.test(path)
}

const workspaceOf = (path: string): string => path.split('/').slice(0, 2).join('/')

describe('imports', () => {
  // Who may import what of ours. Services import packages only; the command line composes the services.
  const ALLOWED: Readonly<Record<string, readonly string[]>> = {
    'packages/event': [],
    'packages/stream': [],
    'packages/store': [],
    'packages/runtime': [],
    'packages/registry': ['packages/event'],
    'packages/session': ['packages/event'],
    'packages/model': ['packages/event'],
  }
  const packages = WORKSPACES.filter(name => name.startsWith('packages/'))
  const allowed = (workspace: string): readonly string[] =>
    ALLOWED[workspace] ?? (workspace === 'services/cli' ? WORKSPACES : packages)

  test.each(product.map(file => [file.path, file] as const))(
    '%s imports only what its place allows',
    (path, file) => {
      const own = workspaceOf(path)
      const ours = file.imports
        .filter(name => name.startsWith('@sluicebox/'))
        .map(name => name.split('/')[1] as string)
        .map(name => WORKSPACES.find(workspace => workspace.endsWith(`/${name}`)) ?? name)
      expect(ours.filter(other => other !== own && !allowed(own).includes(other))).toEqual([])
      const outside = file.imports.filter(
        name => name.startsWith('.') && workspaceOf(join(dirname(path), name)) !== own,
      )
      expect(outside, 'a relative import leaves the workspace: import it by its package name').toEqual([])
    },
  )

  test('every package that is imported is declared in the workspace', () => {
    const undeclared = WORKSPACES.flatMap(workspace => {
      const manifest = JSON.parse(readFileSync(join(ROOT, workspace, 'package.json'), 'utf8')) as {
        name: string
        dependencies?: Record<string, string>
      }
      const declared = new Set([manifest.name, ...Object.keys(manifest.dependencies ?? {})])
      return product
        .filter(file => workspaceOf(file.path) === workspace)
        .flatMap(file => file.imports)
        .filter(name => !name.startsWith('.') && !name.startsWith('node:'))
        .map(name =>
          name
            .split('/')
            .slice(0, name.startsWith('@') ? 2 : 1)
            .join('/'),
        )
        .filter(name => !declared.has(name))
        .map(name => `${workspace} does not declare ${name}`)
    })
    expect([...new Set(undeclared)]).toEqual([])
  })

  test('every declared dependency is used', () => {
    const unused = WORKSPACES.flatMap(workspace => {
      const manifest = JSON.parse(readFileSync(join(ROOT, workspace, 'package.json'), 'utf8')) as {
        dependencies?: Record<string, string>
      }
      const imported = files
        .filter(file => workspaceOf(file.path) === workspace)
        .flatMap(file => file.imports)
      return Object.keys(manifest.dependencies ?? {})
        .filter(name => !imported.some(other => other === name || other.startsWith(`${name}/`)))
        .map(name => `${workspace} declares ${name} and never imports it`)
    })
    expect(unused).toEqual([])
  })

  test('no product file is imported by none', () => {
    const reached = new Set(
      files.flatMap(file =>
        file.imports.map(name => {
          if (name.startsWith('.')) return join(dirname(file.path), name)
          const [, workspace, ...rest] = /^@sluicebox\/([^/]+)\/(.+)$/.exec(name) ?? []
          const folder = WORKSPACES.find(other => other.endsWith(`/${workspace ?? ''}`))
          return folder === undefined ? name : `${folder}/src/${rest.join('/')}.ts`
        }),
      ),
    )
    const entry = /\/main\.ts$/
    expect(product.map(file => file.path).filter(path => !reached.has(path) && !entry.test(path))).toEqual([])
  })
})

describe('stages are pure', () => {
  // A score is a function of the log and the bundle: what is under these folders has no clock and no world.
  const PURE = [
    /^packages\/(event|session)\/src\//,
    /^services\/enricher\/src\/(protocol|enrichments|actions)\//,
  ]
  const IMPURE =
    /\bDate\.now\(|new Date\(\)|performance\.now|Math\.random|process\.env|randomUUID|from 'node:(fs|http|net|https|dns)/

  test.each(
    product
      .filter(file => PURE.some(pattern => pattern.test(file.path)))
      .map(file => [file.path, file] as const),
  )('%s', (_path, file) => {
    expect(file.text.split('\n').filter(line => IMPURE.test(line))).toEqual([])
  })
})

test('broker words stand only in the folder of their broker and in configuration', () => {
  // The registry's client bears a broker's name and needs no broker.
  const words = /\b(topic|shard|zookeeper|(?<!@)kafkajs)s?\b/i
  const places = /^packages\/stream\/src\/(kafka|kinesis)\/|\/config\.ts$|^services\/cli\//
  const found = product
    .filter(file => !places.test(file.path))
    .flatMap(file =>
      file.text
        .split('\n')
        // Not the name of a file in one of the places, where something is imported from it.
        .filter(line => words.test(line.replace(/ from '[^']+'$/, '')) && !/^\s*(\/\/|\*|\/\*)/.test(line))
        .map(line => `${file.path}: ${line.trim()}`),
    )
  expect(found).toEqual([])
})

test('only config.ts and the command line read the environment', () => {
  const found = product.filter(
    file =>
      file.text.includes('process.env') && !/\/config\.ts$|\/main\.ts$|^services\/cli\//.test(file.path),
  )
  expect(found.map(file => file.path)).toEqual([])
})

test('no file is longer than 400 lines: a longer one is two things', () => {
  const long = files.filter(file => !isTest(file.path) && file.text.split('\n').length > 401)
  expect(long.map(file => file.path)).toEqual([])
})

test('every workspace says what it is, under the same licence', () => {
  for (const workspace of WORKSPACES) {
    const manifest = JSON.parse(readFileSync(join(ROOT, workspace, 'package.json'), 'utf8')) as Record<
      string,
      unknown
    >
    expect(manifest, workspace).toMatchObject({ license: 'Apache-2.0', type: 'module', private: true })
    expect(manifest['description'], workspace).toMatch(/\.$/)
  }
})
