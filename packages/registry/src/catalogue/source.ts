import pRetry from 'p-retry'
import { listSchemaFiles, readSchemaText } from '../events/event-folder.ts'
import { SCHEMA_BYTES_MAX } from '../events/parse-schema.ts'
import { parseRef, refOf, type SchemaName } from '../events/reference.ts'

/** Where schemas are copied from. */
export interface SchemaSource {
  /** The folder or address, as the lock file records it. */
  readonly name: string
  /**
   * Returns the text of a schema, or why it can't be used; undefined when the source has none. A text beyond the size
   * limit may be cut, but not below the limit. Rejects when the source can't be reached.
   */
  read(schema: SchemaName): Promise<string | { readonly fault: string } | undefined>
  /** Returns every schema of the source; undefined when the source can't list them. */
  list(): Promise<SchemaName[] | undefined>
}

/**
 * The schemas of a folder: a checkout of a registry, or the layout of `schemas/events`. Throws when it can't be read.
 */
export function folderSource(dir: string): SchemaSource {
  const files = listSchemaFiles(dir)
  const byRef = new Map(files.map(each => [refOf(each), each.file]))
  return {
    name: dir,
    async read(schema) {
      const file = byRef.get(refOf(schema))
      return file === undefined ? undefined : readSchemaText(file)
    },
    list: async () => files,
  }
}

export interface RegistryAccess {
  /** Sent as the header `apikey`, only to the address itself. */
  readonly apiKey?: string
  /** How long one request may take. */
  readonly timeoutMs?: number
  /** The pause before a request is repeated; it doubles each time. */
  readonly retryMs?: number
}

const TIMEOUT_MS = 10_000
const RETRY_MS = 500
const RETRIES_MAX = 3
const REDIRECTS_MAX = 3
const LIST_BYTES_MAX = 4 * 1024 * 1024
const TOO_MANY_REQUESTS = 429
/** Static registries on object stores say 403 where a file is absent. */
const ABSENT = new Set([403, 404, 410])

/**
 * The schemas of an Iglu registry over HTTP: static, or an Iglu Server with or without `/api` in the address. Throws when
 * the address is not one.
 */
export function registrySource(
  address: string,
  { apiKey, timeoutMs = TIMEOUT_MS, retryMs = RETRY_MS }: RegistryAccess = {},
): SchemaSource {
  const { origin, pathname } = checkedUrl(address)
  const base = `${origin}${pathname.replace(/(\/schemas)?\/*$/, '')}`
  // The first schema that is found shows which of the two it is.
  let roots = [`${base}/schemas`, `${base}/api/schemas`]

  /** A registry that is overloaded or restarting must not end a copy of a thousand schemas. */
  const get = (path: string, bytesMax: number): Promise<string | undefined> =>
    pRetry(() => getOnce(path, bytesMax), {
      retries: RETRIES_MAX,
      minTimeout: retryMs,
      shouldRetry: ({ error }) => error instanceof PassingError,
    })

  async function getOnce(path: string, bytesMax: number): Promise<string | undefined> {
    for (const root of roots) {
      const text = await follow(`${root}${path}`, bytesMax)
      if (text === undefined) continue
      roots = [root]
      return text
    }
    return undefined
  }

  async function follow(start: string, bytesMax: number): Promise<string | undefined> {
    let url = new URL(start)
    for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
      const answer = await ask(url, url.origin === origin ? apiKey : undefined, timeoutMs)
      const location = answer.headers.get('location')
      if (answer.status >= 300 && answer.status < 400 && location !== null) {
        await answer.body?.cancel()
        const next = URL.parse(location, url.href)
        if (next === null)
          throw new Error(
            `${url} redirects to ${JSON.stringify(location.slice(0, 200))}, which is not an address: check the registry.`,
          )
        if (next.protocol !== 'https:' && next.protocol !== url.protocol)
          throw new Error(`${url} redirects to ${next}, which is not encrypted: it is not followed.`)
        url = next
        continue
      }
      if (answer.status === 200) return readText(answer, url, bytesMax)
      await answer.body?.cancel()
      if (ABSENT.has(answer.status)) return undefined
      const mayPass = answer.status >= 500 || answer.status === TOO_MANY_REQUESTS
      throw new (mayPass ? PassingError : Error)(
        answer.status === 401
          ? `${url} requires a key (401): give --api-key-file, or set the variable IGLU_API_KEY.`
          : `${url} answers ${answer.status}: check that the registry works and that the address is right.`,
      )
    }
    throw new Error(`${start} redirects more than ${REDIRECTS_MAX} times: give the address that it leads to.`)
  }

  return {
    name: base,
    read: ({ vendor, name, version }) => get(`/${vendor}/${name}/jsonschema/${version}`, SCHEMA_BYTES_MAX),
    async list() {
      const text = await get('', LIST_BYTES_MAX)
      return text === undefined ? undefined : listed(text)
    },
  }
}

/** A repeat of the request may succeed. */
class PassingError extends Error {}

function checkedUrl(address: string): URL {
  if (!URL.canParse(address))
    throw new Error(`${address} is not an address, such as https://iglu.acme.com/api.`)
  const url = new URL(address)
  if (url.username !== '' || url.password !== '')
    throw new Error('the address holds a name or a password, which would be written down: leave them out.')
  if (url.search !== '' || url.hash !== '')
    throw new Error(`${address} has a query or a fragment: give the address that /schemas comes after.`)
  return url
}

async function ask(url: URL, apiKey: string | undefined, timeoutMs: number): Promise<Response> {
  try {
    return await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      headers: { accept: 'application/json', ...(apiKey === undefined ? {} : { apikey: apiKey }) },
    })
  } catch (error) {
    throw unreachable(url, error)
  }
}

async function readText(answer: Response, url: URL, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of answer.body ?? []) {
      chunks.push(chunk as Uint8Array)
      bytes += (chunk as Uint8Array).length
      if (bytes > bytesMax) break
    }
  } catch (error) {
    throw unreachable(url, error)
  }
  return Buffer.concat(chunks).toString()
}

/** The error of fetch says "fetch failed"; its cause has the reason. */
function unreachable(url: URL, error: unknown): PassingError {
  const { name, message, cause } = error as Error
  const why = name === 'TimeoutError' ? 'it takes too long' : cause instanceof Error ? cause.message : message
  return new PassingError(
    `${url} can't be read: ${why}. See that the registry runs, and that the address is right.`,
    {
      cause: error,
    },
  )
}

/** An Iglu Server lists references; a web site answers with anything. */
function listed(text: string): SchemaName[] | undefined {
  let refs: unknown
  try {
    refs = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(refs) || !refs.every(ref => typeof ref === 'string')) return undefined
  return refs
    .map(ref => parseRef(ref as string))
    .filter((each): each is SchemaName => each?.version !== undefined)
}
