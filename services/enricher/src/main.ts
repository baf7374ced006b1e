import { join } from 'node:path'
import { loadProcessConfig, runProcess } from '@sluicebox/runtime/process'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import { enricherConfig } from './config.ts'
import { startEnricher } from './start.ts'

const config = loadProcessConfig({ enricher: enricherConfig }, process.argv[2], process.env)
await runProcess('enricher', config, async ({ logger, metrics, signal, serveAdmin }) => {
  await using log = await openEmbeddedLog({ dir: join(config.dataDir, 'log') })
  await using _admin = await serveAdmin(() => ({ ok: true }))
  await startEnricher({ log, config: config.enricher, logger, metrics, signal })
})
