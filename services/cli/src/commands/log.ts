import { dataPaths } from '@sluicebox/service/stores'
import { isOnThisMachine } from '@sluicebox/stream/config'
import { salvageLog } from '@sluicebox/stream/embedded/salvage'
import { surveyLog, type LogSurvey } from '@sluicebox/stream/embedded/survey'
import type { Command } from 'commander'
import { checkLogExists } from '../data.ts'
import { EXIT } from '../exit-codes.ts'
import { readConfig } from '../read-config.ts'
import { paint, print, progress, table, tell } from '../terminal.ts'

interface Where {
  readonly data?: string
  readonly config?: string
  readonly json?: true
}

/** Lost ranges beyond this many are counted on a terminal, and listed by --json. */
const LISTED_MAX = 50

export function addLog(program: Command): void {
  const log = program
    .command('log')
    .description('checks the embedded log, and saves what is whole of a damaged one')

  log
    .command('verify')
    .description('reads every record of the embedded log and checks it against its checksum')
    .option('--data <dir>', 'the data directory (default: data)')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', '\nExample:\n  $ sluicebox log verify --data shop')
    .action(async (options: Where) => {
      const dir = logFolder(options)
      const bar = progress('verifying')
      const survey = await surveyLog(dir, { onProgress: share => bar.update(share) }).finally(() =>
        bar.stop(),
      )
      report(survey, options)
      if (isDamaged(survey)) process.exitCode = EXIT.failed
    })

  log
    .command('salvage')
    .description('copies what is whole of a damaged log to another folder, at the same positions')
    .requiredOption('--to <dir>', 'the folder for the copy; it must not exist, or be empty')
    .option('--data <dir>', 'the data directory (default: data)')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Stop everything that uses the log first. Then put the copy in its place:
  $ sluicebox log salvage --data shop --to shop/log-salvaged
  $ mv shop/log shop/log-damaged && mv shop/log-salvaged shop/log

Records that are lost stay an empty range of positions. The stages pass over it and report it.`,
    )
    .action(async (options: Where & { to: string }) => {
      const dir = logFolder(options)
      const bar = progress('salvaging')
      const survey = await salvageLog(dir, options.to, { onProgress: share => bar.update(share) }).finally(
        () => bar.stop(),
      )
      report(survey, options)
      tell(`What is whole is in ${options.to}.`)
    })
}

function logFolder(options: Where): string {
  const { log, dataDir } = readConfig({ dataDir: options.data }, options.config)
  if (!isOnThisMachine(log))
    throw new Error(
      'the log is on Kafka, which checks and repairs its own files: see "sluicebox topics check"',
    )
  checkLogExists(dataDir)
  return dataPaths(dataDir).log
}

function report(survey: LogSurvey, { json }: Where): void {
  const { damage, partitions } = survey
  const rows = partitions.map(({ stream, partition, start, end, blocks, lost }) => ({
    stream,
    partition,
    start,
    end,
    records: blocks.reduce((sum, { count }) => sum + count, 0),
    lost,
  }))
  const lost = rows.flatMap(({ stream, partition, lost }) =>
    lost.map(each => ({ stream, partition, ...each })),
  )
  if (json) print(JSON.stringify({ damage: damage ?? null, partitions: rows }))
  else {
    if (damage !== undefined) print(`${paint('red', 'the structure of the file is damaged')}: ${damage}`)
    print(
      table([
        ['stream', 'partition', 'from', 'to', 'whole', 'lost'],
        ...rows.map(({ stream, partition, start, end, records }) => [
          stream,
          ...[partition, start, end, records, end - start - records].map(String),
        ]),
      ]),
    )
    for (const { stream, partition, from, to, reason } of lost.slice(0, LISTED_MAX))
      print(
        `${paint('red', 'lost')} ${stream}, partition ${partition}, positions ${from} to ${to - 1}: ${reason}`,
      )
    if (lost.length > LISTED_MAX) print(`and ${lost.length - LISTED_MAX} more ranges; --json lists all`)
    tell(isDamaged(survey) ? 'the log is damaged' : 'no fault found')
  }
}

const isDamaged = ({ damage, partitions }: LogSurvey): boolean =>
  damage !== undefined || partitions.some(({ lost }) => lost.length > 0)
