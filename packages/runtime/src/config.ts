import { readFileSync } from 'node:fs'
import { LineCounter, parse as parseYaml, parseDocument, isNode, type Document } from 'yaml'
import { z } from 'zod'
import { fileProblem } from './file-problem.ts'
import { nearest } from './nearest.ts'

/** Where settings come from: a file, overridden by environment variables, overridden by flags. */
export interface ConfigSources {
  /** Path of the YAML file. A missing file is a fault only when `fileRequired`. */
  readonly file?: string
  readonly fileRequired?: boolean
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Settings given on the command line, nested like the file. Undefined values are left out. */
  readonly flags?: Settings
}

export interface Settings {
  readonly [key: string]: unknown
}

/** All faults of a configuration: each with its place, what is wrong, and what to write instead. */
export class ConfigError extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(
      `the configuration has ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n${faults.map(fault => `  ${fault}`).join('\n')}`,
    )
    this.faults = faults
  }
}

/** One setting, for the reference page and for `config print`. */
export interface Setting {
  readonly path: readonly string[]
  readonly env: string
  readonly type: string
  readonly default: unknown
  readonly description: string
}

const ENV_PREFIX = 'SLUICEBOX_'
/** Variables that the command line reads itself. They are not settings. */
const ENV_OTHERS = new Set(['SLUICEBOX_CONFIG', 'SLUICEBOX_TRACE'])

/**
 * Returns the configuration that `schema` describes, checked and with its defaults. Throws a `ConfigError` that lists
 * all faults of all sources. Where the schema allows other keys, it also ignores environment variables of other
 * sections.
 */
export function loadConfig<T>(schema: z.ZodType<T>, sources: ConfigSources): T {
  const faults: string[] = []
  const settings = listSettings(schema)
  const file = readFile(sources, faults)
  const merged = structuredClone(file.value)
  const origin = new Map<string, string>()

  const othersAllowed = toJsonSchema(schema).additionalProperties !== false
  for (const { path, text, setting, name } of readEnv(settings, sources.env ?? {}, othersAllowed, faults)) {
    setIn(merged, path, coerce(text, setting))
    origin.set(path.join('.'), `environment variable ${name}`)
  }
  for (const [path, value] of leaves(sources.flags ?? {})) {
    setIn(merged, path, value)
    origin.set(path.join('.'), `flag for ${path.join('.')}`)
  }

  const parsed = schema.safeParse(merged)
  if (!parsed.success) {
    const known = settings.map(setting => setting.path)
    for (const issue of parsed.error.issues) faults.push(...describe(issue, known, origin, file))
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return parsed.data as T
}

/** Returns every setting of `schema`, in order, with its environment variable, default and description. */
export function listSettings(schema: z.ZodType): Setting[] {
  const found: Setting[] = []
  walk(toJsonSchema(schema), [], found)
  return found
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
}

interface JsonSchema {
  additionalProperties?: unknown
  type?: string | string[]
  properties?: Record<string, JsonSchema>
  enum?: unknown[]
  const?: unknown
  anyOf?: JsonSchema[]
  items?: JsonSchema
  default?: unknown
  description?: string
}

function walk(schema: JsonSchema, path: readonly string[], found: Setting[]): void {
  if (schema.properties !== undefined) {
    for (const [key, child] of Object.entries(schema.properties)) walk(child, [...path, key], found)
    return
  }
  if (path.length === 0) return
  found.push({
    path,
    env: ENV_PREFIX + path.map(snake).join('_'),
    type: typeName(schema),
    default: schema.default,
    description: schema.description ?? '',
  })
}

function typeName(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map(String).join(' | ')
  if (schema.const !== undefined) return String(schema.const)
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeName).join(' | ')
  if (schema.type === 'array')
    return `list of ${schema.items === undefined ? 'values' : typeName(schema.items)}`
  return Array.isArray(schema.type) ? schema.type.join(' | ') : (schema.type ?? 'object')
}

/** eventsMax → EVENTS_MAX */
function snake(key: string): string {
  return key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()
}

interface ConfigFile {
  readonly name: string
  readonly value: Record<string, unknown>
  readonly document?: Document
  readonly lines: LineCounter
}

function readFile({ file, fileRequired }: ConfigSources, faults: string[]): ConfigFile {
  const lines = new LineCounter()
  const none: ConfigFile = { name: file ?? '', value: {}, lines }
  if (file === undefined) return none
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      faults.push(`${file}: can't be read: ${fileProblem(error)}; name a YAML file`)
    else if (fileRequired === true)
      faults.push(`${file}: there is no such file; give --config the path of a YAML file`)
    return none
  }
  const document = parseDocument(text, { lineCounter: lines })
  if (document.errors.length > 0) {
    for (const error of document.errors)
      faults.push(
        `${file}:${error.linePos?.[0].line ?? 1}: is not YAML: ${error.message.split('\n')[0] ?? ''}`,
      )
    return none
  }
  const value: unknown = document.toJS()
  if (value === null) return none
  if (typeof value !== 'object' || Array.isArray(value)) {
    faults.push(`${file}:1: must hold settings by section, such as "collector:" with "port: 8080" under it`)
    return none
  }
  return { name: file, value: value as Record<string, unknown>, document, lines }
}

