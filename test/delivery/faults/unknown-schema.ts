import type { LocalRegistry } from '@sluicebox/infra/local/registry'
import { append, otherRawSchema, rawRecord } from '../world/foreign.ts'
import type { World } from '../world/world.ts'

const EVENT = '{"event_id":"other-e1","visitor_id":"other","session_id":"other","action":"page_view"}'

/**
 * Another program writes to raw with a schema that only the registry knows, and the registry is down when the enrichers
 * ask for it. `meanwhile` is called while they wait; then the registry comes back.
 */
export async function sendUnknownSchema(
  world: World,
  registry: LocalRegistry,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const schema = otherRawSchema(`as written by ${world.prefix}`)
  const response = await fetch(`${registry.url}/subjects/${world.prefix}other-value/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema }),
  })
  const { id } = (await response.json()) as { id: number }
  world.note('the registry is down when a schema is needed')
  await registry.halt()
  const events = [{ id: 'other-e1', expect: 'good' as const }]
  world.history.add({ kind: 'request', request: 'other', session: 'other', events })
  world.history.add({ kind: 'attempt', request: 'other', at: 0, tookMs: 0, status: 200, outcome: 'accepted' })
  const value = rawRecord(schema, id, 'other', EVENT)
  await append(world.directAddresses, `${world.prefix}raw`, [{ key: 'other', value }])
  await meanwhile()
  await registry.start()
}
