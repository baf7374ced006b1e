import { setTimeout as sleep } from 'node:timers/promises'
import { folderCodec } from '@sluicebox/registry/folder'
import { createLogger } from '@sluicebox/runtime/log'
import { createMetrics } from '@sluicebox/runtime/metrics'
import type { Log } from '@sluicebox/stream/log'
import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { appendHeartbeats, newestCollected } from '../import.ts'
import { startPipeline } from '../pipeline.ts'
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
/** Who reads what: a stream is drained when its readers have come to its end. */
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
    .option('--close', 'first write a last heartbeat, a session gap later, that closes every session')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, where there is one)')
    .option('--json', 'print the counts as JSON')
    .addHelpText(
      'after',
      `
Not beside a running "sluicebox up" of the same directory, which does the same all the time.

Example:
  $ sluicebox drain --data shop --close`,
    )
    .action(async (options: DrainOptions) => {
      const config = readConfig(
        { dataDir: options.data, scorer: { bundle: options.bundle }, logLevel: 'error' },
        options.config,
      )
      const logger = createLogger({ level: config.logLevel, name: 'sluicebox' })
      await using pipeline = await startPipeline({ config, logger, metrics: createMetrics() })
      const { log } = pipeline
      if (options.close) {
        const codec = folderCodec('raw')
        const newestMs = await newestCollected(log, codec)
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

/** Resolves when every reader has come to the end of what it reads. */
async function drained(log: Log): Promise<void> {
  const bar = progress('draining')
  try {
    // In the order of the streams: a reader that is done may still get more from the one before it.
    for (const { group, stream } of READERS) {
      for (;;) {
        const [bounds, committed] = await Promise.all([log.bounds(stream), log.committed(group, stream)])
        const end = bounds.reduce((sum, bound) => sum + bound.end, 0n)
        const done = committed.reduce((sum, position) => sum + position, 0n)
        bar.update(end === 0n ? 1 : Number(done) / Number(end), `${group}: ${done} of ${end} records`)
        if (done >= end) break
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
