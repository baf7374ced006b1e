import { Argument, Option, type Command } from 'commander'
import { STREAMS, type StreamName } from '@sluicebox/event/records'
import { folderCodec } from '@sluicebox/registry/folder'
import { openExistingLog } from '../data.ts'
import { followStream } from '../follow.ts'
import { describeRecord, toJson } from '../lines.ts'
import { untilInterrupted } from '../options.ts'
import { print, tell } from '../terminal.ts'

export function addTail(program: Command): void {
  program
    .command('tail')
    .description('prints the records of a stream')
    .addArgument(new Argument('<stream>', 'which stream').choices([...STREAMS]))
    .option('--data <dir>', 'the data directory', 'data')
    .addOption(new Option('--from <where>', 'where to begin').choices(['start', 'end']))
    .option('--follow', 'go on as records come in, until interrupted')
    .option('--heartbeats', 'print heartbeats too')
    .option('--json', 'one JSON object a line, all fields')
    .addHelpText(
      'after',
      `
Begins at the start; with --follow, at the end.

Examples:
  $ sluicebox tail scored --follow
  $ sluicebox tail good --json | head
  $ sluicebox tail bad --from start`,
    )
    .action(
      async (
        stream: StreamName,
        options: { data: string; from?: 'start' | 'end'; follow?: true; json?: true; heartbeats?: true },
      ) => {
        await using log = await openExistingLog(options.data)
        const records = followStream({
          log,
          stream,
          codec: folderCodec(stream),
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
      },
    )
}
