import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { lintSchema, SCHEMA_BYTES_MAX } from './lint.ts'
import { compileSchema, type Draft, type Validator } from './validate.ts'

/** A schema file that was read and found fit to be compiled. */
export interface StoredSchema {
  readonly ref: string
  readonly file: string
  readonly schema: Record<string, unknown>
  compile(): Validator
}

const VENDOR = /^[a-zA-Z0-9_.-]{1,128}$/
const NAME = /^[a-zA-Z0-9_-]{1,128}$/
const VERSION = /^[1-9][0-9]{0,5}-(?:0|[1-9][0-9]{0,5})-(?:0|[1-9][0-9]{0,5})$/
const SELF_DESCRIBING = 'com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0'

/** Reads and lints every schema of a folder. Throws with all faults found, each with its file. */
export function readEventSchemas(dir: string): StoredSchema[] {
  if (!existsSync(dir))
    throw new Error(
      `There is no folder of event schemas at ${dir}: create it, or take it out of the configuration.`,
    )
  const faults: string[] = []
  const schemas: StoredSchema[] = []
  for (const { vendor, name, version, file } of schemaFiles(dir)) {
    const read = readSchema(file, { vendor, name, version })
    if ('faults' in read) faults.push(...read.faults.map(fault => `${file}: ${fault}`))
    else schemas.push(read)
  }
  if (faults.length > 0)
    throw new Error(`The event schemas in ${dir} can't be used as they are:\n  ${faults.join('\n  ')}`)
  return schemas
}

interface SchemaName {
  readonly vendor: string
  readonly name: string
  readonly version: string
}

function* schemaFiles(dir: string): Generator<SchemaName & { file: string }> {
  for (const vendor of folders(dir, VENDOR))
    for (const name of folders(join(dir, vendor), NAME)) {
      const own = join(dir, vendor, name)
      for (const entry of readdirSync(own).sort()) {
        const version = entry.replace(/\.json$/, '')
        if (entry !== version && VERSION.test(version))
          yield { vendor, name, version, file: join(own, entry) }
      }
      const iglu = join(own, 'jsonschema')
      if (existsSync(iglu))
        for (const version of readdirSync(iglu).sort())
          if (VERSION.test(version)) yield { vendor, name, version, file: join(iglu, version) }
    }
}

function folders(dir: string, pattern: RegExp): string[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && pattern.test(entry.name))
    .map(entry => entry.name)
    .sort()
}

function readSchema(file: string, path: SchemaName): StoredSchema | { faults: string[] } {
  if (statSync(file).size > SCHEMA_BYTES_MAX)
    return { faults: [`is larger than ${SCHEMA_BYTES_MAX / 1024} KiB: split it.`] }
  let schema: Record<string, unknown>
  try {
    schema = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  } catch (error) {
    return { faults: [`is not JSON: ${(error as Error).message}`] }
  }
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    return { faults: ['is not a JSON object.'] }

  const draft = draftOf(schema['$schema'])
  if (draft === undefined)
    return {
      faults: [
        `has "$schema": ${JSON.stringify(schema['$schema'])}; write the edition that it is meant for, such as "http://json-schema.org/draft-07/schema#".`,
      ],
    }
  const faults = [...selfFaults(schema['self'], path), ...lintSchema(schema, draft)]
  if (faults.length > 0) return { faults }
  const ref = `iglu:${path.vendor}/${path.name}/jsonschema/${path.version}`
  return { ref, file, schema, compile: () => compileSchema(schema, draft) }
}

function selfFaults(self: unknown, path: SchemaName): string[] {
  const wanted = { vendor: path.vendor, name: path.name, format: 'jsonschema', version: path.version }
  const given = (self ?? {}) as Record<string, unknown>
  return Object.entries(wanted)
    .filter(([key, value]) => given[key] !== value)
    .map(
      ([key, value]) =>
        `its place asks for "self": {"${key}": "${value}"}, not ${JSON.stringify(given[key])}.`,
    )
}

/** Iglu's own meta-schema is draft 4 with `self`. */
function draftOf(uri: unknown): Draft | undefined {
  if (typeof uri !== 'string') return undefined
  if (uri.replace(/#$/, '').endsWith(SELF_DESCRIBING)) return '04'
  const draft = /^https?:\/\/json-schema\.org\/(?:draft-(04|06|07)|draft\/(2019-09|2020-12))\/schema#?$/.exec(
    uri,
  )
  // Draft 6 is draft 7 without if, then and else.
  return (draft?.[1] === '06' ? '07' : (draft?.[1] ?? draft?.[2])) as Draft | undefined
}
