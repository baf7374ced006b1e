// A process of the benchmark on Kafka: `collector`, `enricher` or `scorer`, given its brokers, the prefix of its names and
// where to keep snapshots. It says when it is up, starts on request, and sends its CPU time when asked.
import { collectorConfig } from '@sluicebox/collector/config'
import { startCollector } from '@sluicebox/collector/http/server'
import { enricherConfig } from '@sluicebox/enricher/config'
import { startEnricher } from '@sluicebox/enricher/start'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { createLogger } from '@sluicebox/runtime/log'
import { createMetrics } from '@sluicebox/runtime/metrics'
import { scorerConfig } from '@sluicebox/scorer/config'
import { startScorer } from '@sluicebox/scorer/start'
import { openFolderStore } from '@sluicebox/store/folder'
import { kafkaConfig } from '@sluicebox/stream/kafka/config'
import { openKafkaLog } from '@sluicebox/stream/kafka/log'
import { bundle } from './scorer.ts'

const [kind, brokers, prefix, snapshots] = process.argv.slice(2) as [string, string, string, string]
const log = await openKafkaLog({
  config: kafkaConfig.parse({ brokers: brokers.split(','), prefix, replicas: 1 }),
  onProblem: error => process.stderr.write(`${kind}: ${error.message}\n`),
})
const shared = {
  log,
  logger: createLogger({ level: 'warn', name: kind }),
  metrics: createMetrics(),
  signal: new AbortController().signal,
}

/** Returns the port, where there is one. */
async function start(): Promise<number | undefined> {
  switch (kind) {
    case 'collector': {
      const config = collectorConfig.parse({ port: 0, load: { requestsPerConnectionMax: 0 } })
      return (await startCollector({ ...shared, config, codec: folderCodec('raw') })).port
    }
    case 'enricher':
      void startEnricher({ ...shared, config: enricherConfig.parse({}) })
      return undefined
    default: {
      const store = await openFolderStore(snapshots)
      void startScorer({ ...shared, config: scorerConfig.parse({}), bundle: bundle(), store })
      return undefined
    }
  }
}

process.on('message', message => {
  if (message === 'start') void start().then(port => process.send?.({ port }))
  else {
    const { user, system } = process.cpuUsage()
    process.send?.({ cpuSeconds: (user + system) / 1e6 })
  }
})
process.send?.('there')
