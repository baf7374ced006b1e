import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from '@sluicebox/runtime/log'
import { createMetrics } from '@sluicebox/runtime/metrics'
import { openSchemas } from '@sluicebox/service/schemas'
import { dataPaths, openStore } from '@sluicebox/service/stores'
import { watchLog } from '@sluicebox/service/watch-log'
import { lagOf } from '@sluicebox/stream/lag'
import { isOnThisMachine } from '@sluicebox/stream/config'
import type { Log } from '@sluicebox/stream/log'
import { openLog } from '@sluicebox/stream/open'
import type { Command } from 'commander'
import { readConfig } from '../read-config.ts'
import { atOnce, checkLogExists } from '../data.ts'
import { appendHeartbeats } from '../recordings/append-recorded.ts'
import { endsOf, newestOf } from '../recordings/resume.ts'
import { startPipeline } from '../pipeline.ts'
import { createRecordReader } from '../inspect/record-reader.ts'
import { print, progress, tell } from '../terminal.ts'
import { VERSION } from '../version.ts'

interface DrainOptions {
  readonly config?: string
  readonly data?: string
  readonly bundle?: string
  readonly close?: true
  readonly json?: true
}

const LOOK_MS = 50
/** The group that reads each stream. A stream is drained when its group has committed its end. */
const READERS = [
  { group: 'enricher', stream: 'raw' },
  { group: 'scorer', stream: 'good' },
] as const

export function addDrain(program: Command): void {
  program
    .command('drain')
    .description('runs all stages until each stream is read to its end and archived, then exits')
    .option('--data <dir>', 'the data directory (default: data)')
    .option('--bundle <path>', 'the bundle to score with: a folder or a .zip (default: the one that ships)')
    .option('--close', 'first write a heartbeat one session gap later, which closes every session')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--json', 'print the counts as JSON')
    .addHelpText(
      'after',
      `
Do not run it beside "sluicebox up" or workers on the same streams: they do the same continuously.
On Kafka the counts are positions, which include the ends of transactions.

Example:
  $ sluicebox drain --data shop --close`,
    )
    .action(async (options: DrainOptions) => {
      const config = readConfig(
        { dataDir: options.data, scorer: { bundle: options.bundle }, logLevel: 'error' },
        options.config,
      )
      if (isOnThisMachine(config.log)) checkLogExists(config.dataDir)
      const logger = createLogger({ level: config.logLevel, name: 'sluicebox' })
      const metrics = createMetrics()
      await using log = await openLog({
        config: config.log,
        dir: dataPaths(config.dataDir).log,
        ...watchLog({ logger, metrics }),
      })
      const schemas = await openSchemas(config, atOnce)
      await using pipeline = await startPipeline({
        ...schemas,
        config,
        log,
        logger,
        metrics,
        openStore: name => openStore(config, name, atOnce),
      })
      if (options.close) {
        const codec = await schemas.codec('raw')
        const newestMs = newestOf(await endsOf(log, createRecordReader(codec, schemas.fetchSchema)))
        const closedMs = newestMs + Math.max(config.scorer.gapMs, config.scorer.graceMs) + 1
        if (Number.isFinite(newestMs))
          await appendHeartbeats(closedMs, { log, codec, collector: `sluicebox-drain/${VERSION}` })
      }
      await Promise.race([drained(log), pipeline.failed])
      await Promise.race([pipeline.archiver.drain(), pipeline.failed])
      await pipeline.stop()

      const counts = Object.fromEntries(
        await Promise.all(
          (['raw', 'good', 'bad', 'scored'] as const).map(
            async stream => [stream, await kept(log, stream)] as const,
          ),
        ),
      )
      if (options.json) print(JSON.stringify(counts))
      else
        tell(
          `drained: ${Object.entries(counts)
            .map(([stream, count]) => `${count} in ${stream}`)
            .join(', ')}`,
        )
    })
}

/** Resolves when every group has committed the end of its stream. */
async function drained(log: Log): Promise<void> {
  const bar = progress('draining')
  try {
    // In the order of the pipeline: a group at its end gets more records while the one before it works.
    for (const { group, stream } of READERS) {
      for (;;) {
        const lag = (await lagOf(log, group, stream)).reduce((sum, positions) => sum + positions, 0)
        const end = (await log.bounds(stream)).reduce((sum, bound) => sum + Number(bound.end), 0)
        bar.update(end === 0 ? 1 : 1 - lag / end, `${group}: ${lag} of ${end} records are left`)
        if (lag === 0) break
        await sleep(LOOK_MS)
      }
    }
  } finally {
    bar.stop()
  }
}

/** Records that the log keeps of a stream, heartbeats included. */
async function kept(log: Log, stream: string): Promise<number> {
  return (await log.bounds(stream)).reduce((sum, { start, end }) => sum + Number(end - start), 0)
}
