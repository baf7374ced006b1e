import { loadServiceConfig } from '@sluicebox/service/config'
import { runMain } from '@sluicebox/service/service'
import { archiverConfig } from './config.ts'
import { runArchiver } from './run.ts'

await runMain('archiver', () =>
  runArchiver(loadServiceConfig({ archiver: archiverConfig }, process.argv[2], process.env)),
)
