import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parser } from '@prometheus-io/lezer-promql'
import { createArchiverMetrics } from '@sluicebox/archiver/metrics'
import { createCollectorMetrics } from '@sluicebox/collector/metrics'
import { createEnricherMetrics } from '@sluicebox/enricher/metrics'
import { createMetrics } from '@sluicebox/runtime/metrics'
import { createScorerMetrics } from '@sluicebox/scorer/metrics'
import { watchLag } from '@sluicebox/service/watch-lag'
import { watchLog } from '@sluicebox/service/watch-log'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const INFRA = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(INFRA, path), 'utf8')

/** Labels by metric, as the services register them. */
const registered = new Map<string, readonly string[]>()
/** What Prometheus adds to each sample, and what it has itself. */
const ADDED = ['job', 'instance', 'stage']
const PROMETHEUS = { up: [], ALERTS: ['alertname', 'alertstate'] }

{
  const metrics = createMetrics()
  const none = {} as never
  createCollectorMetrics(metrics, none)
  createEnricherMetrics(metrics)
  createScorerMetrics({ registry: metrics, states: () => [], restoring: () => [] })
  createArchiverMetrics(
    [metrics],
    () => [],
    async () => [],
  )
  watchLog({ logger: none, metrics })
  watchLag({ log: none, metrics })
  for (const metric of metrics.getMetricsAsArray()) {
    const { name, labelNames, type } = metric as unknown as {
      name: string
      labelNames?: readonly string[]
      type: string
    }
    if (type === 'histogram') {
      registered.set(`${name}_bucket`, [...(labelNames ?? []), 'le'])
      for (const part of ['sum', 'count']) registered.set(`${name}_${part}`, labelNames ?? [])
    } else registered.set(name, labelNames ?? [])
  }
  for (const [name, labels] of Object.entries(PROMETHEUS)) registered.set(name, labels)
}

interface Query {
  readonly where: string
  readonly expr: string
  /** What is shown of a series: labels in braces. */
  readonly text: string
}

interface Dashboard {
  readonly panels: readonly {
    readonly title: string
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
  }[]
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string
      readonly expr: string
      readonly annotations: { readonly summary: string; readonly description: string }
    }[]
  }[]
}

const dashboard = JSON.parse(read('grafana/dashboards/sluicebox.json')) as Dashboard
const rules = (parse(read('prometheus/alerts.yml')) as Rules).groups.flatMap(group => group.rules)
const queries: Query[] = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({
      where: `panel ${title}`,
      expr: expr.replaceAll('$__rate_interval', '1m'),
      text: legendFormat,
    })),
  ),
  ...rules.map(({ alert, expr, annotations }) => ({
    where: `alert ${alert}`,
    expr,
    text: `${annotations.summary} ${annotations.description}`,
  })),
]

describe('what is asked of Prometheus', () => {
  test('is something', () => {
    expect(queries.length).toBeGreaterThan(40)
  })

  test.each(queries)('$where: is a query, of metrics and labels that there are: $expr', ({ expr, text }) => {
    const { errors, selectors, grouped } = readQuery(expr)
    expect(errors).toEqual([])
    expect(selectors.map(({ metric }) => metric).filter(name => !registered.has(name))).toEqual([])
    for (const { metric, labels } of selectors) {
      const known = [...ADDED, ...(registered.get(metric) ?? [])]
      expect(
        labels.filter(label => !known.includes(label)),
        metric,
      ).toEqual([])
    }
    const known = [...ADDED, ...selectors.flatMap(({ metric }) => registered.get(metric) ?? [])]
    expect(grouped.filter(label => !known.includes(label))).toEqual([])
    const shown = [...text.matchAll(/\{\{ *(?:\$labels\.)?(\w+) *\}\}/g)].map(match => match[1] as string)
    // What is left of the labels after a sum is what it is grouped by.
    const left = grouped.length > 0 ? grouped : known
    expect(shown.filter(label => !left.includes(label))).toEqual([])
  })

  test('would not pass for a metric or a label that there is not', () => {
    expect(readQuery('sum by (a) (rate(x_total{b="1"}[1m])) / histogram_quantile(0.5, y)')).toEqual({
      errors: [],
      selectors: [
        { metric: 'x_total', labels: ['b'] },
        { metric: 'y', labels: [] },
      ],
      grouped: ['a'],
    })
    expect(readQuery('sum(rate(x[1m])').errors).not.toEqual([])
  })
})

