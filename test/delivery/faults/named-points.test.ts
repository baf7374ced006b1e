// kill -9 of enricher and scorer at each step of a commit, at the very request: whatever part of a commit was done when
// its worker died, it counts wholly or not at all.
import { expect, test } from 'vitest'
import type { ApiName } from '../proxy/frames.ts'
import { killAt } from './inflict.ts'
import { survive } from './survive.ts'

const POINTS: readonly (readonly [ApiName, 'cut-request' | 'lose-answer'])[] = [
  ['addPartitionsToTxn', 'cut-request'],
  ['produce', 'cut-request'],
  ['produce', 'lose-answer'],
  ['txnOffsetCommit', 'cut-request'],
  ['txnOffsetCommit', 'lose-answer'],
  ['endTxn', 'cut-request'],
  ['endTxn', 'lose-answer'],
]

test('kill -9 within a commit', async () => {
  const { endings } = await survive({ workers: { enricher: 2, scorer: 2 } }, async (world, load) => {
    for (const [on, effect] of POINTS) {
      await Promise.all([killAt(world, 'enricher', on, effect), killAt(world, 'scorer', on, effect)])
      await load.more(20)
    }
    await world.caughtUp('enricher')
    await world.caughtUp('scorer')
  })
  expect(endings).toHaveLength(2 * POINTS.length)
})
