import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseSchema, SCHEMA_BYTES_MAX, type ParsedSchema } from './parse-schema.ts'
import { isName, isVendor, isVersion, type FindSchema, type SchemaName } from './reference.ts'

/** A schema and the file that it was read from. */
export interface StoredSchema extends ParsedSchema {
  readonly file: string
}

/** A file of a schema: its path, and the reference that its path means. */
export interface SchemaFile extends SchemaName {
  readonly file: string
}

/** A file that can't be used, or a part of one that can't be checked. */
export interface SchemaFinding {
  readonly file: string
  /** `unusable`: events that refer to it have an unknown schema. `unchecked`: a part of it is not checked. */
  readonly level: 'unusable' | 'unchecked'
  readonly reason: string
}

const EMPTY = 'holds no schema: one is <vendor>/<name>/<version>.json in it'

/**
 * Reads every schema of a folder; `find` knows the others that it may refer to. What can't be used is reported and left out. Throws when there is no such folder, or
 * it can't be read.
 */
export function readEventSchemas(
  dir: string,
  find: FindSchema,
  report: (finding: SchemaFinding) => void,
): StoredSchema[] {
  const schemas: StoredSchema[] = []
  const places = listSchemaFiles(dir)
  if (places.length === 0) report({ file: dir, level: 'unusable', reason: EMPTY })
  for (const place of places) {
    const { file } = place
    const read = readSchema(place, find)
    if ('faults' in read) report({ file, level: 'unusable', reason: read.faults.join('; ') })
    else {
      if (read.gaps.length > 0) report({ file, level: 'unchecked', reason: read.gaps.join('; ') })
      schemas.push({ ...read, file })
    }
  }
  return schemas
}

/**
 * Lists the files of a folder that are schemas by their place: `<vendor>/<name>/<version>.json`, or as Iglu has them,
 * `<vendor>/<name>/jsonschema/<version>`. A folder `schemas` in it, as in a checkout of a registry, is the folder meant.
 */
export function listSchemaFiles(dir: string): SchemaFile[] {
  const root = schemasRoot(dir)
  const files: SchemaFile[] = []
  for (const vendor of folders(root, isVendor))
    for (const name of folders(join(root, vendor), isName)) {
      const own = join(root, vendor, name)
      for (const entry of list(own)) {
        const version = entry.name.replace(/\.json$/, '')
        if (entry.name !== version && isVersion(version))
          files.push({ vendor, name, version, file: join(own, entry.name) })
        if (entry.name !== 'jsonschema' || !entry.isDirectory()) continue
        for (const { name: version } of list(join(own, entry.name)))
          if (isVersion(version))
            files.push({ vendor, name, version, file: join(own, 'jsonschema', version) })
      }
    }
  return files
}

/** The folder of the vendors: a checkout of a registry has it in `schemas`. */
export function schemasRoot(dir: string): string {
  const isCheckout = list(dir).some(entry => entry.name === 'schemas' && entry.isDirectory())
  return isCheckout ? join(dir, 'schemas') : dir
}

function folders(dir: string, isRight: (name: string) => boolean): string[] {
  return list(dir)
    .filter(entry => entry.isDirectory() && isRight(entry.name))
    .map(({ name }) => name)
}

function list(dir: string) {
  try {
    return readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT')
      throw new Error(
        `There is no folder of event schemas at ${dir}: create it, or take it out of the configuration.`,
        { cause: error },
      )
    throw new Error(`The folder of event schemas ${dir} can't be read: ${message}.`, { cause: error })
  }
}

function readSchema(
  place: SchemaFile,
  find: FindSchema,
): ParsedSchema | { readonly faults: readonly string[] } {
  const read = readSchemaText(place.file)
  return typeof read === 'string' ? parseSchema(read, place, find) : { faults: [read.fault] }
}

/** Reads the text of a schema, or returns why it can't be used: the file can't be read, or is too large. */
export function readSchemaText(file: string): string | { readonly fault: string } {
  try {
    const stat = statSync(file)
    if (!stat.isFile()) return { fault: 'is not a file' }
    if (stat.size > SCHEMA_BYTES_MAX)
      return { fault: `is larger than ${SCHEMA_BYTES_MAX / 1024} KiB: split it` }
    return readFileSync(file, 'utf8')
  } catch (error) {
    return { fault: `can't be read: ${(error as Error).message}` }
  }
}
