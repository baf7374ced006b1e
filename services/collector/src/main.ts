import { once } from 'node:events'
import { join } from 'node:path'
import { loadEventSchemas } from '@sluicebox/registry/events'
import { folderCodec } from '@sluicebox/registry/folder'
import { loadProcessConfig, runProcess } from '@sluicebox/runtime/process'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import { collectorConfig } from './config.ts'
import { startCollector } from './server.ts'

const config = loadProcessConfig({ collector: collectorConfig.prefault({}) }, process.argv[2], process.env)
await runProcess('collector', config, async ({ logger, metrics, signal, serveAdmin }) => {
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
  await using _admin = await serveAdmin(collector.ready)
  if (!signal.aborted) await once(signal, 'abort')
  await collector.close()
})
