import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../..')

/** A file of the tree as the rules see it. */
export interface SourceFile {
  /** Path from the project's root. */
  readonly path: string
  readonly text: string
  /** Module specifiers that it imports, those of types left out where `types` is what is asked. */
  readonly imports: readonly string[]
  /** Lines that run: without comments. */
  readonly code: readonly string[]
}

/** What the rules know of a workspace. */
export interface Workspace {
  /** Folder from the project's root: packages/event. */
  readonly path: string
  /** @sluicebox/event */
  readonly name: string
  readonly exports: Readonly<Record<string, string>>
  readonly dependencies: readonly string[]
}

/** Where the project's own files are: a data directory may be anywhere beside them, and its bundles hold pages, too. */
const OWN = /^(docs|infra|packages|schemas|services|test)\/|^[^/]+$/

export interface Tree {
  readonly files: readonly SourceFile[]
  readonly workspaces: readonly Workspace[]
}

/** The tree as it is: every TypeScript file and Markdown page of the project that git tracks or would track. */
export function readTree(): Tree {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts', '*.md'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  const paths = [...new Set(listed.trim().split('\n'))]
    .filter(path => OWN.test(path))
    .filter(path => existsSync(join(ROOT, path)))
  return {
    files: paths.map(path => sourceFile(path, readFileSync(join(ROOT, path), 'utf8'))),
    workspaces: ['packages', 'services'].flatMap(group =>
      readdirSync(join(ROOT, group)).map(name => readWorkspace(`${group}/${name}`)),
    ),
  }
}

export function sourceFile(path: string, text: string): SourceFile {
  const imports = [
    ...text.matchAll(/^(?:import|export|\})[^'\n]*\bfrom '([^'\n]+)'/gm),
    ...text.matchAll(/^import '([^'\n]+)'/gm),
    ...text.matchAll(/\bimport\('([^'\n]+)'\)/g),
  ].map(match => match[1] as string)
  return { path, text, imports, code: text.split('\n').filter(line => !/^\s*(\/\/|\*|\/\*)/.test(line)) }
}

function readWorkspace(path: string): Workspace {
  const manifest = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8')) as {
    name: string
    exports: Record<string, string>
    dependencies?: Record<string, string>
  }
  return {
    path,
    name: manifest.name,
    exports: manifest.exports,
    dependencies: Object.keys(manifest.dependencies ?? {}),
  }
}

export const isTest = (path: string): boolean =>
  /\.test\.ts$|\/testing\//.test(path) || !/^(packages|services)\//.test(path)

/** Whether a file is part of the product: not a test, nor what only tests use. */
export const isProduct = (path: string): boolean => path.endsWith('.ts') && !isTest(path)

export const workspaceOf = (path: string): string => path.split('/').slice(0, 2).join('/')

/** The path of the file that an import of `from` names; undefined for a package that is not ours. */
export function resolveImport(
  from: string,
  specifier: string,
  workspaces: readonly Workspace[],
): string | undefined {
  if (specifier.startsWith('.')) return join(dirname(from), specifier)
  const [scope, name, ...rest] = specifier.split('/')
  const workspace = workspaces.find(each => each.name === `${scope}/${name}`)
  if (workspace === undefined) return undefined
  const subpath = `./${rest.join('/')}`
  const direct = workspace.exports[subpath]
  if (direct !== undefined) return join(workspace.path, direct)
  const [pattern, target] =
    Object.entries(workspace.exports).find(
      ([key]) => key.endsWith('/*') && subpath.startsWith(key.slice(0, -1)),
    ) ?? []
  if (pattern === undefined || target === undefined) return undefined
  return join(workspace.path, target.replace('*', subpath.slice(pattern.length - 1)))
}