test('every metric of the services is known by its prefix', () => {
  const names = [...registered.keys()].filter(name => !(name in PROMETHEUS))
  expect(names.filter(name => !/^sluicebox_[a-z0-9_]+$/.test(name))).toEqual([])
})

test('every stage’s lag, flow and health can be seen', () => {
  const seen = queries.map(query => query.expr).join('\n')
  for (const name of [
    'sluicebox_collector_events_total',
    'sluicebox_enricher_events_total',
    'sluicebox_scorer_scores_total',
    'sluicebox_archiver_lag_seconds',
    'sluicebox_log_lag_records',
    'sluicebox_log_lag_seconds',
    'sluicebox_scorer_latency_seconds_bucket',
    'sluicebox_scorer_probabilities_total',
    'sluicebox_scorer_restoring_partitions',
    'sluicebox_process_resident_memory_bytes',
  ])
    expect(seen).toContain(name)
})

test('every metric that the documentation names is there', () => {
  const docs = join(INFRA, '../docs')
  const named = readdirSync(docs, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.md'))
    .flatMap(file => readFileSync(join(docs, file), 'utf8').match(/\bsluicebox_[a-z0-9_]+\b/g) ?? [])
  expect(named.length).toBeGreaterThan(5)
  const known = (name: string): boolean => registered.has(name) || registered.has(`${name}_bucket`)
  expect(named.filter(name => !known(name))).toEqual([])
})

const promtool = ((): boolean => {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    if (process.env['CI'] !== undefined)
      throw new Error('promtool is missing: install it (Debian: apt-get install prometheus) and try again')
    return false
  }
})()

describe.skipIf(!promtool)('promtool', () => {
  const run = (...args: string[]): string =>
    execFileSync('promtool', args, { cwd: join(INFRA, 'prometheus'), encoding: 'utf8', stdio: 'pipe' })

  test('accepts the configuration and the rules', () => {
    expect(run('check', 'config', 'prometheus.yml')).toContain('SUCCESS')
    expect(run('check', 'rules', '--lint=all', '--lint-fatal', 'alerts.yml')).toContain(
      `${rules.length} rules found`,
    )
  })

  test('sees each alert fire for what it is for, and none without a cause', () => {
    expect(run('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS')
    const tried = read('prometheus/alerts.test.yml')
    expect(rules.map(rule => rule.alert).filter(alert => !tried.includes(alert))).toEqual([])
  })
})

/** The selectors of a query with the labels that they match, and the labels that are grouped by. */
function readQuery(expr: string) {
  const errors: string[] = []
  const selectors: { metric: string; labels: string[] }[] = []
  const grouped = new Set<string>()
  parser.parse(expr).iterate({
    enter(node) {
      const text = expr.slice(node.from, node.to)
      const parent = node.node.parent?.name
      if (node.type.isError) errors.push(`at ${node.from}: ${expr.slice(node.from, node.from + 20)}`)
      if (node.name === 'VectorSelector') selectors.push({ metric: '', labels: [] })
      const latest = selectors.at(-1)
      if (node.name === 'Identifier' && parent === 'VectorSelector' && latest) latest.metric = text
      if (node.name === 'LabelName' && parent === 'UnquotedLabelMatcher') latest?.labels.push(text)
      if (node.name === 'LabelName' && parent === 'GroupingLabels') grouped.add(text)
    },
  })
  return { errors, selectors, grouped: [...grouped] }
}
