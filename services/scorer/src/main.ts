import { loadServiceConfig } from '@sluicebox/service/config'
import { runMain } from '@sluicebox/service/service'
import { scorerConfig } from './config.ts'
import { runScorer } from './run.ts'

await runMain('scorer', () =>
  runScorer(loadServiceConfig({ scorer: scorerConfig }, process.argv[2], process.env)),
)
