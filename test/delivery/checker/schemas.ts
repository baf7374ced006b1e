import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import avro from 'avsc'

export const STREAMS = ['raw', 'good', 'bad', 'scored'] as const
export type StreamName = (typeof STREAMS)[number]

export type Fields = Readonly<Record<string, unknown>>

const SCHEMAS_DIR = join(import.meta.dirname, '../../../schemas/avro')
const MAGIC = 0
const FRAME_BYTES = 5

export function schemaText(stream: StreamName): string {
  return readFileSync(join(SCHEMAS_DIR, `${stream}.avsc`), 'utf8')
}

/** The id that a record in Confluent framing names; undefined where the bytes are not framed so. */
export function framedId(value: Buffer | null): number | undefined {
  return value !== null && value.length >= FRAME_BYTES && value[0] === MAGIC
    ? value.readUInt32BE(1)
    : undefined
}

/** Finds the schema of an id. */
export type FindSchema = (id: number) => Promise<string | undefined>

/** The fields of the records, each read with the schema that it names; undefined where it can't be read so. */
export async function decodeAll(
  values: readonly (Buffer | null)[],
  find: FindSchema,
): Promise<(Fields | undefined)[]> {
  const types = new Map<number, avro.Type | undefined>()
  for (const id of new Set(values.map(framedId))) {
    const schema = id === undefined ? undefined : await find(id)
    if (id !== undefined && schema !== undefined)
      types.set(id, avro.Type.forSchema(JSON.parse(schema) as avro.Schema))
  }
  return values.map(value => {
    const type = types.get(framedId(value) ?? -1)
    if (type === undefined) return undefined
    try {
      return type.fromBuffer(value!.subarray(FRAME_BYTES)) as Fields
    } catch {
      return undefined
    }
  })
}

/** Without a registry: 31 bits of the SHA-256 of a schema's compact JSON are its id. */
export function folderSchemas(stream: StreamName): FindSchema {
  const schema = schemaText(stream)
  const own =
    createHash('sha256')
      .update(JSON.stringify(JSON.parse(schema)))
      .digest()
      .readUInt32BE(0) >>> 1
  return async id => (id === own ? schema : undefined)
}

export function registrySchemas(url: string): FindSchema {
  return async id => {
    const response = await fetch(`${url}/schemas/ids/${id}`)
    if (response.status === 404) return undefined
    if (!response.ok) throw new Error(`the registry answered ${response.status} for the schema ${id}`)
    return ((await response.json()) as { schema: string }).schema
  }
}
