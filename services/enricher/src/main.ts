import { loadServiceConfig } from '@sluicebox/service/config'
import { runMain } from '@sluicebox/service/service'
import { enricherConfig } from './config.ts'
import { runEnricher } from './run.ts'

await runMain('enricher', () =>
  runEnricher(loadServiceConfig({ enricher: enricherConfig }, process.argv[2], process.env)),
)
