// A worker that stands still for so long that others take its partitions, and then continues as if nothing had been: what it
// still writes must not count.
import { expect, test } from 'vitest'
import type { ApiName } from '../proxy/frames.ts'
import { endLate, pauseAt } from './inflict.ts'
import { survive } from './survive.ts'

/** Where in a commit they stand still. */
const POINTS: readonly ApiName[] = ['addPartitionsToTxn', 'produce', 'txnOffsetCommit', 'endTxn']

test('zombies', async () => {
  const { endings } = await survive({ workers: { enricher: 2, scorer: 2 } }, async (world, load) => {
    for (const on of POINTS) {
      const zombies = await Promise.all([pauseAt(world, 'enricher', on), pauseAt(world, 'scorer', on)])
      await load.more(10)
      // The others have all of it now.
      await world.caughtUp('enricher')
      await world.caughtUp('scorer')
      for (const zombie of zombies) zombie.resume()
      await load.more(10)
    }
  })
  expect(endings).toEqual([])
})

test('the end of a transaction comes when another has taken over', async () => {
  const config = { log: { kafka: { transactionTimeoutMs: 20_000 } } }
  await survive({ workers: { enricher: 2, scorer: 2 }, config }, async (world, load) => {
    await endLate(world, 'enricher')
    await load.more(20)
    await endLate(world, 'scorer')
  })
})
