// All brokers gone at once, under load: clients hear that it can't be done now, and afterwards nothing is missing.
import { expect, test } from 'vitest'
import { startProxiedKafka } from '../world/kafka.ts'
import type { Load } from '../world/load.ts'
import type { Worker } from '../world/workers.ts'
import type { World } from '../world/world.ts'
import { killBrokerAtCommit } from './inflict.ts'
import { survive } from './survive.ts'

/** Twice as many as there are clients, so some have repeated a request and were answered the same. */
const REFUSALS = 24
const WITHIN = { timeout: 60_000, interval: 100 }
/** Of the enricher and the scorer in turn. */
const COMMITS = ['enricher', 'scorer', 'enricher', 'scorer'] as const

test('the only broker is killed, and comes back after a while', async () => {
  await using kafka = await startProxiedKafka(1)
  const [node] = kafka.server.nodes
  await survive(
    { kafka: kafka.place, workers: { enricher: 2, scorer: 2, archiver: 1 }, workersMayEnd: true },
    async (world, load) => {
      await killBrokerAtCommit(world, 'enricher', node!)
      await outageIsNoticed(world, load)
      const accepted = load.accepted
      await node!.start()
      await load.more(40)
      expect(load.accepted).toBeGreaterThan(accepted)
      await world.caughtUp('enricher')
      await world.caughtUp('scorer')
    },
  )
})

// It comes back with transactions whose ends it has marked in a part of their partitions.
test('the only broker is killed again and again just after a commit', async () => {
  await using kafka = await startProxiedKafka(1)
  const [node] = kafka.server.nodes
  await survive(
    { kafka: kafka.place, workers: { enricher: 2, scorer: 2 }, workersMayEnd: true },
    async (world, load) => {
      for (const kind of COMMITS) {
        await killBrokerAtCommit(world, kind, node!)
        await node!.start()
        await load.more(30)
        await world.caughtUp('enricher')
        await world.caughtUp('scorer')
      }
    },
  )
})

/** Resolves when clients were answered 503, again and again, and every worker that reads has reported the outage. */
async function outageIsNoticed(world: World, load: Load): Promise<void> {
  await expect.poll(() => load.unavailable, WITHIN).toBeGreaterThanOrEqual(REFUSALS)
  for (const worker of world.workers.filter(({ kind }) => kind !== 'collector'))
    await expect.poll(() => hasReportedTrouble(worker), { ...WITHIN, message: worker.name }).toBe(true)
}

/** Whether the worker counts errors of the log, or has ended over them. */
async function hasReportedTrouble({ adminUrl, endings }: Worker): Promise<boolean> {
  if (endings.length > 0) return true
  const metrics = await fetch(`${adminUrl}/metrics`).then(
    response => response.text(),
    () => '',
  )
  return /^sluicebox_log_problems_total [1-9]/m.test(metrics)
}
