// A server process of the collector's benchmark: `bare`, `flushed`, or `collector`, with a folder for what it keeps. It
// sends its port when it listens, and its CPU time when asked.
import { open } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { collectorConfig } from '@sluicebox/collector/config'
import { runCollector } from '@sluicebox/collector/run'
import { loadServiceConfig } from '@sluicebox/service/config'

const [kind, dir] = process.argv.slice(2)

/** A server that takes JSON and nothing else: it reads, parses and hands the body over, to be answered. */
async function startPlain(accept: (body: Buffer, res: ServerResponse) => void): Promise<number> {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const body = Buffer.concat(chunks)
      for (const line of body.toString().split('\n')) JSON.parse(line)
      accept(body, res)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function answer(res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'text/plain', 'content-length': '2' })
  res.end('ok')
}

/**
 * What a durable answer costs at the least: bodies are appended to a file, and answered when the disk has them. What comes
 * during a flush shares the next one.
 */
async function startFlushed(dataDir: string): Promise<number> {
  const file = await open(join(dataDir, 'bodies'), 'a')
  let waiting: { body: Buffer; res: ServerResponse }[] = []
  let isFlushing = false
  async function flush(): Promise<void> {
    isFlushing = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      await file.writev(batch.map(({ body }) => body))
      await file.datasync()
      for (const { res } of batch) answer(res)
    }
    isFlushing = false
  }
  return startPlain((body, res) => {
    waiting.push({ body, res })
    if (!isFlushing) void flush()
  })
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

const START: Readonly<Record<string, (dataDir: string) => Promise<number>>> = {
  bare: () => startPlain((_, res) => answer(res)),
  flushed: startFlushed,
  collector: startDurable,
}
const port = await START[kind as string]!(dir as string)
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuSeconds: (user + system) / 1e6 })
})
// The process that measures may fail.
process.on('disconnect', () => process.exit())
process.send?.({ port })
