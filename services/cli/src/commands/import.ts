import type { Command } from 'commander'
import { dataPaths } from '@sluicebox/service/stores'
import { openSchemas } from '@sluicebox/service/schemas'
import { recordBytesMaxOf } from '@sluicebox/stream/config'
import { checkLog } from '@sluicebox/stream/inspect'
import { openLog } from '@sluicebox/stream/open'
import { atOnce } from '../data.ts'
import { EXIT } from '../exit-codes.ts'
import { createRecordReader } from '../inspect/record-reader.ts'
import { untilInterrupted } from '../options.ts'
import { readConfig, type Config } from '../read-config.ts'
import { appendHeartbeats, importEvents } from '../recordings/append-recorded.ts'
import { readRecordings, type Recording } from '../recordings/events.ts'
import { loadMap } from '../recordings/map.ts'
import { print, progress, tell } from '../terminal.ts'
import { VERSION } from '../version.ts'

interface ImportOptions {
  readonly map: string
  readonly data?: string
  readonly config?: string
  readonly close?: true
  readonly json?: true
}

export function addImport(program: Command): void {
  program
    .command('import')
    .description('appends recorded events to raw, in recorded time')
    .argument('<file...>', 'recordings: csv, ndjson, jsonl; also .gz')
    .requiredOption('--map <map>', 'which field of a row holds what: a file, or the name of a map that ships')
    .option('--data <dir>', 'the data directory (default: data)')
    .option('--close', 'then write a heartbeat one session gap later, which closes every session')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--json', 'print the counts as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ sluicebox import clicks.csv.gz --map rees46 --data shop
  $ sluicebox import a.jsonl b.jsonl --map my-map.yaml --config kafka.yaml --close

Maps that ship: rees46, otto, ecom, ndjson. Every row is checked before the first one is written. The same import again
leaves out events that are there already, so an interrupted import continues. Then run "sluicebox drain --data shop --close";
workers that run on the log read the events at once.`,
    )
    .action(runImport)
}

async function runImport(files: string[], options: ImportOptions): Promise<void> {
  const map = loadMap(options.map)
  const config = readConfig({ dataDir: options.data }, options.config)
  const findings = (await checkLog(config.log, ['raw'])).filter(({ level }) => level === 'error')
  if (findings.length > 0) throw new Error(findings.map(({ message }) => message).join('; '))

  const signal = untilInterrupted()
  const reading = progress('reading')
  await using recording = await readRecordings(files, map, {
    signal,
    onProgress: share => reading.update(share),
    recordBytesMax: recordBytesMaxOf(config.log),
  }).finally(() => reading.stop())
  const { isComplete, ...counts } = await write(recording, config, signal, options.close === true)
  const { count: events, skipped } = recording
  const [from, to] = [recording.fromMs, recording.toMs].map(ms =>
    ms === undefined ? null : new Date(ms).toISOString(),
  )
  if (options.json) print(JSON.stringify({ events, ...counts, skipped, from, to }))
  if (!isComplete) {
    process.exitCode = EXIT.failed
    tell(
      `interrupted: ${counts.present + counts.written} of ${events} events are in the log; import the same files again, and it continues after those`,
    )
  } else if (options.json) return
  else if (events === 0) tell('there was nothing to import')
  else {
    const more = [
      ...(counts.present > 0 ? [`${counts.present} were in the log already`] : []),
      ...(skipped > 0 ? [`${skipped} rows skipped as the map says`] : []),
    ]
    tell(
      `${[`imported ${counts.written} events from ${from} to ${to}`, ...more].join(', ')}; next: sluicebox drain${nextOptions(options)}`,
    )
  }
}

async function write(recording: Recording, config: Config, signal: AbortSignal, isClosing: boolean) {
  const writing = progress('writing')
  const schemas = await openSchemas(config, atOnce)
  const codec = await schemas.codec('raw')
  await using log = await openLog({
    config: config.log,
    dir: dataPaths(config.dataDir).log,
    onSkipped() {},
    onProblem: error => tell(error.message),
  })
  const parts = { log, codec, collector: `sluicebox-import/${VERSION}` }
  const imported = await importEvents(recording, {
    ...parts,
    reader: createRecordReader(codec, schemas.fetchSchema),
    signal,
    onProgress: share => writing.update(share, `${recording.count} events`),
  }).finally(() => writing.stop())
  if (isClosing && imported.isComplete && recording.toMs !== undefined) {
    const { gapMs, graceMs } = config.scorer
    await appendHeartbeats(recording.toMs + Math.max(gapMs, graceMs) + 1, parts)
  }
  return imported
}

/** The options that make the next command look at the same log. */
function nextOptions({ data, config, close }: ImportOptions): string {
  return [
    data === undefined ? '' : ` --data ${data}`,
    config === undefined ? '' : ` --config ${config}`,
    close === true ? '' : ' --close',
  ].join('')
}
