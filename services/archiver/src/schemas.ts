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
   * The text of another writer's schema; undefined when there is certainly none of this id. Rejects when it can't
   * be known at the moment: the partition then waits, nothing is archived as unreadable.
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

/** The same, as the registry of a service knows them: our own schemas under its ids, others as it holds them. */
export async function archivedSchemas(
  { schema, fetchSchema }: Pick<Schemas, 'schema' | 'fetchSchema'>,
  streams: readonly StreamName[],
): Promise<(stream: StreamName) => StreamSchemas> {
  if (fetchSchema === undefined) return folderSchemas
  const found = new Map<StreamName, StreamSchemas>()
  for (const stream of streams) found.set(stream, { ...(await schema(stream)), lookup: fetchSchema })
  return stream => found.get(stream) as StreamSchemas
}
