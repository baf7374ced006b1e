import { setTimeout as sleep } from 'node:timers/promises'
import { createCodec, type Codec } from '@sluicebox/event/codec'
import { STREAMS, type StreamName, type StreamRecords } from '@sluicebox/event/records'
import { isSameSchema } from './canonical.ts'
import type { RegistryConfig } from '../config.ts'
import { contentId, currentSchema, folderCodec, SCHEMAS_DIR, schemaVersions } from './folder.ts'
import { pushStream } from './push.ts'
import { openServer, type SchemaServer } from './server.ts'
import { subjectOf } from './subject.ts'
import { RegistryUnreachable } from './transport.ts'

/** Which fields of a stream's records to decode, where not all. */
export interface CodecOptions<Name extends StreamName> {
  readonly project?: readonly (keyof StreamRecords[Name] & string)[]
}

/** The schemas of the streams, and the ids that records carry. */
export interface StreamRegistry {
  /**
   * A codec for the stream. Rejects with `RegistryUnreachable` when the server can't be asked now; with another error
   * when asking again would not help, such as a schema that the server lacks.
   */
  codec<Name extends StreamName>(
    stream: Name,
    options?: CodecOptions<Name>,
  ): Promise<Codec<StreamRecords[Name]>>
  /** The schema that the stream is written with here, and its id. Rejects as `codec` does. */
  schema(stream: StreamName): Promise<{ readonly id: number; readonly text: string }>
  /**
   * The schema of another writer; undefined when the registry certainly has no schema of this id. Rejects when that
   * can't be known now, so that the caller waits. Without a server only the schemas that ship are known, and this is
   * absent.
   */
  readonly fetchSchema?: (id: number) => Promise<string | undefined>
}

export interface StreamRegistryOptions {
  /** Put before the names of subjects: `shop.` makes `shop.raw-value`. */
  readonly subjectPrefix: string
  /** Where the schemas of this release are, unless those that ship. */
  readonly dir?: string
  /** After how long the server is asked again about a schema that it says it does not hold. */
  readonly confirmMs?: number
}

const CONFIRM_MS = 500
/** After this many unknown ids the records are at fault, and not a server that lags. */
const CONFIRMED_MAX = 20

/** The registry of the configuration; the folder of schemas that ships where it names none. Asks nothing yet. */
export async function openStreamRegistry(
  config: RegistryConfig,
  { subjectPrefix, dir = SCHEMAS_DIR, confirmMs = CONFIRM_MS }: StreamRegistryOptions,
): Promise<StreamRegistry> {
  const { url, autoRegister } = config
  if (url === undefined) return folderRegistry(dir)
  return serverRegistry({
    server: openServer({ ...config, url }),
    subjectPrefix,
    dir,
    autoRegister,
    confirmMs,
  })
}

function folderRegistry(dir: string): StreamRegistry {
  return {
    codec: async (stream, options) => folderCodec(stream, { dir, ...options }),
    async schema(stream) {
      const text = currentSchema(stream, dir)
      return { id: contentId(text), text }
    },
  }
}

interface ServerParts {
  readonly server: SchemaServer
  readonly subjectPrefix: string
  readonly dir: string
  readonly autoRegister: boolean
  readonly confirmMs: number
}

function serverRegistry({
  server,
  subjectPrefix,
  dir,
  autoRegister,
  confirmMs,
}: ServerParts): StreamRegistry {
  // Ids never change: each is fetched once. A fetch that failed is retried.
  const ids = new Map<StreamName, Promise<number>>()
  const known = new Map<number, string>()
  let absentCount = 0

  async function idOf(stream: StreamName): Promise<number> {
    const pending = ids.get(stream) ?? resolveId(stream)
    ids.set(stream, pending)
    try {
      return await pending
    } catch (error) {
      ids.delete(stream)
      throw error
    }
  }

  async function resolveId(stream: StreamName): Promise<number> {
    const subject = subjectOf(stream, subjectPrefix)
    const text = currentSchema(stream, dir)
    if (autoRegister) await register(stream)
    const id = await server.idOf(subject, text)
    if (id === undefined)
      throw new Error(
        `The schema registry at ${server.url} does not hold this release's schema of ${stream} under ${subject}. Register it: sluicebox schemas push`,
      )
    const stored = await server.schema(id)
    if (stored === undefined || !isSameSchema(stored, text))
      throw new Error(
        `The schema registry at ${server.url} says that the schema of ${stream} has id ${id} under ${subject}, and holds ${stored === undefined ? 'none' : 'another one'} by that id. No record can be written so. Compare: sluicebox schemas check`,
      )
    known.set(id, text)
    return id
  }

  async function register(stream: StreamName): Promise<void> {
    const { schemas } = await pushStream(server, stream, { subjectPrefix, dir })
    const refused = schemas.find(({ outcome }) => outcome === 'refused')
    if (refused !== undefined) throw new Error(refused.why)
  }

  /** Of several servers one may not know yet what another has just registered. */
  async function confirm(id: number): Promise<string | undefined> {
    if (absentCount >= CONFIRMED_MAX) return undefined
    await sleep(confirmMs)
    return server.schema(id)
  }

  /** A registry that has lost a schema which it gave before can't be trusted about what exists. */
  async function assertUnchanged(): Promise<void> {
    for (const [id, text] of known) {
      const stored = await server.schema(id)
      if (stored === undefined || !isSameSchema(stored, text))
        throw new RegistryUnreachable(
          `The schema registry at ${server.url} no longer holds schema ${id}, which it gave to this process: it has lost its data, or is another one. Bring its data back; until then it is not believed when it says that a schema does not exist.`,
        )
    }
  }

  return {
    async codec(stream, { project } = {}) {
      const id = await idOf(stream)
      return createCodec(currentSchema(stream, dir), id, project)
    },
    async schema(stream) {
      return { id: await idOf(stream), text: currentSchema(stream, dir) }
    },
    async fetchSchema(id) {
      const text = (await server.schema(id)) ?? (await confirm(id))
      if (text !== undefined) return text
      await assertUnchanged()
      absentCount++
      // Records from before there was a server carry ids made from the schema's text.
      return releasedSchemas(dir).find(each => contentId(each) === id)
    },
  }
}

function releasedSchemas(dir: string): string[] {
  return STREAMS.flatMap(stream => [
    currentSchema(stream, dir),
    ...schemaVersions(stream, dir).map(({ schema }) => schema),
  ])
}
