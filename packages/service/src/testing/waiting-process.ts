// A process for service.test.ts: a service whose log, or whose registry, is at an address without a listener.
import { tmpdir } from 'node:os'
import { loadServiceConfig } from '../config.ts'
import { runService } from '../service.ts'

const [what, dataDir = tmpdir()] = process.argv.slice(2)
const settings = {
  SLUICEBOX_DATA_DIR: dataDir,
  SLUICEBOX_ADMIN_PORT: '0',
  ...(what === 'log'
    ? { SLUICEBOX_LOG_KIND: 'kafka', SLUICEBOX_LOG_KAFKA_BROKERS: '["127.0.0.1:1"]' }
    : { SLUICEBOX_REGISTRY_URL: 'http://127.0.0.1:1' }),
}
const config = loadServiceConfig({}, undefined, settings)
await runService({ name: 'waiting', config, streams: ['raw'] }, async ({ codec }) => {
  await codec('raw')
  process.stdout.write('at work\n')
})
