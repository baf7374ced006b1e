import { join } from 'node:path'
import { startAdmin } from '@sluicebox/runtime/admin'
import { createLogger } from '@sluicebox/runtime/log'
import { createMetrics } from '@sluicebox/runtime/metrics'
import { stopOnSignal } from '@sluicebox/runtime/stop'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import { loadProcessConfig } from './config.ts'
import { startEnricher } from './start.ts'

const config = loadProcessConfig(process.argv[2], process.env)
const logger = createLogger({ level: config.logLevel, name: 'enricher' })
const metrics = createMetrics()
const stop = stopOnSignal({ graceMs: config.shutdownGraceMs, logger })
try {
  await using log = await openEmbeddedLog({ dir: join(config.dataDir, 'log') })
  await using _admin = await startAdmin({
    ...config.admin,
    metrics,
    ready: () => (stop.signal.aborted ? { ok: false, reason: 'stopping' } : { ok: true }),
    started: () => true,
  })
  await startEnricher({ log, config: config.enricher, logger, metrics, signal: stop.signal })
  stop.finished('done')
} catch (err) {
  logger.error({ err }, 'the enricher failed')
  stop.finished('failed')
  process.exitCode = 1
}
