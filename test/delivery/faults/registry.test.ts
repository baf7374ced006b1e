// The schema registry is away: whoever needs it waits, nothing that is good becomes bad, and all goes on when it is back.
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { startRegistry, type LocalRegistry } from '../../../infra/local/registry.ts'
import { append, otherRawSchema, rawRecord } from '../world/foreign.ts'
import type { World } from '../world/world.ts'
import { survive } from './survive.ts'

let registry: LocalRegistry
beforeAll(async () => {
  registry = await startRegistry()
})
afterAll(() => registry.stop())

/** Lets the registry know another collector's schema of raw; answers its id. */
async function register(world: World, schema: string): Promise<number> {
  const response = await fetch(`${registry.url}/subjects/${world.prefix}other-value/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema }),
  })
  return ((await response.json()) as { id: number }).id
}

test('down at the start, down later, and down when a schema is needed that nobody knows yet', async () => {
  await registry.halt()
  const { report } = await survive(
    {
      registryUrl: registry.url,
      workers: { enricher: 2 },
      async whileStarting(world) {
        world.note('the registry is down at the start')
        // All wait, and none ends.
        await Promise.all(world.workers.map(worker => worker.live()))
        for (const worker of world.workers) expect(await worker.isReady(), worker.name).toBe(false)
        await registry.start()
      },
    },
    async (world, load) => {
      const schema = otherRawSchema(`as written by ${world.prefix}`)
      const id = await register(world, schema)
      world.note('the registry is down')
      await registry.halt()
      await load.more(20)
      await world.caughtUp('enricher')

      // A worker that begins now, and a record that the others can't read yet.
      world.of('enricher')[0]!.kill()
      const event = '{"event_id":"other-e1","visitor_id":"other","session_id":"other","action":"page_view"}'
      world.history.add({
        ...{ kind: 'request', request: 'other', session: 'other' },
        events: [{ id: 'other-e1', expect: 'good' }],
      })
      world.history.add({
        kind: 'attempt',
        request: 'other',
        at: 0,
        tookMs: 0,
        status: 200,
        outcome: 'accepted',
      })
      await append(inject('kafka').directAddresses, `${world.prefix}raw`, [
        { key: 'other', value: rawRecord(schema, id, 'other', event) },
      ])
      await load.more(40)
      await expect(world.caughtUp('enricher', 2_000)).rejects.toThrow('has not come through')
      await registry.start()
      await world.caughtUp('enricher')
    },
  )
  expect(report.raw.lost).toBe(0)
})
