import { runArchiver } from '@sluicebox/archiver/run'
import { runCollector } from '@sluicebox/collector/run'
import { createEventCheck } from '@sluicebox/enricher/check-event'
import { runEnricher } from '@sluicebox/enricher/run'
import { loadEventSchemas } from '@sluicebox/registry/events/events'
import type { Settings } from '@sluicebox/runtime/config'
import { runScorer } from '@sluicebox/scorer/run'
import type { Urls } from '@sluicebox/service/service'
import type { Command } from 'commander'
import { readConfig, type Config } from '../read-config.ts'
import { wholeNumberOption } from '../options.ts'
import { EXIT_HELP } from '../exit-codes.ts'
import { print } from '../terminal.ts'

interface StageOptions {
  readonly config?: string
  readonly data?: string
  readonly adminPort?: number
  readonly json?: true
}

type Announce = (urls: Urls) => void

const port = wholeNumberOption({ min: 0, max: 65_535 })

export function addStages(program: Command): void {
  stage(program, {
    name: 'collector',
    description: 'runs a collector as a process: takes events and writes them to raw',
    examples: ['collector --config sluicebox.yaml', 'collector --port 8081 --admin-port 9471'],
    more: 'Any number of collectors can run behind a load balancer.',
    run: (config, announce) =>
      runCollector(config, {
        announce,
        checkEvent: createEventCheck({
          config: config.enricher,
          schemas: loadEventSchemas(config.enricher.schemaDirs),
        }),
      }),
    settings: (options: { port?: number; host?: string }) => ({
      collector: { port: options.port, host: options.host },
    }),
  })
    .option('--port <port>', 'port to listen on; 0 for any free one (default: 8080)', port)
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')

  stage(program, {
    name: 'enricher',
    description: 'runs an enricher as a process: makes good and bad of raw',
    examples: ['enricher --config sluicebox.yaml', 'enricher --admin-port 0'],
    more: SHARED,
    run: runEnricher,
  })
  stage(program, {
    name: 'scorer',
    description: 'runs a scorer as a process: makes scored of good',
    examples: ['scorer --config sluicebox.yaml', 'scorer --bundle bundles/mine --admin-port 0'],
    more: `${SHARED} Workers on several machines restore sessions from the log,
unless they share their snapshots (store).`,
    run: runScorer,
    settings: (options: { bundle?: string }) => ({ scorer: { bundle: options.bundle } }),
  }).option('--bundle <path>', 'the bundle to score with: a folder or a .zip (default: the one that ships)')

  stage(program, {
    name: 'archiver',
    description: 'runs an archiver as a process: keeps all streams in the archive',
    examples: ['archiver --config sluicebox.yaml', 'archiver --admin-port 0'],
    more: `${SHARED} All of them must use the same archive (dataDir or store).`,
    run: runArchiver,
  })
}

const SHARED = `On Kafka any number of them share the partitions; on the embedded log one works and the others wait.`

interface Stage<Options> {
  readonly name: string
  readonly description: string
  readonly examples: readonly string[]
  readonly more: string
  run(config: Config, announce: Announce): Promise<void>
  readonly settings?: (options: Options) => Settings
}

/** Adds a command that runs one stage until a signal stops it. */
function stage<Options>(
  program: Command,
  { name, description, examples, more, run, settings }: Stage<Options>,
): Command {
  return program
    .command(name)
    .description(description)
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--data <dir>', 'the data directory (default: data)')
    .option('--admin-port <port>', 'port for health and metrics; 0 for any free one (default: 9464)', port)
    .option('--json', 'print its addresses as one line of JSON, once it is ready')
    .addHelpText(
      'after',
      `
${more}

Stops on SIGTERM or Ctrl-C once what is in flight is finished. Each process on a machine needs its own --admin-port.

${EXIT_HELP}

Examples:
${examples.map(example => `  $ sluicebox ${example}`).join('\n')}`,
    )
    .action(async (options: StageOptions & Options) => {
      const config = readConfig(
        { dataDir: options.data, admin: { port: options.adminPort }, ...settings?.(options) },
        options.config,
      )
      await run(config, urls => {
        if (options.json) print(JSON.stringify(urls))
      })
    })
}
