// Run by trainer.ts: trains on the table that is named, and prints what it took as JSON.
import { trainerConfig } from '@sluicebox/trainer/config'
import { readTable } from '@sluicebox/trainer/table'
import { train } from '@sluicebox/trainer/train/train'

export interface TrainerFigures {
  readonly readSeconds: number
  readonly trainSeconds: number
  readonly peakBytes: number
  readonly forestSeconds: number
  readonly linearSeconds: number
}

const [path, treesMax, depthMax] = process.argv.slice(2)
if (path === undefined) throw new Error('name the table')
// All rows train, and every tree is grown: what is measured is the promised amount of work.
const config = trainerConfig.parse({
  testShare: 0,
  validShare: 0,
  trees: {
    treesMax: Number(treesMax),
    depthMax: Number(depthMax),
    sessionShare: 1,
    featureShare: 1,
    patience: 0,
  },
  forest: { trees: 100, depthMax: 8 },
})

const started = performance.now()
const table = await readTable(path)
const read = performance.now()
await train(table, { ...config, kind: 'trees' })
const trained = performance.now()
const peakBytes = process.resourceUsage().maxRSS * 1024
await train(table, { ...config, kind: 'forest' })
const forested = performance.now()
await train(table, { ...config, kind: 'linear' })
const figures: TrainerFigures = {
  readSeconds: (read - started) / 1_000,
  trainSeconds: (trained - read) / 1_000,
  peakBytes,
  forestSeconds: (forested - trained) / 1_000,
  linearSeconds: (performance.now() - forested) / 1_000,
}
process.stdout.write(JSON.stringify(figures))
