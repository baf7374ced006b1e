import { prepareSchema, type PreparedSchema } from './prepare.ts'
import { refOf, type FindSchema, type OtherSchema, type SchemaName } from './reference.ts'
import { compileSchema, schemaFault, type Draft, type Validator } from './validate.ts'

/** A schema that can be used. */
export interface ParsedSchema {
  readonly ref: string
  readonly schema: Record<string, unknown>
  /** Parts that accept everything, since they can't be checked here: one sentence each. */
  readonly gaps: readonly string[]
  /** Takes some milliseconds. Throws when the compiler finds a fault that the edition's own schema does not. */
  compile(): Validator
}

/** Schemas larger than this are refused: compiling one takes memory and time in proportion. */
export const SCHEMA_BYTES_MAX = 256 * 1024
const SELF_DESCRIBING = 'com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0'

/**
 * Reads the text of a schema whose path means the reference `place`. Returns the faults if it can't be used. Other
 * schemas that it refers to are those that `find` knows.
 */
export function parseSchema(
  text: string,
  place: SchemaName,
  find: FindSchema,
): ParsedSchema | { readonly faults: readonly string[] } {
  let schema: Record<string, unknown>
  try {
    schema = JSON.parse(text.replace(/^\ufeff/, '')) as Record<string, unknown>
  } catch (error) {
    return { faults: [`is not JSON: ${(error as Error).message}`] }
  }
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    return { faults: ['is not a JSON object'] }
  const draft = draftOf(schema['$schema'])
  if (draft === undefined)
    return {
      faults: [
        `has "$schema": ${JSON.stringify(schema['$schema'])}; write the edition that it is meant for, such as "http://json-schema.org/draft-07/schema#"`,
      ],
    }
  const faults = selfFaults(schema['self'], place)
  if (faults.length > 0) return { faults }
  let prepared: PreparedSchema
  try {
    prepared = prepareSchema(schema, place, (address, from) => {
      const other = find(address, from)
      return other !== undefined && fits(other, draft) ? other : undefined
    })
  } catch (error) {
    return { faults: [(error as Error).message] }
  }
  const { rules, gaps } = prepared
  const fault = schemaFault(rules, draft)
  if (fault !== undefined) return { faults: [`is not a schema: ${fault}`] }
  return { ref: refOf(place), schema, gaps, compile: () => compileSchema(rules, draft) }
}

/** Whether another schema is of the same edition and has no fault. One that has costs only the part that refers to it. */
function fits({ schema, place }: OtherSchema, draft: Draft): boolean {
  if (draftOf(schema['$schema']) !== draft) return false
  try {
    return schemaFault(prepareSchema(schema, place).rules, draft) === undefined
  } catch {
    return false
  }
}

function selfFaults(self: unknown, { vendor, name, version }: SchemaName): string[] {
  const given = (self ?? {}) as Record<string, unknown>
  return Object.entries({ vendor, name, format: 'jsonschema', version })
    .filter(([key, value]) => given[key] !== value)
    .map(
      ([key, value]) =>
        `its place asks for "self": {"${key}": "${value}"}, not ${JSON.stringify(given[key])?.slice(0, 200)}`,
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
