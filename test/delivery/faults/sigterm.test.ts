// SIGTERM under load, worker after worker: each ends in order, and no client is left in doubt by it.
import { expect, test } from 'vitest'
import { survive } from './survive.ts'

test('a rolling restart of everything', async () => {
  const { evidence, report, endings } = await survive(
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
  expect(evidence.history.attempts.filter(({ outcome }) => outcome === 'ambiguous')).toEqual([])
  expect(report.raw.duplicatesExplained).toBe(0)
  // They began anew behind all that they had done: no commit was undone.
  expect(report.abortedRecords).toBe(0)
  expect(endings).toEqual([])
})
