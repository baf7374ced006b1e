import { readFileSync } from 'node:fs'
import { toRaw } from '@sluicebox/enricher/retry'
import type { Codec } from '@sluicebox/event/codec'
import type { BadRecord, RawRecord } from '@sluicebox/event/records'
import { fileProblem } from '@sluicebox/runtime/file-problem'
import type { OutputRecord } from '@sluicebox/stream/log'
import type { Command } from 'commander'
import { listBad, readBad, type Place, type PlacedBad } from '../inspect/bad-records.ts'
import { EXIT } from '../exit-codes.ts'
import { readConfig } from '../read-config.ts'
import { openStreams, type Streams } from '../data.ts'
import { bytesText, describeRecord, toJson } from '../inspect/lines.ts'
import { durationOption, wholeNumberOption, placeArgument, UsageError } from '../options.ts'
import { output, paint, print, tell } from '../terminal.ts'

const RETRY_BATCH = 500

export function addBad(program: Command): void {
  const bad = program.command('bad').description('inspects bad records, and sends repaired events again')

  bad
    .command('ls')
    .description('lists the events that could not be used, newest first')
    .option('--data <dir>', 'the data directory (default: data)')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--reason <code>', 'only this reason')
    .option('--since <duration>', 'only what was collected in the last 30m, 24h, 7d …', durationOption)
    .option('--limit <n>', 'how many at most', wholeNumberOption({ min: 1 }), 50)
    .option('--json', 'one JSON object per line')
    .addHelpText('after', '\nExample:\n  $ sluicebox bad ls --reason schema_unknown --since 24h')
    .action(async (options: Where & { reason?: string; since?: number; limit: number; json?: true }) => {
      await using streams = await open(options)
      const found = await listBad(streams, {
        ...(options.reason === undefined ? {} : { reason: options.reason }),
        ...(options.since === undefined ? {} : { since: Date.now() - options.since }),
      })
      for (const { place, record, isRetried } of found.slice(0, options.limit))
        print(
          options.json
            ? toJson({ place, is_retried: isRetried, ...record })
            : `${place.padEnd(8)} ${describeRecord('bad', record)}${isRetried ? paint('dim', ' (sent again)') : ''}`,
        )
      if (options.json) return
      const counts = Map.groupBy(found, ({ record }) => record.reason)
      for (const [reason, records] of counts) tell(`${records.length} × ${reason}`)
      if (found.length === 0) tell('nothing is bad')
      else if (found.length > options.limit) tell(`${found.length - options.limit} more: raise --limit`)
    })

  bad
    .command('show')
    .description('shows one bad record completely')
    .argument('<place>', 'its place in bad, as "bad ls" shows it: 0/17', placeArgument)
    .option('--data <dir>', 'the data directory (default: data)')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--original', 'print only the original bytes, to be edited')
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ sluicebox bad show 0/17\n  $ sluicebox bad show 0/17 --original > event.json',
    )
    .action(async (place: Place, options: Where & { original?: true; json?: true }) => {
      await using streams = await open(options)
      const record = await readBad(streams, place)
      if (options.original) output.data(record.original)
      else if (options.json) print(toJson({ place: placeText(place), ...record }))
      else print(showBad(record))
    })

  bad
    .command('retry')
    .description('sends bad events again, as of the instant when they were collected')
    .argument(
      '[place...]',
      'places in bad, as "bad ls" shows them',
      (text: string, before: readonly Place[] = []) => [...before, placeArgument(text)],
    )
    .option('--data <dir>', 'the data directory (default: data)')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--reason <code>', 'all events with this reason that were not sent again yet')
    .option('--all', 'all events that were not sent again yet')
    .option('--original <file>', 'send the bytes in this file instead of the original (with one place)')
    .option('--dry-run', 'report what would be sent, and send nothing')
    .option('--json', 'print the counts as JSON')
    .addHelpText(
      'after',
      `
Works while "sluicebox up" is running. Fix the cause first: add the schema, change the rule, or edit the event.

Examples:
  $ sluicebox bad retry --reason schema_unknown
  $ sluicebox bad retry 0/17 --original event.json`,
    )
    .action(async (places: readonly Place[] = [], options: RetryOptions) => {
      if (places.length === 0 && options.reason === undefined && options.all === undefined)
        throw new UsageError('say what to send again: places, --reason CODE, or --all')
      if (options.original !== undefined && places.length !== 1)
        throw new UsageError('--original replaces the bytes of one event: name exactly one place')
      await using streams = await open(options)
      const chosen = await choose(streams, places, options)
      const { records, refused } = prepare(chosen, await streams.codec('raw'), options)
      for (const why of refused) tell(why)
      if (options.dryRun !== true)
        for (let start = 0; start < records.length; start += RETRY_BATCH)
          await streams.log.append('raw', records.slice(start, start + RETRY_BATCH))
      if (options.json)
        print(JSON.stringify({ sent: options.dryRun ? 0 : records.length, refused: refused.length }))
      else
        tell(
          `${records.length} events ${options.dryRun ? 'would be' : 'were'} sent again${refused.length > 0 ? `, ${refused.length} can't be` : ''}`,
        )
      if (refused.length > 0) process.exitCode = EXIT.failed
    })
}

interface Where {
  readonly data?: string
  readonly config?: string
}

function open({ data, config }: Where): Promise<Streams> {
  return openStreams(readConfig({ dataDir: data }, config))
}

interface RetryOptions extends Where {
  readonly reason?: string
  readonly all?: true
  readonly original?: string
  readonly dryRun?: true
  readonly json?: true
}

async function choose(
  streams: Streams,
  places: readonly Place[],
  options: RetryOptions,
): Promise<readonly Pick<PlacedBad, 'place' | 'record'>[]> {
  if (places.length > 0)
    return Promise.all(
      places.map(async place => ({ place: placeText(place), record: await readBad(streams, place) })),
    )
  const found = await listBad(streams, options.reason === undefined ? {} : { reason: options.reason })
  // Oldest first, as they arrived.
  return found.filter(({ isRetried }) => !isRetried).reverse()
}

function prepare(
  chosen: readonly Pick<PlacedBad, 'place' | 'record'>[],
  codec: Codec<RawRecord>,
  options: RetryOptions,
): { records: OutputRecord[]; refused: string[] } {
  const edited = options.original === undefined ? undefined : readEvent(options.original)
  const records: OutputRecord[] = []
  const refused: string[] = []
  for (const { place, record } of chosen) {
    try {
      const raw = toRaw(record, edited)
      records.push({ key: raw.visitor, value: codec.encode(raw) })
    } catch (error) {
      refused.push(`${place}: ${(error as Error).message}`)
    }
  }
  return { records, refused }
}

function readEvent(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new Error(
      `the event in ${file} can't be read: ${fileProblem(error)}. Write it first: sluicebox bad show PLACE --original > ${file}`,
      { cause: error },
    )
  }
}

function placeText({ partition, position }: Place): string {
  return `${partition}/${position}`
}

function showBad(record: BadRecord): string {
  const { original, errors, message, reason, ...rest } = record
  const lines = [`${paint('red', reason)} ${message}`, ...errors.map(error => `  - ${error}`), '']
  for (const [name, value] of Object.entries(rest))
    if (value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
      lines.push(`${paint('dim', name.padEnd(18))} ${JSON.stringify(value)}`)
  lines.push('', paint('dim', `original (${record.original_format}):`), bytesText(original))
  return lines.join('\n')
}
