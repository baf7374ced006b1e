import { dirname, join } from 'node:path'
import { isProduct, isTest, resolveImport, workspaceOf, type SourceFile, type Tree } from './sources.ts'

// House rules that a compiler does not know. Each is a function of the tree and returns its violations as sentences
// that say what to do, so that a test can plant a violation and see it found.

const product = ({ files }: Tree): SourceFile[] => files.filter(file => isProduct(file.path))

/** Who may import what of ours: each workspace, and the packages that its product files may import. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'packages/event': [],
  'packages/stream': [],
  'packages/store': [],
  'packages/runtime': [],
  'packages/registry': ['event'],
  'packages/session': ['event'],
  'packages/model': ['event'],
  'packages/protocol': ['event'],
  'packages/service': ['event', 'registry', 'runtime', 'store', 'stream'],
  'services/collector': ['event', 'protocol', 'registry', 'runtime', 'service', 'stream'],
  'services/enricher': ['event', 'protocol', 'registry', 'runtime', 'service', 'store', 'stream'],
  'services/scorer': ['event', 'model', 'registry', 'runtime', 'service', 'session', 'store', 'stream'],
  'services/archiver': ['event', 'registry', 'runtime', 'service', 'store', 'stream'],
  'services/trainer': ['event', 'model', 'protocol', 'runtime', 'session'],
  'services/console': ['event', 'runtime', 'stream'],
}

/** Product files import only the workspaces that their place allows; the command line alone composes the services. */
export function forbiddenImports(tree: Tree): string[] {
  return product(tree).flatMap(file => {
    const own = workspaceOf(file.path)
    if (own === 'services/cli') return []
    return file.imports
      .filter(name => name.startsWith('@sluicebox/'))
      .map(name => name.split('/')[1] as string)
      .filter(name => `packages/${name}` !== own && `services/${name}` !== own)
      .filter(name => !ALLOWED[own]?.includes(name))
      .map(
        name =>
          `${file.path} imports ${name}: ${own} may import ${ALLOWED[own]?.join(', ') || 'nothing of ours'}`,
      )
  })
}

/** Another workspace's file is imported by a name that it exports, never by a path; what is in schemas/ is everyone's. */
export function privateImports(tree: Tree): string[] {
  return tree.files
    .filter(file => /^(packages|services)\/.*\.ts$/.test(file.path))
    .flatMap(file =>
      file.imports.flatMap(specifier => {
        if (specifier.startsWith('.')) {
          const target = join(dirname(file.path), specifier)
          return workspaceOf(target) === workspaceOf(file.path) || target.startsWith('schemas/')
            ? []
            : [`${file.path} leaves its workspace by ${specifier}: import it by its package's name`]
        }
        if (!tree.workspaces.some(({ name }) => specifier.startsWith(`${name}/`))) return []
        return resolveImport(file.path, specifier, tree.workspaces) === undefined
          ? [`${file.path} imports ${specifier}, which its package does not export`]
          : []
      }),
    )
}

