import { policyOf } from '@sluicebox/scorer/config'
import { openStore } from '@sluicebox/service/stores'
import { describeDataset } from '@sluicebox/trainer/dataset/build'
import { runDatasetBuild } from '@sluicebox/trainer/trainer'
import type { Command } from 'commander'
import { codeInfo, commandLine } from '../code-info.ts'
import { readConfig } from '../read-config.ts'
import { atOnce } from '../data.ts'
import { durationOption, wholeNumberOption } from '../options.ts'
import { archivedEvents } from '../verify/replay.ts'
import { print, progress, tell } from '../terminal.ts'

interface BuildOptions {
  readonly data?: string
  readonly out: string
  readonly features?: string
  readonly featuresMax?: number
  readonly goal: string
  readonly maturity?: number
  readonly source?: string
  readonly includeBots?: true
  readonly includeSimulated?: true
  readonly config?: string
  readonly json?: true
}

export function addDataset(program: Command): void {
  const dataset = program.command('dataset').description('makes training tables')

  dataset
    .command('build')
    .description('replays the archive through the code that scores, into a training table')
    .requiredOption('--out <dir>', 'the folder of the table')
    .option('--data <dir>', 'the data directory whose archive is read (default: data)')
    .option(
      '--features <list>',
      'a feature list (YAML or JSON), or auto: derived from the archive (default: auto)',
    )
    .option('--features-max <n>', 'how many features auto proposes at most', wholeNumberOption({ min: 1 }))
    .option('--goal <action>', 'the action that a session should reach', 'transaction')
    .option(
      '--maturity <duration>',
      'leave out sessions that began less than this before the newest event (default: 30m)',
      durationOption,
    )
    .option('--source <text>', 'origin and credit of the events, for the model card')
    .option('--include-bots', 'keep sessions that look automated')
    .option('--include-simulated', 'keep sessions made by "sluicebox simulate"')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--json', 'print the description of the table as JSON')
    .addHelpText(
      'after',
      `
The table has one row for each moment at which a session was scored: its features as of that moment, its label from
what happened later. Events at or after the goal are left out. The feature list is written to features.yaml beside the
rows, where you can read and edit it.

Examples:
  $ sluicebox dataset build --data shop --out table
  $ sluicebox dataset build --data shop --features features.yaml --goal purchase --maturity 0m --out table`,
    )
    .action(async (options: BuildOptions) => {
      const config = readConfig(
        {
          dataDir: options.data,
          trainer: {
            dataset: {
              features: options.features,
              featuresMax: options.featuresMax,
              maturityMs: options.maturity,
              includeBots: options.includeBots,
              includeSimulated: options.includeSimulated,
            },
          },
        },
        options.config,
      )
      const store = await openStore(config, 'archive', atOnce)
      const bar = progress('building')
      let found = 0
      const info = await runDatasetBuild({
        source: archivedEvents(store, config.enricher, options.source ?? 'the archive of this site'),
        config: config.trainer.dataset,
        policy: { ...policyOf(config.scorer), goal: options.goal },
        outDir: options.out,
        command: commandLine(),
        builtAt: new Date().toISOString(),
        code: codeInfo(),
        // The first pass counts the events, so that the second one can show a share.
        progress: ({ pass, events }) => {
          if (pass === 'look') found = events
          const share = found === 0 ? 0 : events / found
          bar.update(pass === 'look' ? 0 : share, `${events} events`)
        },
      }).finally(() => bar.stop())
      if (options.json) print(JSON.stringify(info))
      else for (const line of describeDataset(info)) tell(line)
      for (const warning of info.warnings) tell(`warning: ${warning}`)
    })
}
