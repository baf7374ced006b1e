// SIGTERM under load, worker after worker: each ends in order, and no client is left in doubt by it.
import { expect, test } from 'vitest'
import { TIMEOUT_MS } from '../world/load.ts'
import { survive } from './survive.ts'

test('a rolling restart of everything', async () => {
  const { evidence, endings } = await survive(
    { workers: { collector: 2, enricher: 2, scorer: 2, archiver: 1 } },
    async (world, load) => {
      for (const worker of world.workers) {
        world.note(`SIGTERM ${worker.kind}`)
        expect(await worker.stop(), worker.name).toBe(0)
        worker.start()
        await worker.ready()
        await load.more(10)
      }
    },
  )
  // Except for answers that a busy machine gives too late.
  const doubtful = evidence.history.attempts.filter(
    ({ outcome, tookMs }) => outcome === 'ambiguous' && tookMs < TIMEOUT_MS,
  )
  expect(doubtful).toEqual([])
  expect(endings).toEqual([])
})
