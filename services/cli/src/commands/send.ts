import type { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { speedOption, untilInterrupted } from '../options.ts'
import { readRecordings } from '../recordings/events.ts'
import { loadMap } from '../recordings/map.ts'
import { print, progress, tell } from '../terminal.ts'
import { sendPaced, type PacedEvent } from './simulate.ts'

export function addSend(program: Command): void {
  program
    .command('send')
    .description('posts recorded events to a collector as a tracker does, with their times moved to now')
    .argument('<file...>', 'recordings: csv, ndjson, jsonl; also .gz')
    .requiredOption('--map <map>', 'which field of a row holds what: a file, or the name of a map that ships')
    .requiredOption('--to <url>', 'address of the collector')
    .option('--speed <speed>', 'how many times faster than recorded: 60x, or max', speedOption, 1)
    .option('--json', 'print the counts as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ sluicebox send clicks.csv.gz --map rees46 --to http://localhost:8080 --speed 60x
  $ sluicebox send events.ndjson --map ndjson --to http://localhost:8080 --speed max

Maps that ship: rees46, otto, ecom, ndjson. Faster than 1x, the pauses inside sessions shrink as well: to train on a
recording use "sluicebox import", which keeps the recorded time. A recording that is sent twice within four days counts
once, because its events have the same ids each time.`,
    )
    .action(async (files: string[], options: { map: string; to: string; speed: number; json?: true }) => {
      const signal = untilInterrupted()
      const bar = progress('reading')
      await using recording = await readRecordings(files, loadMap(options.map), {
        onProgress: share => bar.update(share),
        signal,
      }).finally(() => bar.stop())
      const { count, skipped, fromMs = 0 } = recording
      async function* paced(): AsyncGenerator<PacedEvent> {
        for await (const { timeMs, json } of recording.events())
          yield { dueMs: (timeMs - fromMs) / options.speed, json }
      }
      const counts = await sendPaced(options.to, paced(), { count, signal })
      const sent = counts.accepted + counts.bad
      if (options.json) print(JSON.stringify({ ...counts, skipped }))
      if (sent < count) {
        process.exitCode = EXIT.failed
        tell(
          `interrupted: ${sent} of ${count} events are sent; send the same files again: each event counts once`,
        )
      } else if (!options.json)
        tell(
          `sent ${sent} events: ${counts.accepted} accepted, ${counts.bad} bad${skipped > 0 ? `, ${skipped} rows skipped as the map says` : ''}`,
        )
    })
}
