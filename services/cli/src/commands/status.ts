import { setTimeout as sleep } from 'node:timers/promises'
import { ownersOf } from '@sluicebox/stream/inspect'
import type { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { readConfig } from '../read-config.ts'
import { openStreams } from '../data.ts'
import { untilInterrupted } from '../options.ts'
import { orphansOf, readStatus, unreadableOf, type PipelineStatus } from '../inspect/pipeline-status.ts'
import { output, paint, print, table, tell } from '../terminal.ts'

interface StatusOptions {
  readonly config?: string
  readonly data?: string
  readonly partitions?: true
  readonly watch?: true
  readonly json?: true
}

const WATCH_MS = 2_000
/** Clears the terminal and moves the cursor to its first line. */
const CLEAR = '\u001B[2J\u001B[H'

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('shows each stage: how far it is behind, and the owner of each partition')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--data <dir>', 'the data directory (default: data)')
    .option('--partitions', 'show each partition, with its owner')
    .option('--watch', 'show it again every two seconds, until interrupted')
    .option('--json', 'print it as JSON, partitions included; one line each time')
    .addHelpText(
      'after',
      `
"lag" counts positions from the first record that is not done to the end of the stream; on Kafka the ends of
transactions have positions too. "behind" is the time since the log stored that record, by the log's clock and the
clock of this machine. An archiver is done with a record when the object with it is written, so it is behind by up to
archiver.windowMs. The embedded log does not know its readers: owners are shown as "-".

Ends with 1 when a partition has records left and no owner, or holds a record that can't be read.

Examples:
  $ sluicebox status
  $ sluicebox status --partitions --watch
  $ sluicebox status --json | jq '.stages[] | {stage, stream, lag}'`,
    )
    .action(async (options: StatusOptions) => {
      const config = readConfig({ dataDir: options.data }, options.config)
      await using streams = await openStreams(config)
      const read = (): Promise<PipelineStatus> =>
        readStatus({
          log: streams.log,
          archived: config.archiver.streams,
          ownersOf: (group, stream) => ownersOf(config.log, group, stream),
          now: Date.now,
        })
      if (options.watch !== true) {
        const status = await read()
        show(status, options)
        if (orphansOf(status).length > 0 || unreadableOf(status).length > 0) process.exitCode = EXIT.failed
        return
      }
      const interrupted = untilInterrupted()
      while (!interrupted.aborted) {
        const status = await read()
        if (process.stdout.isTTY && options.json === undefined) output.data(CLEAR)
        show(status, options)
        await sleep(WATCH_MS, undefined, { signal: interrupted }).catch(() => {})
      }
    })
}

function show(status: PipelineStatus, { json, partitions }: StatusOptions): void {
  if (json) return print(JSON.stringify(status))
  print(partitions ? byPartition(status) : byStage(status))
  const { rawSilentSeconds } = status
  if (rawSilentSeconds === null) tell('nothing was collected yet')
  else tell(`the newest record of raw arrived ${seconds(rawSilentSeconds)} ago`)
  for (const reason of unreadableOf(status))
    tell(`${paint('red', 'unreadable', process.stderr)}, its readers wait there: ${reason}`)
  for (const orphan of orphansOf(status))
    tell(`${paint('red', 'no owner', process.stderr)}, though records are left: ${orphan}`)
}

function byStage({ stages }: PipelineStatus): string {
  return table([
    ['stage', 'reads', 'workers', 'partitions', 'lag', 'behind'],
    ...stages.map(({ stage, stream, workers, lag, behindSeconds, partitions }) => [
      stage,
      stream,
      workers === null ? '-' : String(workers),
      String(partitions.length),
      String(lag),
      seconds(behindSeconds),
    ]),
  ])
}

function byPartition({ stages }: PipelineStatus): string {
  return table([
    ['stage', 'reads', 'partition', 'owner', 'committed', 'end', 'lag', 'behind'],
    ...stages.flatMap(({ stage, stream, partitions }) =>
      partitions.map(({ partition, owner, committed, end, lag, behindSeconds }) => [
        stage,
        stream,
        String(partition),
        owner ?? '-',
        committed,
        end,
        String(lag),
        seconds(behindSeconds),
      ]),
    ),
  ])
}

function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} s`
}
