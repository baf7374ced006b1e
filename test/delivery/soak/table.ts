import { CHECKS, type Check, type Finding } from '../checker/findings.ts'
import type { Finished } from '../world/world.ts'
import { availabilityOf, freshnessOf, percentiles, recoveriesOf } from './figures.ts'
import type { Peaks } from './watch.ts'

export interface SoakResult {
  readonly finished: Finished
  readonly seed: number
  /** Workers that were killed. */
  readonly kills: number
  /** What the proxy did to single requests, by effect and request. */
  readonly struck: Readonly<Record<string, number>>
  readonly seconds: number
  readonly peaks: ReadonlyMap<string, Peaks>
}

/** Everything that was counted, as lines of two columns; what is wrong comes last. */
export function tableOf(result: SoakResult): string {
  const { finished, kills, seed, seconds, peaks, struck } = result
  const { report, replayed, evidence, drainMs } = finished
  const { raw, outcomes, scores, archive } = report
  const { history, streams } = evidence
  const available = availabilityOf(history)
  const recoveries = recoveriesOf(history, streams.scored)
  const rows: [string, string | number][] = [
    ['seed', seed],
    ['minutes under load', (seconds / 60).toFixed(1)],
    ['events sent', raw.sent],
    ['accepted / refused / in doubt', `${raw.accepted} / ${raw.refused} / ${raw.ambiguous}`],
    ['lost', raw.lost],
    [
      'duplicates in raw, explained / unexplained',
      `${raw.duplicatesExplained} / ${raw.duplicatesUnexplained}`,
    ],
    ['raw events / good / bad', `${outcomes.rawEvents} / ${outcomes.good} / ${outcomes.bad}`],
    ['sessions / scores / finals', `${scores.sessions} / ${scores.scores} / ${scores.finals}`],
    ['records compared with a replay / differing', `${replayed.compared} / ${replayed.findings.length}`],
    ['records of transactions that were undone', report.abortedRecords],
    ...(archive === undefined
      ? []
      : [
          ['archive objects / records', `${archive.objects} / ${archive.archived}`] as [string, string],
          ['archive holes / overlaps', `${archive.holes} / ${archive.overlaps}`] as [string, string],
        ]),
    ['attempts accepted, of those to be accepted', `${(100 * available.acceptedShare).toFixed(2)} %`],
    ['time to be accepted, p50 / p99 / max', millis(available.acceptedMs)],
    ['collected to scored, p50 / p99 / max', millis(freshnessOf(streams.scored))],
    ['fault to all partitions scoring again, p50 / p95 / max', millis(recoveries, [0.5, 0.95, 1])],
    ['time to drain', `${(drainMs / 1000).toFixed(1)} s`],
    ...[...peaks].map(([name, { rssBytes, loopDelayMs }]): [string, string] => [
      `${name}: peak memory / event loop delay p99`,
      `${Math.round(rssBytes / 1024 / 1024)} MiB / ${Math.round(loopDelayMs)} ms`,
    ]),
    ...countsOf(history.faults.map(({ name }) => name)),
    ...Object.entries(struck).map(([name, count]): [string, string] => [`requests: ${name}`, String(count)]),
  ]
  const findings = [...report.findings, ...replayed.findings]
  return [
    ...aligned(rows),
    '',
    ...finished.late,
    ...verdict(findings, kills, finished.late.length === 0),
  ].join('\n')
}

const EXAMPLES = 3

function verdict(findings: readonly Finding[], kills: number, isComplete: boolean): string[] {
  if (findings.length === 0 && !isComplete)
    return ['Not everything came through in time. Nothing else was violated.']
  if (findings.length === 0 && kills > 0)
    return [
      `No property was violated in ${kills} kills: with 95 % confidence fewer than ${((100 * 3) / kills).toFixed(2)} % of kills violate one (rule of three).`,
    ]
  if (findings.length === 0) return ['No property was violated, and nothing was killed.']
  const byCheck = Map.groupBy(findings, ({ check }) => check)
  return [...byCheck].flatMap(([check, own]: [Check, Finding[]]) => [
    `VIOLATED ${own.length} times: ${CHECKS[check]}`,
    ...own.slice(0, EXAMPLES).map(({ message }) => `  ${message}`),
  ])
}

function countsOf(names: readonly string[]): [string, string][] {
  const byName = Map.groupBy(names, name => name)
  return [...byName].sort().map(([name, all]) => [`faults: ${name}`, String(all.length)])
}

function millis(values: readonly number[], shares: readonly number[] = [0.5, 0.99, 1]): string {
  return values.length === 0
    ? 'none'
    : `${percentiles(values, shares)
        .map(ms => Math.round(ms))
        .join(' / ')} ms`
}

function aligned(rows: readonly (readonly [string, string | number])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}
