import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A schema registry that keeps its schemas in memory. It accepts any schema, save for the subjects in `refused`. */
export interface FakeRegistry extends AsyncDisposable {
  readonly url: string
  /** The schemas of each subject, oldest first. */
  readonly subjects: Map<string, string[]>
  /** Subjects for which it refuses new schemas. */
  readonly refused: Set<string>
}

interface Answer {
  readonly status: number
  readonly json: unknown
}

const ok = (json: unknown): Answer => ({ status: 200, json })
const MISSING: Answer = { status: 404, json: { error_code: 40401, message: 'Subject not found.' } }
const REFUSED: Answer = { status: 409, json: { error_code: 409, message: 'It would break readers.' } }

export async function startFakeRegistry(): Promise<FakeRegistry> {
  const subjects = new Map<string, string[]>()
  const levels = new Map<string, string>()
  const refused = new Set<string>()
  /** Every schema in the order of its registration: its id is its place, from 1. */
  const schemas: string[] = []

  function answer(method: string, path: string, body: { schema?: string; compatibility?: string }): Answer {
    const [kind, name = '', , version] = path.split('?')[0]!.slice(1).split('/').map(decodeURIComponent)
    if (kind === 'compatibility') return ok({ is_compatible: true })
    if (kind === 'config') {
      if (method === 'PUT') levels.set(name, body.compatibility as string)
      const level = name === '' ? 'BACKWARD' : levels.get(name)
      return level === undefined ? MISSING : ok({ compatibilityLevel: level })
    }
    const held = subjects.get(name)
    if (method === 'POST') {
      const schema = body.schema as string
      if (path.endsWith('/versions')) {
        if (refused.has(name)) return REFUSED
        if (held === undefined) subjects.set(name, [schema])
        else held.push(schema)
        return ok({ id: schemas.push(schema) })
      }
      return held?.includes(schema) ? ok({ id: schemas.indexOf(schema) + 1 }) : MISSING
    }
    if (held === undefined) return MISSING
    if (version === undefined) return ok(held.map((_, index) => index + 1))
    const schema = held[Number(version) - 1] as string
    return ok({ subject: name, version: Number(version), id: schemas.indexOf(schema) + 1, schema })
  }

  const server = createServer(async (request, response) => {
    const body = await text(request)
    const { status, json } = answer(
      request.method as string,
      request.url as string,
      body === '' ? {} : (JSON.parse(body) as object),
    )
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
    response.end(JSON.stringify(json))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    subjects,
    refused,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
