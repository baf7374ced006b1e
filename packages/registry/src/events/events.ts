import { join } from 'node:path'
import type { SchemaError, Validator } from './validate.ts'
import { readEventSchemas, type SchemaFinding, type StoredSchema } from './event-folder.ts'
import { schemasIn } from './other-files.ts'
import { SCHEMAS_DIR } from '../streams/folder.ts'

export type { SchemaError, SchemaFinding, Validator }

/** The event schemas that ship with Sluicebox. */
export const EVENT_SCHEMAS_DIR = join(SCHEMAS_DIR, 'events')

/** The known schemas of events and entities. */
export interface EventSchemas {
  /**
   * The validator of `iglu:vendor/name/jsonschema/1-0-0`, the same one each time. Undefined means that no folder
   * holds that schema in a form that can be used, or `ref` is not a reference.
   */
  validator(ref: string): Validator | undefined
  /** The newest known schema with the name and model of `ref`, if `ref` is newer; undefined if there is none. */
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
 * Iglu's `<vendor>/<name>/jsonschema/<version>`. A file that can't be used is reported and left out, now or, in rare
 * cases, when an event first refers to it. Throws when a folder is missing or can't be read.
 **/
export function loadEventSchemas(
  dirs: readonly string[],
  report: (finding: SchemaFinding) => void = () => {},
): EventSchemas {
  const stored = new Map<string, StoredSchema>()
  const all = [...dirs.filter(dir => dir !== EVENT_SCHEMAS_DIR), EVENT_SCHEMAS_DIR]
  const find = schemasIn(all)
  for (const dir of all)
    for (const schema of readEventSchemas(dir, find, dir === EVENT_SCHEMAS_DIR ? refuse : report))
      if (!stored.has(schema.ref)) stored.set(schema.ref, schema)

  // A catalogue holds hundreds of schemas and a site uses only some, so each is compiled on its first use.
  const validators = new Map<string, Validator | undefined>()

  function validator(ref: string): Validator | undefined {
    const compiled = validators.get(ref)
    if (compiled !== undefined) return compiled
    // Only references of files that were read are keys, so the content of an event never leads to a path on the disk.
    const schema = stored.get(ref)
    if (schema === undefined || validators.has(ref)) return undefined
    const validate = compile(schema, report)
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

/** The schemas that ship are tested, so a fault in them is a fault of the installation. */
function refuse({ file, reason }: SchemaFinding): never {
  throw new Error(`${file}, which ships with Sluicebox, ${reason}: install it again.`)
}

function compile(
  { file, compile }: StoredSchema,
  report: (finding: SchemaFinding) => void,
): Validator | undefined {
  try {
    return compile()
  } catch (error) {
    report({ file, level: 'unusable', reason: `is not a schema: ${(error as Error).message}` })
    return undefined
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
