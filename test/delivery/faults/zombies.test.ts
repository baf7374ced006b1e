// A worker that stands still for so long that others take its partitions, and then goes on as if nothing had been: what it
// still writes must not count.
import { expect, test } from 'vitest'
import type { ApiName } from '../proxy/frames.ts'
import { within } from '../world/within.ts'
import { survive } from './survive.ts'

/** Where in a commit it stands still. */
const POINTS: readonly ApiName[] = ['addPartitionsToTxn', 'produce', 'txnOffsetCommit', 'endTxn']

test.each(['enricher', 'scorer'] as const)('%s', async kind => {
  await survive({ workers: { [kind]: 2 } }, async (world, load) => {
    for (const on of POINTS) {
      let zombie = ''
      const armed = world.proxy.arm({
        on,
        effect: { kind: 'pass' },
        when: ({ clientId }) => clientId.startsWith(kind),
        onStrike({ clientId }) {
          zombie = clientId
          world.note(`SIGSTOP ${kind} at ${on}`)
          world
            .of(kind)
            .find(({ name }) => name === zombie)!
            .pause()
        },
      })
      await within(`a stop at ${on}`, armed.done)
      await load.more(10)
      // The other one has all of it now.
      await world.caughtUp(kind)
      world
        .of(kind)
        .find(({ name }) => name === zombie)!
        .resume()
      await load.more(10)
    }
    await world.caughtUp(kind)
    expect(world.of(kind).every(({ endings }) => endings.length === 0)).toBe(true)
  })
})
