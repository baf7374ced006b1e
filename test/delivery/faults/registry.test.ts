// The schema registry is away: a worker that needs it waits, nothing that is good becomes bad, and all continues when it is back.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRegistry, type LocalRegistry } from '@sluicebox/infra/local/registry'
import { survive } from './survive.ts'
import { sendUnknownSchema } from './unknown-schema.ts'

let registry: LocalRegistry
beforeAll(async () => {
  registry = await startRegistry()
})
afterAll(() => registry.stop())

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
      world.note('the registry is down')
      await registry.halt()
      await load.more(20)
      await world.caughtUp('enricher')

      await registry.start()
      await sendUnknownSchema(world, registry, async () => {
        // One that begins now has to wait too.
        world.of('enricher')[0]!.kill()
        await load.more(40)
        await expect(world.caughtUp('enricher', 2_000)).rejects.toThrow('has not come through')
      })
      await world.caughtUp('enricher')
    },
  )
  expect(report.raw.lost).toBe(0)
})