/** What is under testing/ serves tests: the product never imports it. */
export function testingImports(tree: Tree): string[] {
  return product(tree).flatMap(file =>
    file.imports
      .filter(specifier => /(^|\/)testing\//.test(specifier))
      .map(specifier => `${file.path} imports ${specifier}, which is for tests`),
  )
}

/** Files import each other in one direction. A circle is two things that belong into one file, or a type in the wrong place. */
export function circles(tree: Tree): string[] {
  const paths = new Set(tree.files.map(({ path }) => path))
  const edges = new Map(
    tree.files.map(({ path, imports }) => [
      path,
      imports
        .map(specifier => resolveImport(path, specifier, tree.workspaces))
        .filter(target => target !== undefined && paths.has(target)) as string[],
    ]),
  )
  const found: string[] = []
  const state = new Map<string, 'open' | 'done'>()
  const trail: string[] = []
  function visit(path: string): void {
    state.set(path, 'open')
    trail.push(path)
    for (const next of edges.get(path) ?? []) {
      if (state.get(next) === 'open') found.push([...trail.slice(trail.indexOf(next)), next].join(' → '))
      else if (!state.has(next)) visit(next)
    }
    trail.pop()
    state.set(path, 'done')
  }
  for (const path of paths) if (!state.has(path)) visit(path)
  return found
}

type Impurity = 'clock' | 'chance' | 'world' | 'environment'

const IMPURE: Readonly<Record<Impurity, RegExp>> = {
  clock: /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bset(Timeout|Interval)\b|\bhrtime\b/,
  chance: /\bMath\.random\b|\brandom(UUID|Bytes|Int|FillSync)\b|\bgetRandomValues\b/,
  world:
    /^(?!import type).*from 'node:(fs|http|http2|https|tls|dns|dgram|child_process|worker_threads|readline|os)(\/promises)?'|^(?!import type|import \{ isIP \}).*from 'node:net'|\bfetch\(|globalThis\.fetch/,
  environment: /\bprocess\.(env|argv|exit|exitCode|on|pid|cwd|std(in|out|err)|kill|memoryUsage|cpuUsage)\b/,
}

/**
 * The product is pure, but for these kinds of places. All others have no clock, no chance, no world and no
 * environment: what they need is passed in.
 */
const IMPURE_PLACES: readonly { where: RegExp; may: readonly Impurity[]; why: string }[] = [
  { where: /^services\/[^/]+\/src\/main\.ts$/, may: ['environment', 'clock'], why: 'where a process begins' },
  {
    where:
      /^services\/cli\/src\/(commands\/|(main|terminal|options|read-config|data|code-info|version)\.ts|traffic\/sender\.ts|recordings\/(file-bytes|map|sort-by-time)\.ts)/,
    may: ['clock', 'chance', 'world', 'environment'],
    why: 'the command line is the edge to a person and to files',
  },
  {
    where: /^packages\/(runtime|service)\//,
    may: ['clock', 'chance', 'world', 'environment'],
    why: 'how a process starts, waits, reports and stops',
  },
  {
    where: /^packages\/store\//,
    may: ['clock', 'chance', 'world'],
    why: 'a store is on a disk or behind a network',
  },
  {
    where: /^packages\/stream\/src\/(embedded|kafka)\//,
    may: ['clock', 'world'],
    why: 'a log is on a disk or behind a network',
  },
  {
    where: /^packages\/stream\/src\/driver\/world\.ts$/,
    may: ['clock', 'chance'],
    why: 'the world of the driver',
  },
  {
    where:
      /^packages\/registry\/src\/(streams\/(folder|pull|stream-registry|transport)|events\/event-folder|catalogue\/(copy|source))\.ts$/,
    may: ['clock', 'world'],
    why: 'schemas are in folders or behind a network',
  },
  {
    where:
      /^packages\/model\/src\/bundle\/(bundle|bundle-files|signature)\.ts$|^services\/scorer\/src\/(kept-bundles|scoring-bundle)\.ts$/,
    may: ['world'],
    why: 'bundles and keys are files',
  },
  {
    where: /^services\/collector\/src\/(http|guard|raw)\//,
    may: ['clock', 'chance', 'world'],
    why: 'the edge to the network: everything that a stage must not depend on is settled here',
  },
  { where: /^services\/console\/src\/console\.ts$/, may: ['clock', 'chance'], why: 'the edge to a browser' },
  {
    where: /^services\/(console\/src\/page\/page|trainer\/src\/evaluation\/report\/report)\.ts$/,
    may: ['world'],
    why: 'the style and script of a page are files beside it, read once',
  },
  { where: /^services\/[^/]+\/src\/metrics\.ts$/, may: ['clock'], why: 'gauges that tell ages' },
  {
    where: /^services\/(enricher|archiver)\/src\/(start|schemas|files\/prepare)\.ts$/,
    may: ['world'],
    why: 'keys, schemas and files are read where a stage starts',
  },
  {
    where: /^services\/trainer\/src\/(judge|dataset\/(build|feature-file|info|table-writer))\.ts$/,
    may: ['world'],
    why: 'tables, bundles and reports are files',
  },
]

/** A score is a function of the log and the bundle: every product file is pure unless its kind of place is listed. */
export function impurities(tree: Tree): string[] {
  return product(tree).flatMap(file => {
    const may = new Set(
      IMPURE_PLACES.filter(({ where }) => where.test(file.path)).flatMap(place => place.may),
    )
    return (Object.keys(IMPURE) as Impurity[])
      .filter(kind => !may.has(kind))
      .flatMap(kind =>
        file.code
          .filter(line => IMPURE[kind].test(line))
          .map(line => `${file.path} has a ${kind} of its own: pass it in. ${line.trim()}`),
      )
  })
}

/** A place that is listed as impure and is not any longer comes off the list. */
export function idlePlaces(tree: Tree): string[] {
  return IMPURE_PLACES.filter(
    ({ where, may }) =>
      !product(tree).some(
        file => where.test(file.path) && may.some(kind => file.code.some(line => IMPURE[kind].test(line))),
      ),
  ).map(({ where }) => `${String(where)} matches no file that needs it`)
}

/** Which log it is matters only where a log is opened, inspected or configured. */
export function kindsOfLog(tree: Tree): string[] {
  const places = /^packages\/stream\/src\/(open|inspect|config)\.ts$/
  return product(tree)
    .filter(file => !places.test(file.path))
    .flatMap(file =>
      file.code
        .filter(line => /kind [!=]== '(kafka|kinesis|embedded)'/.test(line))
        .map(line => `${file.path} asks which log it is; ask a function of inspect.ts. ${line.trim()}`),
    )
}

/** Words of one broker stand in its folder and in configuration. */
export function brokerWords(tree: Tree): string[] {
  // The registry's client bears a broker's name and needs no broker.
  const words = /\b(topic|shard|zookeeper|(?<!@)kafkajs)s?\b/i
  const places = /^packages\/stream\/src\/(kafka|kinesis)\/|\/config\.ts$|^services\/cli\//
  return product(tree)
    .filter(file => !places.test(file.path))
    .flatMap(file =>
      file.code
        .filter(line => words.test(line.replace(/ from '[^']+'$/, '')))
        .map(line => `${file.path}: ${line.trim()}`),
    )
}

/** A folder of more files than a screen shows has two things in it. */
export function crowdedFolders(tree: Tree, filesMax = 20): string[] {
  const counts = new Map<string, number>()
  for (const { path } of product(tree)) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1)
  return [...counts]
    .filter(([, count]) => count > filesMax)
    .map(([folder, count]) => `${folder} has ${count} files: put walls into it`)
}

/** A file of more lines is two things. */
export function longFiles(tree: Tree, linesMax = 400): string[] {
  return tree.files
    .filter(({ path }) => path.endsWith('.ts') && !/\.test\.ts$|\/testing\//.test(path))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > linesMax)
    .map(({ path, lines }) => `${path} has ${lines} lines: it is two things`)
}

/** Every package that is imported is declared, and every one that is declared is imported. */
export function undeclared(tree: Tree): string[] {
  const packageOf = (specifier: string): string =>
    specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/')
  return tree.workspaces.flatMap(({ path, name, dependencies }) => {
    const inWorkspace = tree.files.filter(file => workspaceOf(file.path) === path)
    const imported = (of: readonly SourceFile[]): Set<string> =>
      new Set(
        of
          .flatMap(file => file.imports)
          .filter(specifier => !specifier.startsWith('.') && !specifier.startsWith('node:'))
          .map(packageOf)
          .filter(each => each !== name),
      )
    const needed = imported(inWorkspace.filter(file => !isTest(file.path)))
    const used = imported(inWorkspace)
    return [
      ...[...needed]
        .filter(each => !dependencies.includes(each))
        .map(each => `${path} does not declare ${each}`),
      ...dependencies
        .filter(each => !used.has(each))
        .map(each => `${path} declares ${each} and never imports it`),
    ]
  })
}

/** A product file that nothing imports is dead, or an entry. */
export function deadFiles(tree: Tree): string[] {
  const reached = new Set(
    tree.files.flatMap(({ path, imports }) =>
      imports.map(specifier => resolveImport(path, specifier, tree.workspaces)),
    ),
  )
  return product(tree)
    .map(({ path }) => path)
    .filter(path => !reached.has(path) && !/\/main\.ts$/.test(path))
    .map(path => `${path} is imported by no file`)
}

/** A name that a package exports and nobody outside uses is a door without a room. */
export function unusedExports(tree: Tree): string[] {
  const reached = new Set(
    tree.files.flatMap(file =>
      file.imports
        .filter(specifier => specifier.startsWith('@sluicebox/'))
        .filter(specifier => !specifier.startsWith(`@sluicebox/${file.path.split('/')[1]}/`)),
    ),
  )
  return tree.workspaces.flatMap(({ path, name, exports }) =>
    Object.keys(exports)
      .filter(key => !key.endsWith('/*'))
      .filter(key => !reached.has(name + key.slice(1)))
      .map(key => `${path} exports ${key}, which no other workspace imports`),
  )
}

/** Turns of phrase that a stranger stumbles over, and what to write instead. */
export const IDIOMS: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [
    /(?<!\bthere )\b(is|are|was|were) no (?!longer|more|less|fewer|other|way|need|one\b|such)\w/i,
    '"is not a", "there are no"',
  ],
  [/(?<!\b(there|no|or|than) )\b(is|are|was|were) none\b/, '"is not one", "there are none"'],
  [/\banew\b/i, '"again", "retries", "restarts"'],
  [/\bgo(es)? on\b/i, '"continues", "happens"'],
  [/\bwhoever\b/i, '"the caller", "a member", "the owner"'],
  [/\btold (of|why)\b/i, '"receives", "is called with"'],
  [/\bin hand\b/i, '"in flight", "pending"'],
  [/\bput right\b/i, '"fixed"'],
  [/\bof (our|its|their|his) own making\b/i, '"simulated", "made by"'],
  [/\bfor ever\b/i, '"forever"'],
  [/\bin vain\b/i, '"without effect"'],
  [/\bstands? (at|in|there|on)\b/i, '"is stored at", "appears in", "is listed"'],
  [/\bof no use\b/i, '"unusable"'],
  [/\b(stands? for|stood for)\b/i, '"means", "matches", "replaces", "holds"'],
  [/\bwhat (becomes|became|has become) of\b/i, '"what happens to"'],
  [/\b(undefined|null|empty|none) for (none|nothing)\b/i, '"undefined if there is none"'],
  [/\bbut for\b/i, '"except"'],
]

/** Prose that a stranger can read aloud: comments, texts and Markdown without the worst idioms. */
export function idioms(tree: Tree): string[] {
  return tree.files
    .filter(({ path }) => !/^test\/tidy\/|\/bundled\//.test(path))
    .flatMap(({ path, text }) =>
      (path.endsWith('.md') ? withoutCode(text) : text).split('\n').flatMap((line, index) => {
        const prose = path.endsWith('.md') ? line : proseOf(line)
        return IDIOMS.filter(([pattern]) => pattern.test(prose)).map(
          ([pattern, instead]) => `${path}:${index + 1} ${String(pattern)} → ${instead}: ${line.trim()}`,
        )
      }),
    )
}

/** A page without what is code in it, line for line. */
function withoutCode(page: string): string {
  return page.replace(/^```[^]*?^```/gm, block => block.replace(/[^\n]/g, '')).replace(/`[^`\n]*`/g, '')
}

/** What a line of code says to a person: its comment and its texts. */
function proseOf(line: string): string {
  const comment = /^\s*(\/\/|\*|\/\*\*?)(.*)$/.exec(line)
  if (comment !== null) return comment[2]!.replace(/`[^`]*`/g, '')
  if (/^(import|export .* from|\} from)/.test(line)) return ''
  const texts = [...line.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`([^`]*)`|`([^`]*)$|^([^`]*)`/g)]
  const trailing = /\s\/\/ (.*)$/.exec(line)?.[1] ?? ''
  return texts.map(match => match.slice(1).join('')).join(' ') + ' ' + trailing
}

/** A file or name in backticks or a path that a comment mentions exists. */
export function namesInComments(tree: Tree): string[] {
  const basenames = new Set(tree.files.map(({ path }) => path.split('/').at(-1)!))
  return tree.files
    .filter(({ path }) => path.endsWith('.ts'))
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .filter(line => /^\s*(\/\/|\*|\/\*)/.test(line))
        .flatMap(line =>
          [...line.matchAll(/(?<![\w./-])([\w-]+(?:\/[\w.-]+)*\.ts)\b/g)]
            .map(match => match[1]!)
            .filter(name => !basenames.has(name.split('/').at(-1)!))
            .map(name => `${path} mentions ${name}, which does not exist`),
        ),
    )
}
