import { Argument, Option, type Command } from 'commander'
import { STREAMS, type StreamName } from '@sluicebox/event/records'
import { readConfig } from '../read-config.ts'
import { openStreams } from '../data.ts'
import { readStream } from '../inspect/read-stream.ts'
import { describeRecord, toJson } from '../inspect/lines.ts'
import { untilInterrupted } from '../options.ts'
import { print, tell } from '../terminal.ts'

interface TailOptions {
  readonly data?: string
  readonly from?: 'start' | 'end'
  readonly follow?: true
  readonly json?: true
  readonly heartbeats?: true
  readonly config?: string
}

export function addTail(program: Command): void {
  program
    .command('tail')
    .description('prints the records of a stream')
    .addArgument(new Argument('<stream>', 'which stream').choices([...STREAMS]))
    .option('--data <dir>', 'the data directory (default: data)')
    .addOption(new Option('--from <where>', 'where to begin').choices(['start', 'end']))
    .option('--follow', 'print records as they come in, until interrupted')
    .option('--heartbeats', 'print heartbeats too')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--json', 'one JSON object per line, all fields')
    .addHelpText(
      'after',
      `
Begins at the start; with --follow, at the end.

Examples:
  $ sluicebox tail scored --follow
  $ sluicebox tail good --json | head
  $ sluicebox tail bad --from start`,
    )
    .action(async (stream: StreamName, options: TailOptions) => {
      const config = readConfig({ dataDir: options.data }, options.config)
      await using streams = await openStreams(config)
      const records = readStream({
        log: streams.log,
        stream,
        reader: await streams.reader(stream),
        from: options.from ?? (options.follow ? 'end' : 'start'),
        ...(options.follow ? { signal: untilInterrupted() } : {}),
        onUnreadable: (place, why) => tell(`${place}: ${why}`),
      })
      for await (const { record, partition, position } of records) {
        if ('kind' in record && record.kind === 'heartbeat' && options.heartbeats !== true) continue
        print(
          options.json
            ? toJson({ partition, position: position.toString(), ...record })
            : describeRecord(stream, record),
        )
      }
    })
}
