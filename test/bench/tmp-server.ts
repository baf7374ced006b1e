// A server process of the collector's benchmark: `bare`, or `collector` with a folder for its log. Tells its port when it listens, and
// its CPU time whenever it is asked.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { collectorConfig } from '@sluicebox/collector/config'
import { startCollector } from '@sluicebox/collector/server'
import { folderCodec } from '@sluicebox/registry/folder'
import { createLogger } from '@sluicebox/runtime/log'
import { createMetrics } from '@sluicebox/runtime/metrics'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'

const [kind, dir] = process.argv.slice(2)

/** What a server does that takes JSON and nothing else: reads, parses, answers. */
async function startBare(): Promise<number> {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      JSON.parse(Buffer.concat(chunks).toString())
      res.writeHead(200, { 'content-type': 'text/plain', 'content-length': '2' })
      res.end('ok')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** The collector as it is shipped, on a log that answers when the disk has the records. */
async function startDurable(logDir: string): Promise<number> {
  const log = process.env.NULLLOG ? { append: () => new Promise<void>(r => setImmediate(r)), partitionCount: async () => 4 } : await openEmbeddedLog({ dir: logDir })
  const collector = await startCollector({
    config: collectorConfig.parse({ port: 0, load: { requestsPerConnectionMax: 0 } }),
    log,
    codec: folderCodec('raw'),
    logger: createLogger({ level: 'warn', name: 'collector' }),
    metrics: createMetrics(),
  })
  return collector.port
}

process.on('SIGTERM', () => process.exit(0))
const port = kind === 'bare' ? await startBare() : await startDurable(dir as string)
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuSeconds: (user + system) / 1e6 })
})
process.send?.({ port })
