// Workers that come and go all the time: partitions move, and nothing is lost or counted twice on the way.
import { expect, test } from 'vitest'
import { handOverLate } from './inflict.ts'
import { survive } from './survive.ts'

const CHANGES = 16

test('workers come and go', async () => {
  await survive({ workers: { enricher: 3, scorer: 3 } }, async (world, load) => {
    const moving = world.workers.filter(({ kind }) => kind !== 'collector')
    const here = new Set(moving)
    for (let change = 0; change < CHANGES; change++) {
      const worker = world.random.pick(moving)
      const { kind } = worker
      if (!here.has(worker)) {
        world.note(`${kind} joins`)
        here.add(worker)
        worker.start()
        // One stays at least, or nothing would move.
      } else if ([...here].filter(other => other.kind === kind).length > 1) {
        world.note(`${kind} leaves`)
        here.delete(worker)
        // One that has hardly begun is ended by the signal itself.
        expect([0, null]).toContain(await worker.stop())
      }
      await load.more(15)
    }
    for (const worker of moving) if (!here.has(worker)) worker.start()
  })
})

test('a worker takes over while the other still continues', async () => {
  await survive({}, async (world, load) => {
    await handOverLate(world, load, 'enricher')
    await handOverLate(world, load, 'scorer')
  })
})
