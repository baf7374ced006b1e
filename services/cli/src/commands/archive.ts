import { listArchive } from '@sluicebox/archiver/manifests/read'
import { verifyArchive } from '@sluicebox/archiver/manifests/verify-archive'
import { STREAMS, type StreamName } from '@sluicebox/event/records'
import { openStore } from '@sluicebox/service/stores'
import { Option, type Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { readConfig } from '../read-config.ts'
import { atOnce } from '../data.ts'
import { paint, print, progress, table, tell } from '../terminal.ts'

export function addArchive(program: Command): void {
  const archive = program.command('archive').description('lists and checks the archive')

  archive
    .command('ls')
    .description('lists the objects of the archive')
    .option('--data <dir>', 'the data directory (default: data)')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .addOption(new Option('--stream <stream>', 'only this stream').choices([...STREAMS]))
    .option('--json', 'one JSON object per line')
    .addHelpText('after', '\nExample:\n  $ sluicebox archive ls --stream scored')
    .action(async (options: Where & { stream?: StreamName; json?: true }) => {
      const store = await openStore(readConfig({ dataDir: options.data }, options.config), 'archive', atOnce)
      const rows = [['object', 'from', 'next', 'records', 'bytes', 'collected']]
      for await (const entry of listArchive(
        store,
        options.stream === undefined ? STREAMS : [options.stream],
      )) {
        if (options.json) print(JSON.stringify(entry, bigintAsText))
        else
          rows.push([
            entry.key,
            String(entry.start),
            String(entry.end),
            String(entry.records),
            String(entry.bytes),
            instant(entry.collectedAtMin),
          ])
      }
      if (!options.json) print(rows.length === 1 ? 'the archive is empty' : table(rows))
    })

  archive
    .command('verify')
    .description('reads and checks every object: no gap, no overlap, every hash, every record')
    .option('--data <dir>', 'the data directory (default: data)')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--repair', 'rebuild missing manifest entries from their objects')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', '\nExample:\n  $ sluicebox archive verify --data shop')
    .action(async (options: Where & { repair?: true; json?: true }) => {
      const store = await openStore(readConfig({ dataDir: options.data }, options.config), 'archive', atOnce)
      const bar = progress('verifying')
      const report = await verifyArchive(store, {
        repair: options.repair === true,
        onProgress: ({ objects, of }) => bar.update(objects / Math.max(1, of), `${objects} of ${of} objects`),
      }).finally(() => bar.stop())
      if (options.json) print(JSON.stringify(report, bigintAsText))
      else {
        print(
          table([
            ['stream', 'partitions', 'objects', 'records', 'bytes'],
            ...report.streams.map(({ stream, partitions, objects, records, bytes }) => [
              stream,
              ...[partitions, objects, records, bytes].map(String),
            ]),
          ]),
        )
        for (const fault of report.faults) print(`${paint('red', fault.kind)} ${fault.key}: ${fault.message}`)
        if (report.repaired > 0) tell(`${report.repaired} manifest entries restored`)
        tell(report.faults.length === 0 ? 'no fault found' : `${report.faults.length} faults found`)
      }
      if (report.faults.length > 0) process.exitCode = EXIT.failed
    })
}

interface Where {
  readonly data?: string
  readonly config?: string
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

function instant(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19)
}
