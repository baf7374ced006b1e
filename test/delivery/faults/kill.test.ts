// kill -9 of workers at any instant: nothing is lost, nothing counts twice, and every score is as a replay gives it.
import { expect, test } from 'vitest'
import { survive } from './survive.ts'

const KILLS = 3

test.each([
  ['collector', {}],
  ['enricher', {}],
  ['scorer', {}],
  ['archiver', { archiver: 2 }],
] as const)('%s', async (kind, more) => {
  const archiveComplete = kind === 'archiver'
  const { endings } = await survive(
    { workers: { [kind]: 2, ...more }, archiveComplete },
    async (world, load) => {
      for (let kill = 0; kill < KILLS; kill++) {
        const victim = world.random.pick(world.of(kind))
        world.note(`kill -9 ${kind}`)
        victim.kill()
        await load.more(20 + world.random.below(60))
        if (kind !== 'collector') await world.caughtUp(kind)
      }
    },
  )
  expect(endings).toHaveLength(KILLS)
})
