import { compilePattern } from './pattern.ts'
import { refOf, type FindSchema, type OtherSchema, type SchemaName } from './reference.ts'

/** A schema that depends on no other file, ready to be compiled. */
export interface PreparedSchema {
  readonly rules: Record<string, unknown>
  /** Parts that accept everything, since they can't be checked here: one sentence each, with its place. */
  readonly gaps: readonly string[]
}

/** The keyword by which a part of a schema is counted when it is checked; its value is what it costs. */
export const COST = 'sluiceboxSteps'
const DEPTH_MAX = 64
/** How many other files a schema may depend on: all of them are compiled with it. */
const OTHERS_MAX = 32
/** Names the definitions that hold other files. No name of a JSON pointer's own is like it. */
const OTHER = 'sluicebox:'

/** Keywords that hold schemas by name. */
const MAPS = new Set([
  'properties',
  'patternProperties',
  'definitions',
  '$defs',
  'dependentSchemas',
  'dependencies',
])
/** Keywords that hold data. */
const DATA = new Set(['enum', 'const', 'default', 'examples', 'required', 'type'])
/** Names and places: each schema is compiled by itself, and `$schema` has already chosen the compiler. */
const NAMES = [
  '$schema',
  'self',
  '$id',
  'id',
  '$anchor',
  '$dynamicAnchor',
  '$recursiveAnchor',
  '__proto__',
  COST,
]

/**
 * Copies a schema without what can't be followed: nothing is ever fetched, and no pattern may take long. Other files
 * that `find` knows are copied into its definitions. Every part counts the steps that checking it takes. Throws when it
 * is nested too deep, or a pattern is not a regular expression.
 */
export function prepareSchema(
  schema: Record<string, unknown>,
  place: SchemaName,
  find: FindSchema = () => undefined,
): PreparedSchema {
  const gaps: string[] = []
  /** The files that are part of it, by reference, each with the place where it is copied to. */
  const files = new Map([[refOf(place), '#']])
  const waiting: OtherSchema[] = []
  let home: OtherSchema = { place, schema }
  const rules = copy(schema, '#', 0) as Record<string, unknown>
  const others: Record<string, unknown> = {}
  for (let other = waiting.shift(); other !== undefined; other = waiting.shift()) {
    home = other
    const ref = refOf(other.place)
    others[nameOf(ref)] = copy(other.schema, `${ref}#`, 0)
  }
  if (files.size > 1)
    rules['definitions'] = { ...(isObject(rules['definitions']) ? rules['definitions'] : {}), ...others }
  return { rules, gaps }

  /** Where a reference points to in the copy; undefined when its target is unknown. */
  function follow(ref: string): string | undefined {
    const hash = ref.includes('#') ? ref.indexOf('#') : ref.length
    const [address, fragment] = [ref.slice(0, hash), ref.slice(hash + 1)]
    const target = address === '' ? home : find(address, home.place)
    if (target === undefined) return undefined
    const isRoot = refOf(target.place) === refOf(place)
    if (!resolves(isRoot ? schema : target.schema, `#${fragment}`)) return undefined
    const at = placeIn(target)
    return at === undefined ? undefined : `${at}${fragment}`
  }

  function placeIn(target: OtherSchema): string | undefined {
    const ref = refOf(target.place)
    const known = files.get(ref)
    if (known !== undefined) return known
    if (files.size > OTHERS_MAX) return undefined
    const at = `#/definitions/${encodeURIComponent(nameOf(ref))}`
    files.set(ref, at)
    waiting.push(target)
    return at
  }

  function copy(node: unknown, at: string, depth: number): unknown {
    if (typeof node !== 'object' || node === null) return node
    if (depth > DEPTH_MAX) throw new Error(`${at.slice(0, 200)} is nested more than ${DEPTH_MAX} deep.`)
    if (Array.isArray(node)) return node.map((each, i) => copy(each, `${at}/${i}`, depth + 1))
    const rules = checkable(node as Record<string, unknown>, at)
    for (const [key, value] of Object.entries(rules))
      if (MAPS.has(key) && isObject(value))
        rules[key] = Object.fromEntries(
          Object.entries(value).map(([name, each]) => [name, copy(each, `${at}/${key}/${name}`, depth + 1)]),
        )
      else if (!DATA.has(key)) rules[key] = copy(value, `${at}/${key}`, depth + 1)
    rules[COST] = costOf(rules)
    return rules
  }

  /** The keywords of one part, less those that can't be checked. */
  function checkable(node: Record<string, unknown>, at: string): Record<string, unknown> {
    const rules = { ...node }
    for (const name of NAMES) delete rules[name]
    const leave = (keyword: string, why: string): void => {
      delete rules[keyword]
      gaps.push(`${at}/${keyword} ${why}, so any value is accepted there`)
    }
    const { $ref: ref, pattern, patternProperties } = rules
    if (typeof ref === 'string') {
      const followed = follow(ref)
      if (followed === undefined)
        leave('$ref', `points to ${ref.slice(0, 200)}, which is not in the folders of schemas`)
      else rules['$ref'] = followed
    }
    for (const keyword of ['$dynamicRef', '$recursiveRef'])
      if (keyword in rules) leave(keyword, 'is not followed')
    if (typeof pattern === 'string' && isUncheckable(pattern, `${at}/pattern`)) leave('pattern', UNCHECKABLE)
    if (
      isObject(patternProperties) &&
      Object.keys(patternProperties).some(each => isUncheckable(each, `${at}/patternProperties`))
    ) {
      leave('patternProperties', UNCHECKABLE)
      // Other properties are those that no pattern matches, which is unknown without the patterns.
      for (const others of ['additionalProperties', 'unevaluatedProperties']) delete rules[others]
    }
    return rules
  }
}

const UNCHECKABLE = 'uses what RE2 lacks (look-around, back references, large repetitions)'

/** Whether a pattern can't be matched in bounded time. Throws when it is not a pattern at all. */
function isUncheckable(pattern: string, at: string): boolean {
  if (compilePattern(pattern) !== undefined) return false
  try {
    new RegExp(pattern)
  } catch (error) {
    throw new Error(`${at}: ${(error as Error).message}`, { cause: error })
  }
  return true
}

/** The cost of checking one part: one step, and one for each thing that it lists. */
function costOf(rules: Record<string, unknown>): number {
  let cost = 1
  for (const value of Object.values(rules))
    if (Array.isArray(value)) cost += value.length
    else if (isObject(value)) cost += Object.keys(value).length
  return cost
}

/** No slash, which a JSON pointer would have to escape. */
const nameOf = (ref: string): string => `${OTHER}${ref.replaceAll('/', ':')}`

function resolves(schema: Record<string, unknown>, ref: string): boolean {
  if (ref === '#') return true
  if (!ref.startsWith('#/')) return false
  let node: unknown = schema
  for (const part of ref.slice(2).split('/')) {
    const key = decode(part).replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return false
    node = (node as Record<string, unknown>)[key]
  }
  return isObject(node) || typeof node === 'boolean'
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
