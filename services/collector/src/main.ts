import { loadServiceConfig } from '@sluicebox/service/config'
import { runMain } from '@sluicebox/service/service'
import { collectorConfig } from './config.ts'
import { runCollector } from './run.ts'

await runMain('collector', () =>
  runCollector(loadServiceConfig({ collector: collectorConfig.prefault({}) }, process.argv[2], process.env)),
)
