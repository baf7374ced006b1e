import { join } from 'node:path'
import { startAdmin } from '@sluicebox/runtime/admin'
import { createLogger } from '@sluicebox/runtime/log'
import { createMetrics } from '@sluicebox/runtime/metrics'
import { stopOnSignal } from '@sluicebox/runtime/stop'
import { openFolderStore } from '@sluicebox/store/folder'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import { startArchiver } from './archiver.ts'
import { loadProcessConfig } from './config.ts'

const config = loadProcessConfig(process.argv[2], process.env)
const logger = createLogger({ level: config.logLevel, name: 'archiver' })
const metrics = createMetrics()
const stop = stopOnSignal({ graceMs: config.shutdownGraceMs, logger })
try {
  await using log = await openEmbeddedLog({ dir: join(config.dataDir, 'log') })
  const store = await openFolderStore(join(config.dataDir, 'archive'))
  await using _admin = await startAdmin({
    ...config.admin,
    metrics,
    ready: () => (stop.signal.aborted ? { ok: false, reason: 'stopping' } : { ok: true }),
    started: () => true,
  })
  await startArchiver({ log, store, config: config.archiver, logger, metrics, signal: stop.signal }).done
  stop.finished('done')
} catch (err) {
  logger.error({ err }, 'the archiver failed')
  stop.finished('failed')
  process.exitCode = 1
}
