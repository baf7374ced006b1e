import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCodec, type Codec } from '@sluicebox/event/codec'
import type { StreamName, StreamRecords } from '@sluicebox/event/records'

/** The schemas that ship with Sluicebox. */
export const SCHEMAS_DIR = join(import.meta.dirname, '../../../schemas')

/**
 * The codec of a stream, from the Avro schema in `<dir>/avro/<stream>.avsc`. Its id needs no server: it is made
 * from the schema's text, so that every process that has the file agrees on it.
 */
export function folderCodec<Name extends StreamName>(
  stream: Name,
  options: { dir?: string; project?: readonly (keyof StreamRecords[Name] & string)[] } = {},
): Codec<StreamRecords[Name]> {
  const schema = readFileSync(join(options.dir ?? SCHEMAS_DIR, 'avro', `${stream}.avsc`), 'utf8')
  return createCodec<StreamRecords[Name]>(schema, contentId(schema), options.project)
}

/** 31 bits of the SHA-256 of the schema as compact JSON: positive, as the wire format wants it. */
export function contentId(schema: string): number {
  const compact = JSON.stringify(JSON.parse(schema))
  return createHash('sha256').update(compact).digest().readUInt32BE(0) >>> 1
}
