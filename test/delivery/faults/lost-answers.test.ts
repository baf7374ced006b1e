// Requests that a broker has done and whose answer never comes, and requests that never come to it: the worker can't
// tell the one from the other, and must not guess.
import { expect, test } from 'vitest'
import type { Effect } from '../proxy/faults.ts'
import type { ApiName } from '../proxy/frames.ts'
import { within } from '../world/within.ts'
import type { World } from '../world/world.ts'
import { survive } from './survive.ts'

const KINDS: readonly Effect['kind'][] = ['lose-answer', 'cut-request']
const ROUNDS = 2

/** Every request of these, lost in each way, some times each. */
function lose(kind: 'collector' | 'enricher' | 'scorer', apis: readonly ApiName[]) {
  return survive({}, async (world, load) => {
    for (let round = 0; round < ROUNDS; round++)
      for (const on of apis)
        for (const effect of KINDS) {
          const armed = world.proxy.arm({
            on,
            effect: { kind: effect } as Effect,
            when: ({ clientId }) => clientId.startsWith(kind),
            skip: on === 'initProducerId' ? 0 : world.random.below(3),
            onStrike: () => world.note(`${effect} ${on} of ${kind}`),
          })
          // A worker begins anew when it does not know what became of its commit.
          if (on === 'initProducerId') loseCommit(world, kind)
          await within(`${effect} of ${on}`, armed.done)
          await load.more(5)
        }
  })
}

function loseCommit(world: World, kind: string): void {
  world.proxy.arm({
    on: 'endTxn',
    effect: { kind: 'lose-answer' },
    when: ({ clientId }) => clientId.startsWith(kind),
  })
}

test('appends of the collector', async () => {
  const { report } = await lose('collector', ['produce'])
  // The collector says so to brokers who know a repeat when they see one: nothing is twice in raw for that.
  expect(report.raw.duplicatesUnexplained).toBe(0)
})

test.each(['enricher', 'scorer'] as const)('commits of the %s', async kind => {
  await lose(kind, [
    'addPartitionsToTxn',
    'addOffsetsToTxn',
    'produce',
    'txnOffsetCommit',
    'endTxn',
    'initProducerId',
  ])
})
