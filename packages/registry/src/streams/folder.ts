import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCodec, type Codec } from '@sluicebox/event/codec'
import type { StreamName, StreamRecords } from '@sluicebox/event/records'

/** The schemas that ship with Sluicebox. */
export const SCHEMAS_DIR = join(import.meta.dirname, '../../../../schemas')

/**
 * The codec of a stream, from the Avro schema in `<dir>/avro/<stream>.avsc`. Its id needs no server: it is made
 * from the schema's text, so that every process that has the file agrees on it. It also reads what was written with
 * the earlier versions in `<dir>/avro/versions`.
 */
export function folderCodec<Name extends StreamName>(
  stream: Name,
  options: { dir?: string; project?: readonly (keyof StreamRecords[Name] & string)[] } = {},
): Codec<StreamRecords[Name]> {
  const schema = currentSchema(stream, options.dir)
  const codec = createCodec<StreamRecords[Name]>(schema, contentId(schema), options.project)
  for (const earlier of schemaVersions(stream, options.dir))
    codec.learn(contentId(earlier.schema), earlier.schema)
  return codec
}

/** The schema that a stream is written with: `<dir>/avro/<stream>.avsc`. */
export function currentSchema(stream: StreamName, dir = SCHEMAS_DIR): string {
  return readFileSync(join(dir, 'avro', `${stream}.avsc`), 'utf8')
}

/** The versions of a stream's schema that were released: `<dir>/avro/versions/<stream>-<version>.avsc`, in order. */
export function schemaVersions(stream: StreamName, dir = SCHEMAS_DIR): { version: number; schema: string }[] {
  const versions = join(dir, 'avro/versions')
  if (!existsSync(versions)) return []
  return readdirSync(versions)
    .map(file => ({ file, version: Number(new RegExp(`^${stream}-(\\d+)\\.avsc$`).exec(file)?.[1]) }))
    .filter(({ version }) => !Number.isNaN(version))
    .map(({ file, version }) => ({ version, schema: readFileSync(join(versions, file), 'utf8') }))
    .sort((a, b) => a.version - b.version)
}

/** 31 bits of the SHA-256 of the schema as compact JSON: positive, as the wire format wants it. */
export function contentId(schema: string): number {
  const compact = JSON.stringify(JSON.parse(schema))
  return createHash('sha256').update(compact).digest().readUInt32BE(0) >>> 1
}
