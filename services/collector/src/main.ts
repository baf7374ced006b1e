import { once } from 'node:events'
import { join } from 'node:path'
import { loadEventSchemas } from '@sluicebox/registry/events'
import { folderCodec } from '@sluicebox/registry/folder'
import { startAdmin } from '@sluicebox/runtime/admin'
import { createLogger } from '@sluicebox/runtime/log'
import { createMetrics } from '@sluicebox/runtime/metrics'
import { stopOnSignal } from '@sluicebox/runtime/stop'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import { loadProcessConfig } from './config.ts'
import { startCollector } from './server.ts'

const config = loadProcessConfig(process.argv[2], process.env)
const logger = createLogger({ level: config.logLevel, name: 'collector' })
const metrics = createMetrics()
const stop = stopOnSignal({ graceMs: config.shutdownGraceMs, logger })
try {
  const validate = loadEventSchemas([]).validator('iglu:com.sluicebox/event/jsonschema/1-0-0')
  await using log = await openEmbeddedLog({ dir: join(config.dataDir, 'log') })
  await using collector = await startCollector({
    config: config.collector,
    log,
    codec: folderCodec('raw'),
    logger,
    metrics,
    checkEvent: event => (validate?.(event) ?? []).map(({ path, message }) => `${path} ${message}`.trim()),
  })
  await using _admin = await startAdmin({
    ...config.admin,
    metrics,
    ready: collector.ready,
    started: () => true,
  })
  if (!stop.signal.aborted) await once(stop.signal, 'abort')
  await collector.close()
  stop.finished('done')
} catch (err) {
  logger.error({ err }, 'the collector failed')
  stop.finished('failed')
  process.exitCode = 1
}
