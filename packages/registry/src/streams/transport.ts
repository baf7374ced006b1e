import { readFileSync } from 'node:fs'
import type { RegistryConfig } from '../config.ts'

/** The registry can't be asked now, or its answer can't be trusted: nothing is known, and trying again may help. */
export class RegistryUnreachable extends Error {}

/** The registry has understood and refuses; trying the same again does not help. */
export class RegistryRefusal extends Error {
  /** The registry's own code: 40403, 409, 42201 …; the HTTP status where it gave none. */
  readonly code: number
  constructor(message: string, code: number) {
    super(message)
    this.code = code
  }
}

export type Method = 'GET' | 'POST' | 'PUT'

/** One request and its answer, once: the caller decides whether and when to retry. */
export interface Transport {
  /** Where the registry is, for messages. */
  readonly url: string
  /** The answer's JSON, an object or a list. Rejects with `RegistryUnreachable` or `RegistryRefusal`. */
  request(method: Method, path: string, body?: unknown): Promise<unknown>
}

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'
const ANSWER_BYTES_MAX = 16 * 1024 * 1024
/** Refusals for a while: the client should come back. */
const PASSING_STATUSES = new Set([408, 425, 429])

/** Speaks HTTP with the registry of the configuration. Reads the password once. */
export function createTransport(config: RegistryConfig & { readonly url: string }): Transport {
  const url = config.url.replace(/\/+$/, '')
  const headers = {
    accept: `${CONTENT_TYPE}, application/json`,
    'content-type': CONTENT_TYPE,
    ...authorization(config),
  }

  return {
    url,
    async request(method, path, body) {
      const what = `${method} ${path}`
      let status: number
      let text: string
      try {
        const answer = await fetch(`${url}${path}`, {
          method,
          headers,
          redirect: 'manual',
          signal: AbortSignal.timeout(config.timeoutMs),
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        })
        status = answer.status
        text = await readText(answer)
      } catch (error) {
        throw new RegistryUnreachable(
          `The schema registry at ${url} can't be reached (${what}): ${reasonOf(error, config.timeoutMs)}. See that it runs, and that registry.url is right.`,
          { cause: error },
        )
      }
      return answerOf(status, text, url, what)
    },
  }
}

/** Distinguishes an answer of the registry from that of another server in its place. */
function answerOf(status: number, text: string, url: string, what: string): unknown {
  const answer = parse(text)
  if (status >= 200 && status < 300 && answer !== undefined) return answer
  const { error_code: code, message } = (answer ?? {}) as { error_code?: unknown; message?: unknown }
  const said = typeof message === 'string' ? message : excerpt(text)
  if (status === 401 || status === 403)
    throw new RegistryRefusal(
      `The schema registry at ${url} refuses access (${what}: ${status} ${said}). Give registry.username and registry.passwordFile, and see what that name may do.`,
      status,
    )
  if (status >= 400 && status < 500 && !PASSING_STATUSES.has(status) && isOwnCode(code))
    throw new RegistryRefusal(`The schema registry at ${url} refuses ${what}: ${said} (${code}).`, code)
  const hint =
    status < 500 && !PASSING_STATUSES.has(status)
      ? ' That is not an answer of a schema registry: check that registry.url holds the whole path, such as /apis/ccompat/v7 with Apicurio.'
      : ''
  throw new RegistryUnreachable(
    `The schema registry at ${url} can't answer (${what}): status ${status}, ${said}.${hint}`,
  )
}

/** A code that only a registry gives. A plain 404 comes from servers that know no such path, or nothing at all. */
function isOwnCode(code: unknown): code is number {
  return typeof code === 'number' && code !== 404
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

async function readText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of answer.body ?? []) {
    bytes += (chunk as Uint8Array).length
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`the answer is larger than ${ANSWER_BYTES_MAX} bytes`)
    chunks.push(chunk as Uint8Array)
  }
  return Buffer.concat(chunks).toString()
}

function authorization({ username, passwordFile }: RegistryConfig): Record<string, string> {
  if (username === undefined || passwordFile === undefined) return {}
  let password: string
  try {
    password = readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw new Error(`registry.passwordFile: ${passwordFile} can't be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

/** fetch says "fetch failed", and why in its cause. */
function reasonOf(error: unknown, timeoutMs: number): string {
  const { name, message, cause } = error as Error
  if (name === 'TimeoutError') return `it has not answered within ${timeoutMs} ms`
  if (cause instanceof AggregateError) return cause.errors.map(each => (each as Error).message).join(', ')
  return cause instanceof Error ? cause.message || message : message
}

function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line === '' ? 'without a word' : `"${line.slice(0, 100)}${line.length > 100 ? '…' : ''}"`
}
