import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A collector that keeps what it receives in memory. */
export interface FakeCollector extends AsyncDisposable {
  readonly url: string
  /** The events, in the order in which their requests arrived. */
  readonly events: Record<string, unknown>[]
}

/** Starts a collector that accepts every event, and counts those as bad whose action is in the list. */
export async function startFakeCollector(badActions: readonly string[] = []): Promise<FakeCollector> {
  const events: Record<string, unknown>[] = []
  const server = createServer(async (request, response) => {
    const lines = (await text(request)).split('\n').filter(line => line !== '')
    const received = lines.map(line => JSON.parse(line) as Record<string, unknown>)
    events.push(...received)
    const bad = received.filter(({ action }) => badActions.includes(String(action))).length
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ accepted: received.length - bad, bad }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
