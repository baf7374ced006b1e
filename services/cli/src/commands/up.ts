import { startCollector } from '@sluicebox/collector/http/server'
import { createConsole } from '@sluicebox/console/console'
import { isLoopback } from '@sluicebox/runtime/local-host'
import { createEventCheck } from '@sluicebox/enricher/check-event'
import { loadSchemas } from '@sluicebox/enricher/start'
import { STREAMS, type StreamName } from '@sluicebox/event/records'
import { runService, type ServiceParts } from '@sluicebox/service/service'
import type { Command } from 'commander'
import { aborted } from '@sluicebox/stream/aborted'
import { readConfig, type Config } from '../read-config.ts'
import { wholeNumberOption } from '../options.ts'
import { startPipeline } from '../pipeline.ts'
import { createLearningDecoder } from '../inspect/record-reader.ts'
import { paint, print, tellFailure } from '../terminal.ts'

interface UpOptions {
  readonly config?: string
  readonly data?: string
  readonly port?: number
  readonly adminPort?: number
  readonly bundle?: string
  readonly host?: string
  readonly json?: true
  readonly verbose?: true
}

const port = wholeNumberOption({ min: 0, max: 65_535 })

export function addUp(program: Command): void {
  program
    .command('up')
    .description('runs all stages in one process on the embedded log')
    .option('--data <dir>', 'where to keep the log, snapshots and the archive (default: data)')
    .option('--port <port>', 'port of the collector and the page; 0 for any free one (default: 8080)', port)
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--admin-port <port>', 'port for health and metrics; 0 for any free one (default: 9464)', port)
    .option('--bundle <path>', 'the bundle to score with: a folder or a .zip (default: the one that ships)')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--verbose', 'log what happens')
    .option('--json', 'print the addresses as one line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ sluicebox up
  $ sluicebox up --data shop --bundle bundles/mine --port 9000`,
    )
    .action(async (options: UpOptions) => {
      const config = readConfig(
        {
          dataDir: options.data,
          collector: { port: options.port, host: options.host },
          admin: { port: options.adminPort },
          scorer: { bundle: options.bundle },
          // On a terminal the page shows what happens, so the log shows only problems.
          ...(options.verbose ? { logLevel: 'info' } : process.stderr.isTTY ? { logLevel: 'warn' } : {}),
        },
        options.config,
      )
      // A single process has no earlier step that registers the schemas.
      const registry = { ...config.registry, autoRegister: true }
      await runService(
        {
          name: 'sluicebox',
          config: { ...config, registry },
          streams: STREAMS,
          ...(process.stderr.isTTY ? { tellFailure } : {}),
        },
        parts => up(config, options.json === true, parts),
      )
    })
}

/** Runs until a signal or a failure. Accepted events are on disk by then, and the next run continues from there. */
async function up(config: Config, asJson: boolean, parts: ServiceParts): Promise<void> {
  const { log, logger, metrics, signal } = parts
  const eventSchemas = loadSchemas(config.enricher, logger)
  await using pipeline = await startPipeline({ ...parts, config, eventSchemas })
  const decoder = async <Name extends StreamName>(stream: Name) =>
    createLearningDecoder(await parts.codec(stream), parts.fetchSchema)
  const isLocal = isLoopback(config.collector.host)
  const { token } = config.console
  const isPageServed = isLocal || token !== undefined
  const page = await createConsole({
    log,
    codecs: {
      raw: await decoder('raw'),
      good: await decoder('good'),
      bad: await decoder('bad'),
      scored: await decoder('scored'),
    },
    config: config.console,
    logger: logger.child({ stage: 'console' }),
    bundle: () => pipeline.bundle,
    door: { isLocal, token },
  })
  await using _page = { [Symbol.asyncDispose]: () => page.close() }
  await using collector = await startCollector({
    config: config.collector,
    log,
    codec: await parts.codec('raw'),
    logger: logger.child({ stage: 'collector' }),
    metrics,
    checkEvent: createEventCheck({ config: config.enricher, schemas: eventSchemas }),
    ...(isPageServed ? { fallback: page.handle } : {}),
  })
  parts.readyWhen(() => (collector.ready().ok ? pipeline.ready() : collector.ready()))
  if (!isPageServed)
    logger.warn(
      `the page and the read API are not served: ${config.collector.host} is reached from other machines, and they show what visitors sent; set console.token to serve them`,
    )
  announce(config, { url: collector.url, admin: parts.adminUrl }, asJson)

  await Promise.race([aborted(signal), pipeline.failed])
  // Stops the collector first, so that requests in flight still get their response; then the stages.
  await collector.close()
  await pipeline.stop()
}

function announce(config: Config, urls: { url: string; admin: string }, asJson: boolean): void {
  if (asJson) {
    print(JSON.stringify(urls))
    return
  }
  const url = urls.url.replace('127.0.0.1', 'localhost')
  print(`${paint('bold', 'Sluicebox is up.')} Data is kept in ${config.dataDir}.

  page, scores   ${paint('cyan', url)}
  events to      ${url}/v1/events, ${url}/com.snowplowanalytics.snowplow/tp2
  metrics        ${urls.admin}/metrics

Try, in another terminal:
  npx sluicebox simulate --to ${url}
  npx sluicebox tail scored --follow${config.dataDir === 'data' ? '' : ` --data ${config.dataDir}`}

Ctrl-C stops it.`)
}
