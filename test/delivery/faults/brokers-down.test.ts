// All brokers gone at once, under load: clients hear that it can't be done now, and afterwards nothing is missing.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startProxiedKafka } from '../world/kafka.ts'
import { killBrokerAtCommit } from './inflict.ts'
import { survive } from './survive.ts'

/** Longer than any request is waited for. */
const DOWN_MS = 8_000
/** Of the enricher and the scorer in turn. */
const COMMITS = ['enricher', 'scorer', 'enricher', 'scorer'] as const

test('the only broker is killed, and comes back after a while', async () => {
  await using kafka = await startProxiedKafka(1)
  const [node] = kafka.server.nodes
  const { evidence } = await survive(
    { kafka: kafka.place, workers: { enricher: 2, scorer: 2, archiver: 1 }, workersMayEnd: true },
    async (world, load) => {
      await killBrokerAtCommit(world, 'enricher', node!)
      await sleep(DOWN_MS)
      const accepted = load.accepted
      await node!.start()
      await load.more(40)
      expect(load.accepted).toBeGreaterThan(accepted)
      await world.caughtUp('enricher')
      await world.caughtUp('scorer')
    },
  )
  const statuses = new Set(evidence.history.attempts.map(({ status }) => status))
  expect(statuses).toContain(503)
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