function* readEnv(
  settings: readonly Setting[],
  env: Readonly<Record<string, string | undefined>>,
  othersAllowed: boolean,
  faults: string[],
): Generator<{ path: readonly string[]; text: string; setting: Setting; name: string }> {
  const byName = new Map(settings.map(setting => [setting.env, setting]))
  const sections = new Set(
    settings
      .filter(({ path }) => path.length > 1)
      .map(({ path }) => `${ENV_PREFIX}${snake(path[0] as string)}_`),
  )
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(ENV_PREFIX) || ENV_OTHERS.has(name) || text === undefined) continue
    const setting = byName.get(name)
    if (setting === undefined) {
      if (othersAllowed && ![...sections].some(section => name.startsWith(section))) continue
      const close = nearest(name, [...byName.keys()])
      faults.push(
        `environment variable ${name}: there is no such setting${close === undefined ? '' : `; did you mean ${close}?`}`,
      )
    } else yield { path: setting.path, text, setting, name }
  }
}

/** Returns the value of an environment variable: text for a setting that is a string, else read as YAML (8080, true, [a, b]). */
function coerce(text: string, setting: Setting): unknown {
  if (setting.type === 'string') return text
  try {
    return parseYaml(text)
  } catch {
    return text
  }
}

function setIn(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let node = target
  for (const key of path.slice(0, -1)) {
    const child = node[key]
    node = node[key] =
      typeof child === 'object' && child !== null && !Array.isArray(child)
        ? (child as Record<string, unknown>)
        : {}
  }
  node[path.at(-1) as string] = value
}

function* leaves(settings: Settings, path: readonly string[] = []): Generator<[readonly string[], unknown]> {
  for (const [key, value] of Object.entries(settings)) {
    if (value === undefined) continue
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      yield* leaves(value as Settings, [...path, key])
    else yield [[...path, key], value]
  }
}

function describe(
  issue: z.core.$ZodIssue,
  known: readonly (readonly string[])[],
  origin: ReadonlyMap<string, string>,
  file: ConfigFile,
): string[] {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => {
      // A section may know the setting from earlier versions.
      if (issue.message.startsWith(`${key} `))
        return `${place([...path, key], origin, file)}: ${[...path, issue.message].join('.')}`
      const siblings = [
        ...new Set(
          known
            .filter(other => other.length > path.length && path.every((part, i) => other[i] === part))
            .map(other => other[path.length] as string),
        ),
      ]
      const close = nearest(key, siblings)
      const elsewhere = known.find(other => other.at(-1) === key)
      const hint =
        close !== undefined
          ? `; did you mean ${[...path, close].join('.')}?`
          : elsewhere !== undefined
            ? `; did you mean ${elsewhere.join('.')}?`
            : siblings.length > 0
              ? `; known here: ${siblings.join(', ')}`
              : ''
      return `${place([...path, key], origin, file)}: ${[...path, key].join('.')}: there is no such setting${hint}`
    })
  }
  const value = path.length === 0 ? '' : ` (it is ${show(valueAt(file.value, path))})`
  return [
    `${place(path, origin, file)}: ${path.join('.')}: ${issue.message}${origin.has(path.join('.')) ? '' : value}`,
  ]
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (node, key) =>
      typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined,
    value,
  )
}

/** A name, a password and a query in an address may be secret, so that no message repeats them. */
function withoutSecrets(text: string): string {
  return text.replaceAll(/(\w:\/\/)[^\s"/?#]*@/g, '$1…@').replaceAll(/(\w:\/\/[^\s"?]*\?)[^\s"]*/g, '$1…')
}

function show(value: unknown): string {
  const text = withoutSecrets(JSON.stringify(value) ?? 'not set')
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

function place(path: readonly string[], origin: ReadonlyMap<string, string>, file: ConfigFile): string {
  const from = origin.get(path.join('.'))
  if (from !== undefined) return from
  for (let depth = path.length; depth > 0; depth--) {
    const node = file.document?.getIn(path.slice(0, depth), true)
    if (isNode(node) && node.range) return `${file.name}:${file.lines.linePos(node.range[0]).line}`
  }
  return file.name === '' ? 'configuration' : file.name
}
