import { join } from 'node:path'
import type { SchemaError, Validator } from './validate.ts'
import { readEventSchemas, type StoredSchema } from './event-folder.ts'
import { SCHEMAS_DIR } from '../streams/folder.ts'

export type { SchemaError, Validator }

/** The event schemas that ship with Sluicebox. */
export const EVENT_SCHEMAS_DIR = join(SCHEMAS_DIR, 'events')

/** What is known about the shape of events and entities. */
export interface EventSchemas {
  /**
   * The validator of `iglu:vendor/name/jsonschema/1-0-0`, the same one each time. Undefined means that no folder
   * holds that schema, or `ref` is not a reference.
   */
  validator(ref: string): Validator | undefined
  /** The newest known schema of the name and model of `ref`, where `ref` is newer than it; undefined for none. */
  newest(ref: string): string | undefined
  /** Every schema, by reference: for pages that list them. */
  list(): readonly EventSchemaDescription[]
}

export interface EventSchemaDescription {
  readonly ref: string
  readonly description: string
  /** The file that the schema was read from. */
  readonly file: string
  /** Its top-level properties. */
  readonly fields: readonly EventField[]
}

export interface EventField {
  readonly name: string
  /** `string`, `integer or null`, or empty where the schema does not say. */
  readonly type: string
  readonly required: boolean
  readonly description: string
}

/**
 * Reads the schemas of the folders in `dirs`, then those that ship with Sluicebox; of two with one reference the
 * first wins, so that a site can put its own in the place of ours. A folder holds `<vendor>/<name>/<version>.json`, or
 * Iglu's `<vendor>/<name>/jsonschema/<version>`. Throws with every fault of every file when one can't be used.
 **/
export function loadEventSchemas(dirs: readonly string[]): EventSchemas {
  const folders = [...dirs.filter(dir => dir !== EVENT_SCHEMAS_DIR), EVENT_SCHEMAS_DIR]
  const stored = new Map<string, StoredSchema>()
  for (const schema of folders.flatMap(readEventSchemas))
    if (!stored.has(schema.ref)) stored.set(schema.ref, schema)

  const validators = new Map<string, Validator>()
  // A site's own schemas are compiled now, so that what is wrong with them stops the start and not a partition;
  // ours are tested, and wait until they are asked for.
  const faults: string[] = []
  for (const { ref, file, compile } of stored.values()) {
    if (file.startsWith(EVENT_SCHEMAS_DIR)) continue
    try {
      validators.set(ref, compile())
    } catch (error) {
      faults.push(`${file}: is not a schema: ${(error as Error).message}`)
    }
  }
  if (faults.length > 0) throw new Error(`Some event schemas can't be used:\n  ${faults.join('\n  ')}`)

  function validator(ref: string): Validator | undefined {
    const compiled = validators.get(ref)
    if (compiled !== undefined) return compiled
    // Only references of files that were read are keys: nothing that an event says reaches the disk.
    const schema = stored.get(ref)
    if (schema === undefined) return undefined
    const validate = schema.compile()
    validators.set(ref, validate)
    return validate
  }

  const newestOf = new Map<string, string>()
  for (const ref of stored.keys()) {
    const model = modelOf(ref)
    const before = newestOf.get(model)
    if (before === undefined || isNewer(ref, before)) newestOf.set(model, ref)
  }

  return {
    validator,
    newest(ref) {
      const newest = newestOf.get(modelOf(ref))
      return newest !== undefined && isNewer(ref, newest) ? newest : undefined
    },
    list: () => [...stored.values()].map(describe).sort((a, b) => (a.ref < b.ref ? -1 : 1)),
  }
}

/** `iglu:vendor/name/jsonschema/2-1-0` → `iglu:vendor/name/jsonschema/2`. */
const modelOf = (ref: string): string => ref.slice(0, ref.indexOf('-', ref.lastIndexOf('/')))

/** Whether one version of a model comes after another. */
function isNewer(ref: string, other: string): boolean {
  const [[, revision = 0, addition = 0], [, otherRevision = 0, otherAddition = 0]] = [ref, other].map(each =>
    each
      .slice(each.lastIndexOf('/') + 1)
      .split('-')
      .map(Number),
  ) as [number[], number[]]
  return revision > otherRevision || (revision === otherRevision && addition > otherAddition)
}

function describe({ ref, file, schema }: StoredSchema): EventSchemaDescription {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Record<string, unknown>>)
  const required = new Set((schema['required'] ?? []) as string[])
  return {
    ref,
    file,
    description: text(schema['description']),
    fields: properties.map(([name, property]) => ({
      name,
      type: [property['type'] ?? []].flat().join(' or '),
      required: required.has(name),
      description: text(property['description']),
    })),
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
