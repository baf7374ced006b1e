// kill -9 of workers at any instant: nothing is lost, nothing counts twice, every score is as a replay gives it, and the
// archive holds it all.
import { expect, test } from 'vitest'
import { KINDS } from '../world/workers.ts'
import { survive } from './survive.ts'

const ROUNDS = 3

test('kill -9 of any worker', async () => {
  const workers = { collector: 2, enricher: 2, scorer: 2, archiver: 2 }
  const { endings, evidence } = await survive({ workers, archiveComplete: true }, async (world, load) => {
    for (let round = 0; round < ROUNDS; round++)
      for (const kind of KINDS) {
        world.note(`kill -9 ${kind}`)
        world.random.pick(world.of(kind)).kill()
        await load.more(10 + world.random.below(40))
      }
  })
  expect(endings).toHaveLength(ROUNDS * KINDS.length)
  expect(evidence.archive!.upTo.every(position => position > 0n)).toBe(true)
})
