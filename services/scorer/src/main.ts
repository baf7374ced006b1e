import { join } from 'node:path'
import { startAdmin } from '@sluicebox/runtime/admin'
import { createLogger } from '@sluicebox/runtime/log'
import { createMetrics } from '@sluicebox/runtime/metrics'
import { stopOnSignal } from '@sluicebox/runtime/stop'
import { openFolderStore } from '@sluicebox/store/folder'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import { loadProcessConfig } from './config.ts'
import { loadScoringBundle, SHIPPED_BUNDLE } from './scoring-bundle.ts'
import { startScorer } from './start.ts'

const config = loadProcessConfig(process.argv[2], process.env)
const logger = createLogger({ level: config.logLevel, name: 'scorer' })
const metrics = createMetrics()
const stop = stopOnSignal({ graceMs: config.shutdownGraceMs, logger })
try {
  const bundle = await loadScoringBundle(config.scorer.bundle ?? SHIPPED_BUNDLE, config.scorer.trustedKeys)
  await using log = await openEmbeddedLog({ dir: join(config.dataDir, 'log') })
  const store = await openFolderStore(join(config.dataDir, 'snapshots'))
  let restoring = 0
  await using _admin = await startAdmin({
    ...config.admin,
    metrics,
    ready: () =>
      stop.signal.aborted
        ? { ok: false, reason: 'stopping' }
        : restoring === 0
          ? { ok: true }
          : { ok: false, reason: 'restoring sessions' },
    started: () => true,
  })
  const onRestoring = (partitionCount: number): void => void (restoring = partitionCount)
  const { signal } = stop
  await startScorer({ log, store, bundle, config: config.scorer, logger, metrics, signal, onRestoring })
  stop.finished('done')
} catch (err) {
  logger.error({ err }, 'the scorer failed')
  stop.finished('failed')
  process.exitCode = 1
}
