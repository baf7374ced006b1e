import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import type { Type } from 'avsc'
import { isSameSchema } from './canonical.ts'
import type { RegistryConfig } from '../config.ts'
import {
  createTransport,
  RegistryRefusal,
  RegistryUnreachable,
  type Method,
  type Transport,
} from './transport.ts'

/** How streams evolve: every version reads, and is read by, every earlier one. */
export const COMPATIBILITY_LEVEL = COMPATIBILITY.FULL_TRANSITIVE

/** One version of a subject. */
export interface SubjectVersion {
  readonly version: number
  readonly id: number
  readonly schema: string
}

/**
 * A schema registry that speaks the Confluent protocol. Results are undefined for what it certainly does not hold. All
 * methods reject with `RegistryUnreachable` when nothing is known, and with `RegistryRefusal` when it refuses.
 */
export interface SchemaServer {
  readonly url: string
  /** The Avro schema under this id, as JSON text. */
  schema(id: number): Promise<string | undefined>
  /** The id under which the subject holds this schema, however it is laid out there. */
  idOf(subject: string, schema: string): Promise<number | undefined>
  /** Every Avro version of the subject, oldest first. */
  versions(subject: string): Promise<readonly SubjectVersion[]>
  /** Registers a new version of the subject, and gives its id. */
  register(subject: string, schema: string): Promise<number>
  /** The subject's compatibility level, else the registry's own. */
  compatibility(subject: string): Promise<{ readonly level: string; readonly isOwn: boolean }>
  setCompatibility(subject: string, level: string): Promise<void>
  /** Returns whether the registry would accept the schema, and its message. */
  judge(
    subject: string,
    schema: string,
  ): Promise<{ readonly isCompatible: boolean; readonly says: readonly string[] }>
}

/** Opens the registry of the configuration. Nothing is asked yet. */
export function openServer(config: RegistryConfig & { readonly url: string }): SchemaServer {
  const transport = createTransport(config)
  const client = createClient(transport)
  const { url } = transport
  const pathOf = (subject: string): string => `/subjects/${encodeURIComponent(subject)}`
  const levelPathOf = (subject: string): string => `/config/${encodeURIComponent(subject)}`

  /** The registry's response, where it promises these fields. */
  async function ask<T extends object>(
    method: Method,
    path: string,
    isRight: (answer: T) => boolean,
    body?: object,
  ) {
    const answer = (await transport.request(method, path, body)) as T
    if (isRight(answer)) return answer
    throw new RegistryUnreachable(
      `The schema registry at ${url} answers ${method} ${path} with something else: ${JSON.stringify(answer).slice(0, 100)}. Check registry.url.`,
    )
  }

  async function versions(subject: string): Promise<SubjectVersion[]> {
    const numbers = await held(() => ask<number[]>('GET', `${pathOf(subject)}/versions`, Array.isArray))
    const found: SubjectVersion[] = []
    for (const number of numbers ?? []) {
      const version = await held(() =>
        ask<SchemaAnswer>(
          'GET',
          `${pathOf(subject)}/versions/${number}`,
          each => isId(each.id) && isSchemaAnswer(each),
        ),
      )
      if (version !== undefined && isAvro(version))
        found.push({ version: number, id: version.id, schema: version.schema })
    }
    return found
  }

  return {
    url,
    versions,
    async schema(id) {
      // The four bytes come from a record that any program may have written, so they may be any number.
      if (!isId(id)) return undefined
      const answer = await held(() => ask('GET', `/schemas/ids/${id}`, isSchemaAnswer))
      if (answer === undefined || !isAvro(answer)) return undefined
      if ((answer.references ?? []).length === 0) return answer.schema
      // Types that are in other subjects: the client fetches them, and puts them in.
      const whole = await held(() => client.getSchema(id) as unknown as Promise<Type>)
      return whole === undefined ? undefined : JSON.stringify(whole.schema({ exportAttrs: true }))
    },
    async idOf(subject, schema) {
      const id = await held(async () =>
        checkedId(await client.getRegistryIdBySchema(subject, avro(schema)), url),
      )
      if (id !== undefined) return id
      // Some registries compare texts: another tool may have registered the same with other blanks or docs.
      const others = await versions(subject)
      return others.findLast(each => isSameSchema(each.schema, schema))?.id
    },
    async register(subject, schema) {
      const options = { subject, compatibility: COMPATIBILITY_LEVEL, updateConfig: false }
      return checkedId((await client.register(avro(schema), options)).id, url)
    },
    async compatibility(subject) {
      const isLevel = (answer: { compatibilityLevel: string }): boolean => isText(answer.compatibilityLevel)
      const own = await held(() => ask('GET', levelPathOf(subject), isLevel))
      const { compatibilityLevel } = own ?? (await ask('GET', '/config', isLevel))
      return { level: compatibilityLevel, isOwn: own !== undefined }
    },
    async setCompatibility(subject, level) {
      await ask('PUT', levelPathOf(subject), () => true, { compatibility: level })
    },
    async judge(subject, schema) {
      const path = `/compatibility${pathOf(subject)}/versions/latest?verbose=true`
      const answer = await held(() =>
        ask<{ is_compatible: boolean; messages?: string[] }>(
          'POST',
          path,
          each => typeof each.is_compatible === 'boolean',
          { schema },
        ),
      )
      return { isCompatible: answer?.is_compatible ?? true, says: answer?.messages ?? [] }
    },
  }
}

type ClientOptions = ConstructorParameters<typeof SchemaRegistry>[0]
type Middleware = NonNullable<ClientOptions['middlewares']>[number]

/**
 * The client library, with our transport in the place of its own: that one waits forever for the rest of an answer
 * which was cut, ends the process on an error whose body is `null`, and does not tell a registry from other servers.
 */
function createClient(transport: Transport): SchemaRegistry {
  const send: Middleware = () => ({
    async response(_next, _renew, request) {
      const path = request.url().slice(transport.url.length)
      const answer = await transport.request(request.method().toUpperCase() as Method, path, request.body())
      return { data: () => answer } as never
    },
  })
  return new SchemaRegistry({ host: transport.url, retry: { retries: 0 }, middlewares: [send] })
}

function avro(schema: string): { type: SchemaType.AVRO; schema: string } {
  return { type: SchemaType.AVRO, schema: JSON.stringify(JSON.parse(schema)) }
}

/** Undefined where the registry says that there is no such subject (40401), version (40402), schema (40403) or level (40408). */
async function held<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof RegistryRefusal && Math.floor(error.code / 100) === 404) return undefined
    throw error
  }
}

interface SchemaAnswer {
  readonly id: number
  readonly schema: string
  readonly schemaType?: string
  readonly references?: readonly unknown[]
}

function isAvro({ schemaType = 'AVRO' }: SchemaAnswer): boolean {
  return schemaType === 'AVRO'
}

function isSchemaAnswer(answer: SchemaAnswer): boolean {
  if (!isText(answer.schema)) return false
  return !isAvro(answer) || isJson(answer.schema)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const ID_MAX = 2 ** 31 - 1

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= ID_MAX
}

function checkedId(id: unknown, url: string): number {
  if (isId(id)) return id
  throw new RegistryUnreachable(
    `The schema registry at ${url} gives ${JSON.stringify(id)} for the id of a schema. Check registry.url.`,
  )
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
