// kill -9 of enricher and scorer at each step of a commit, at the very request: whatever part of a commit was done when
// its worker died, it counts wholly or not at all.
import { expect, test } from 'vitest'
import type { Effect } from '../proxy/faults.ts'
import type { ApiName } from '../proxy/frames.ts'
import { within } from '../world/within.ts'
import { survive } from './survive.ts'

const POINTS: readonly (readonly [string, ApiName, Effect['kind']])[] = [
  ['before a transaction takes in its partitions', 'addPartitionsToTxn', 'cut-request'],
  ['before anything is written', 'produce', 'cut-request'],
  ['after the outputs are written', 'produce', 'lose-answer'],
  ['before the position is sent', 'txnOffsetCommit', 'cut-request'],
  ['after the position is sent', 'txnOffsetCommit', 'lose-answer'],
  ['before the end is sent', 'endTxn', 'cut-request'],
  ['after the end was answered', 'endTxn', 'lose-answer'],
]

test.each(['enricher', 'scorer'] as const)('%s', async kind => {
  const { endings } = await survive({ workers: { [kind]: 2 } }, async (world, load) => {
    for (const [name, on, effect] of POINTS) {
      const armed = world.proxy.arm({
        on,
        effect: { kind: effect } as Effect,
        when: ({ clientId }) => clientId.startsWith(kind),
        onStrike({ clientId }) {
          world.note(`kill -9 ${kind} ${name}`)
          world
            .of(kind)
            .find(worker => worker.name === clientId)!
            .kill()
        },
      })
      await within(`a kill ${name}`, armed.done)
      await load.more(20)
    }
    await world.caughtUp(kind)
  })
  expect(endings).toHaveLength(POINTS.length)
})
