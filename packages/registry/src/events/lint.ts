import { patternFault } from './pattern.ts'
import type { Draft } from './validate.ts'

/** Schemas larger than this are refused: compiling one takes memory and time in proportion. */
export const SCHEMA_BYTES_MAX = 256 * 1024
const DEPTH_MAX = 32
const UNIQUE_ITEMS_MAX = 1_000

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
const DATA = new Set(['enum', 'const', 'default', 'examples', 'self', 'required', 'type'])

// Schemas are compiled to code that runs on strangers' data: what makes that slow or unbounded is refused when the
// schema is read, not found out when an event arrives.

/** Why `schema` must not be compiled: one sentence for each fault, with where it stands. */
export function lintSchema(schema: Record<string, unknown>, draft: Draft): string[] {
  const faults: string[] = []
  visit(schema, '#', 0)
  return faults

  function visit(node: unknown, at: string, depth: number): void {
    if (typeof node !== 'object' || node === null) return
    if (depth > DEPTH_MAX) {
      faults.push(`${at.slice(0, 200)} is nested more than ${DEPTH_MAX} deep.`)
      return
    }
    if (!Array.isArray(node)) check(node as Record<string, unknown>, at)
    for (const [key, value] of Object.entries(node)) {
      if (DATA.has(key)) continue
      if (MAPS.has(key) && typeof value === 'object' && value !== null)
        for (const [name, each] of Object.entries(value)) visit(each, `${at}/${key}/${name}`, depth + 1)
      else visit(value, `${at}/${key}`, depth + 1)
    }
  }

  function check(node: Record<string, unknown>, at: string): void {
    const { $ref: ref, pattern, maxLength, patternProperties, uniqueItems, maxItems } = node
    if (typeof ref === 'string' && !resolves(schema, ref))
      faults.push(`${at}/$ref points to ${ref}; only places in the same file (#/…) are followed.`)
    for (const keyword of ['$dynamicRef', '$recursiveRef'])
      if (keyword in node) faults.push(`${at}/${keyword} is not followed; write $ref.`)
    if (typeof pattern === 'string') checkPattern(pattern, maxLength, `${at}/pattern`)
    if (typeof patternProperties === 'object' && patternProperties !== null)
      for (const each of Object.keys(patternProperties))
        checkPattern(each, undefined, `${at}/patternProperties`)
    if (uniqueItems === true && !(typeof maxItems === 'number' && maxItems <= UNIQUE_ITEMS_MAX))
      faults.push(`${at}/uniqueItems compares all with all: add "maxItems" of at most ${UNIQUE_ITEMS_MAX}.`)
  }

  function checkPattern(pattern: string, maxLength: unknown, at: string): void {
    const fault = patternFault(pattern, {
      charsMax: typeof maxLength === 'number' ? maxLength : undefined,
      unicode: draft !== '04',
    })
    if (fault !== '') faults.push(`${at} ${fault}`)
  }
}

function resolves(schema: Record<string, unknown>, ref: string): boolean {
  if (ref === '#') return true
  if (!ref.startsWith('#/')) return false
  let node: unknown = schema
  for (const part of ref.slice(2).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return false
    node = (node as Record<string, unknown>)[key]
  }
  return typeof node === 'object'
}
