// A server process of the collector's benchmark: `bare`, or `collector` with a folder for its log. It sends its port
// when it listens, and its CPU time when asked.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { collectorConfig } from '@sluicebox/collector/config'
import { runCollector } from '@sluicebox/collector/run'
import { loadServiceConfig } from '@sluicebox/service/config'

const [kind, dir] = process.argv.slice(2)

/** What a server does that takes JSON and nothing else: reads, parses, answers. */
async function startBare(): Promise<number> {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      for (const line of Buffer.concat(chunks).toString().split('\n')) JSON.parse(line)
      res.writeHead(200, { 'content-type': 'text/plain', 'content-length': '2' })
      res.end('ok')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** The process of a collector, as it is shipped, on a log that answers when the disk has the records. */
function startDurable(dataDir: string): Promise<number> {
  const config = loadServiceConfig({ collector: collectorConfig.prefault({}) }, undefined, {})
  return new Promise((resolve, reject) => {
    runCollector(
      {
        ...config,
        dataDir,
        logLevel: 'warn',
        admin: { ...config.admin, port: 0 },
        collector: {
          ...config.collector,
          port: 0,
          load: { ...config.collector.load, requestsPerConnectionMax: 0 },
        },
      },
      { announce: ({ url }) => resolve(Number(new URL(url as string).port)) },
    ).catch(reject)
  })
}

const port = kind === 'bare' ? await startBare() : await startDurable(dir as string)
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuSeconds: (user + system) / 1e6 })
})
// The process that measures may fail.
process.on('disconnect', () => process.exit())
process.send?.({ port })
