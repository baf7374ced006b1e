// Requests that a broker has done and whose answer never comes, and requests that never come to it: the worker can't
// tell the one from the other, and must not guess.
import { expect, test } from 'vitest'
import type { ApiName } from '../proxy/frames.ts'
import type { WorkerKind } from '../world/workers.ts'
import type { World } from '../world/world.ts'
import { strike } from './inflict.ts'
import { survive } from './survive.ts'

const EFFECTS = ['lose-answer', 'cut-request'] as const
const ROUNDS = 2
const IN_COMMITS: readonly ApiName[] = [
  'addPartitionsToTxn',
  'addOffsetsToTxn',
  'produce',
  'txnOffsetCommit',
  'endTxn',
  'initProducerId',
]

async function strikeOne(
  world: World,
  kind: WorkerKind,
  on: ApiName,
  effect: (typeof EFFECTS)[number],
): Promise<void> {
  const struck = strike(world, kind, on, effect)
  // A worker begins again when it does not know what happened to its commit.
  if (on === 'initProducerId') await strike(world, kind, 'endTxn', 'lose-answer')
  await struck
}

test('appends', async () => {
  const { report } = await survive({}, async (world, load) => {
    for (let round = 0; round < 3 * ROUNDS; round++)
      for (const effect of EFFECTS) {
        await strikeOne(world, 'collector', 'produce', effect)
        await load.more(5)
      }
  })
  // The brokers know a repeat when they see one: nothing is twice in raw for that.
  expect(report.raw.duplicatesUnexplained).toBe(0)
})

test('commits', async () => {
  await survive({}, async (world, load) => {
    for (let round = 0; round < ROUNDS; round++)
      for (const on of IN_COMMITS)
        for (const effect of EFFECTS) {
          await Promise.all([
            strikeOne(world, 'enricher', on, effect),
            strikeOne(world, 'scorer', on, effect),
          ])
          await load.more(5)
        }
  })
})
