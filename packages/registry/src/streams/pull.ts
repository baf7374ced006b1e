import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { StreamName } from '@sluicebox/event/records'
import { isSameSchema } from './canonical.ts'
import { currentSchema, schemaVersions } from './folder.ts'
import type { SchemaServer } from './server.ts'
import { subjectOf } from './subject.ts'

export interface PullOptions {
  readonly subjectPrefix: string
  /** The folder of the schemas that ship: what means the same is written in its words. */
  readonly dir: string
  readonly outDir: string
}

/**
 * Writes what the registry holds of a stream in the layout of the schemas that ship, so that a diff of both folders
 * shows where they differ: every version, and the newest as `<stream>.avsc`. Gives the files, none without a subject.
 */
export async function pullStream(
  server: SchemaServer,
  stream: StreamName,
  { subjectPrefix, dir, outDir }: PullOptions,
): Promise<string[]> {
  const versions = await server.versions(subjectOf(stream, subjectPrefix))
  const ours = [currentSchema(stream, dir), ...schemaVersions(stream, dir).map(({ schema }) => schema)]
  const inOurWords = (text: string): string =>
    ours.find(each => isSameSchema(each, text)) ?? `${JSON.stringify(JSON.parse(text), null, 2)}\n`

  const files = versions.map(({ version, schema }) =>
    write(join('avro/versions', `${stream}-${version}.avsc`), schema),
  )
  const newest = versions.at(-1)
  return newest === undefined ? [] : [write(join('avro', `${stream}.avsc`), newest.schema), ...files]

  function write(name: string, text: string): string {
    const file = join(outDir, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, inOurWords(text))
    return file
  }
}
