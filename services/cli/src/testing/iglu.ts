import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a path answers: a body, or a status with headers. */
export type Answer = string | { readonly status: number; readonly headers?: Record<string, string> }

/** A web server on this machine that answers by path, and remembers its requests. */
export interface FakeIglu extends AsyncDisposable {
  readonly url: string
  readonly answers: Map<string, Answer>
  readonly asked: { readonly path: string; readonly apiKey: string | undefined }[]
}

export async function startFakeIglu(answers: Readonly<Record<string, Answer>> = {}): Promise<FakeIglu> {
  const byPath = new Map(Object.entries(answers))
  const asked: { path: string; apiKey: string | undefined }[] = []
  const server = createServer((request: IncomingMessage, response) => {
    const path = request.url ?? ''
    asked.push({ path, apiKey: request.headers['apikey'] as string | undefined })
    const answer = byPath.get(path) ?? { status: 404 }
    if (typeof answer === 'string') response.end(answer)
    else response.writeHead(answer.status, answer.headers).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers: byPath,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The text of a schema that describes itself. */
export function schemaText(name: string, version: string, rules: object = {}): string {
  return JSON.stringify({
    $schema: 'http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#',
    self: { vendor: 'com.acme', name, format: 'jsonschema', version },
    ...rules,
  })
}
