import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import avro from 'avsc'

export const STREAMS = ['raw', 'good', 'bad', 'scored'] as const
export type StreamName = (typeof STREAMS)[number]

export type Fields = Readonly<Record<string, unknown>>

/** Gives the fields of a record in Confluent framing; undefined where the bytes are none of the stream's records. */
export type Decode = (value: Buffer | null) => Fields | undefined

const SCHEMAS_DIR = join(import.meta.dirname, '../../../schemas/avro')
const MAGIC = 0
const FRAME_BYTES = 5

export function schemaText(stream: StreamName): string {
  return readFileSync(join(SCHEMAS_DIR, `${stream}.avsc`), 'utf8')
}

/** A decoder for what was written under the id of the schema, wherever the id comes from. */
export function createDecode(schema: string, id: number): Decode {
  const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema)
  return value => {
    if (value === null || value.length < FRAME_BYTES) return undefined
    if (value[0] !== MAGIC || value.readUInt32BE(1) !== id) return undefined
    try {
      return type.fromBuffer(value.subarray(FRAME_BYTES)) as Fields
    } catch {
      return undefined
    }
  }
}

/** The id of a schema where there is no registry: 31 bits of the SHA-256 of its compact JSON. */
export function folderSchemaId(schema: string): number {
  return (
    createHash('sha256')
      .update(JSON.stringify(JSON.parse(schema)))
      .digest()
      .readUInt32BE(0) >>> 1
  )
}

/** The id that a registry gave to the latest schema of a stream. */
export async function registrySchemaId(url: string, prefix: string, stream: StreamName): Promise<number> {
  const subject = `${prefix}${stream}-value`
  const response = await fetch(`${url}/subjects/${encodeURIComponent(subject)}/versions/latest`)
  if (!response.ok) throw new Error(`the registry answered ${response.status} for the subject ${subject}`)
  return ((await response.json()) as { id: number }).id
}
