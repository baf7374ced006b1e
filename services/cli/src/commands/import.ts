import type { Command } from 'commander'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import { dataPaths } from '@sluicebox/service/stores'
import { importEvents } from '../recordings/append-recorded.ts'
import { readRecordings } from '../recordings/events.ts'
import { loadMap } from '../recordings/map.ts'
import { print, progress, tell } from '../terminal.ts'
import { VERSION } from '../version.ts'

export function addImport(program: Command): void {
  program
    .command('import')
    .description('appends recorded events to raw, in recorded time')
    .argument('<file...>', 'recordings: csv, ndjson, jsonl; also .gz')
    .requiredOption('--map <map>', 'which field of a row holds what: a file, or the name of a map that ships')
    .option('--data <dir>', 'the data directory', 'data')
    .option('--json', 'print the counts as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ sluicebox import clicks.csv.gz --map rees46 --data shop
  $ sluicebox import a.jsonl b.jsonl --map my-map.yaml --data shop

Maps that ship: rees46, otto, ecom, ndjson. Then run "sluicebox drain --data shop --close".`,
    )
    .action(async (files: string[], options: { map: string; data: string; json?: true }) => {
      const map = loadMap(options.map)
      const skipped = { count: 0 }
      const reading = progress('reading')
      const events = await readRecordings(files, map, {
        onProgress: share => reading.update(share),
        skipped,
      }).finally(() => reading.stop())

      const writing = progress('writing')
      await using log = await openEmbeddedLog({ dir: dataPaths(options.data).log })
      await importEvents(events, {
        log,
        codec: folderCodec('raw'),
        collector: `sluicebox-import/${VERSION}`,
        onProgress: share => writing.update(share, `${events.length} events`),
      }).finally(() => writing.stop())

      const [from, to] = [events[0]?.timeMs, events.at(-1)?.timeMs].map(ms =>
        ms === undefined ? null : new Date(ms).toISOString(),
      )
      if (options.json) print(JSON.stringify({ events: events.length, skipped: skipped.count, from, to }))
      else if (events.length === 0) tell('there was nothing to import')
      else
        tell(
          `imported ${events.length} events from ${from} to ${to}${skipped.count > 0 ? `, ${skipped.count} rows skipped as the map says` : ''}; next: sluicebox drain --data ${options.data} --close`,
        )
    })
}
