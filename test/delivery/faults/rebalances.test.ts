// Workers that come and go all the time: partitions move, and nothing is lost or counted twice on the way.
import { expect, test } from 'vitest'
import { handOverLate } from './inflict.ts'
import { survive } from './survive.ts'

const CHANGES = 8

test.each(['enricher', 'scorer'] as const)('%s', async kind => {
  await survive({ workers: { [kind]: 3 } }, async (world, load) => {
    const here = new Set(world.of(kind))
    for (let change = 0; change < CHANGES; change++) {
      const worker = world.random.pick(world.of(kind))
      // One stays at least, or nothing would move.
      if (here.has(worker) && here.size > 1) {
        world.note(`${kind} leaves`)
        here.delete(worker)
        // One that has hardly begun is ended by the signal itself.
        expect([0, null]).toContain(await worker.stop())
      } else if (!here.has(worker)) {
        world.note(`${kind} joins`)
        here.add(worker)
        worker.start()
      }
      await load.more(15)
    }
    await world.caughtUp(kind)
    for (const worker of world.of(kind)) if (!here.has(worker)) worker.start()
    await Promise.all(world.of(kind).map(worker => worker.ready()))
  })
})

test.each(['enricher', 'scorer'] as const)('one %s takes over while the other still goes on', async kind => {
  await survive({}, (world, load) => handOverLate(world, load, kind))
})
