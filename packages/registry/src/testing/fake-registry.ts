import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A request as a fake registry sees it. */
export interface FakeRequest {
  readonly method: string
  readonly path: string
  readonly body: string
  readonly authorization: string | undefined
}

/** What a fake registry does with a request: answer, never answer, or break off within the answer. */
export type FakeAnswer =
  | { readonly status?: number; readonly json: unknown }
  | { readonly status: number; readonly body: string; readonly location?: string }
  | 'silence'
  | 'cut'

/** A server with scripted answers, to play the faults of a registry. */
export interface FakeRegistry extends AsyncDisposable {
  readonly url: string
  readonly requests: FakeRequest[]
  /** Replaced by a test in the middle to change its mind. */
  answer(request: FakeRequest): FakeAnswer
}

export async function startFakeRegistry(answer: FakeRegistry['answer']): Promise<FakeRegistry> {
  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const fake: FakeRegistry = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return fake

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request: FakeRequest = {
      method: message.method ?? '',
      path: message.url ?? '',
      body: await text(message),
      authorization: message.headers.authorization,
    }
    fake.requests.push(request)
    const answered = fake.answer(request)
    if (answered === 'silence') return
    if (answered === 'cut') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('{"schema": "', () => response.destroy())
    } else {
      const location = 'location' in answered ? { location: answered.location } : {}
      response.writeHead(answered.status ?? 200, { 'content-type': 'application/json', ...location })
      response.end('json' in answered ? JSON.stringify(answered.json) : answered.body)
    }
  }
}

/** What a registry says of an id that it does not hold. */
export const NO_SCHEMA: FakeAnswer = { status: 404, json: { error_code: 40403, message: 'Schema not found' } }
