import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StreamName } from '@sluicebox/event/records'
import { contentId, schemaVersions, SCHEMAS_DIR } from '@sluicebox/registry/streams/folder'
import type { Schemas } from '@sluicebox/service/schemas'

/** The Avro schemas that the records of a stream are written with. */
export interface StreamSchemas {
  /** The schema that objects are written with. */
  readonly id: number
  readonly text: string
  /**
   * Returns the text of another writer's schema; undefined when no schema has this id. Rejects while the registry
   * can't be reached: the partition then waits, and nothing is archived as unreadable.
   */
  lookup(id: number): Promise<string | undefined>
}

/** The schemas that ship with Sluicebox, and the versions of them that were released before. */
export function folderSchemas(stream: StreamName, dir: string = SCHEMAS_DIR): StreamSchemas {
  const text = readFileSync(join(dir, 'avro', `${stream}.avsc`), 'utf8')
  return {
    id: contentId(text),
    text,
    lookup: async id => schemaVersions(stream, dir).find(({ schema }) => contentId(schema) === id)?.schema,
  }
}

/** Returns the same with a schema registry, where the service has one: the shipped schemas under the registry's ids, and
 * other writers' schemas as the registry has them. */
export async function archivedSchemas(
  { schema, fetchSchema }: Pick<Schemas, 'schema' | 'fetchSchema'>,
  streams: readonly StreamName[],
): Promise<(stream: StreamName) => StreamSchemas> {
  if (fetchSchema === undefined) return folderSchemas
  const found = new Map<StreamName, StreamSchemas>()
  for (const stream of streams) found.set(stream, { ...(await schema(stream)), lookup: fetchSchema })
  return stream => found.get(stream) as StreamSchemas
}
