import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Load } from './guard/load.ts'

export interface CollectorMetrics {
  answered(route: string, status: number): void
  refused(reason: string): void
  accepted(route: string, eventCount: number, recordCount: number, bodyBytes: number, atMs: number): void
  appended(seconds: number): void
  heartbeat(isWritten: boolean): void
}

/** The collector's figures. No label holds anything that a client chose. */
export function createCollectorMetrics(registry: Registry, load: Load): CollectorMetrics {
  const registers = [registry]
  const requests = createCounter(registry, 'requests_total', 'Requests answered, by route and status.', [
    'route',
    'status',
  ])
  const refusals = createCounter(
    registry,
    'refusals_total',
    'Requests refused, by reason. `gone`: the client left before its answer.',
    ['reason'],
  )
  const events = createCounter(registry, 'events_total', 'Events that are durable in raw, by route.', [
    'route',
  ])
  const records = createCounter(registry, 'records_total', 'Records written to raw, without heartbeats.', [])
  const bytes = createCounter(registry, 'body_bytes_total', 'Bytes of accepted bodies, decompressed.', [])
  const heartbeats = createCounter(
    registry,
    'heartbeats_total',
    'Rounds of heartbeats, by result: written or failed.',
    ['result'],
  )
  const append = new Histogram({
    name: 'sluicebox_collector_append_seconds',
    help: 'From handing the records of one turn to the log until they are durable.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  let lastAcceptedMs = 0
  new Gauge({
    name: 'sluicebox_collector_last_accepted_timestamp_seconds',
    help: 'When a request was last accepted, in seconds since 1970; 0 for never.',
    registers,
    collect() {
      this.set(lastAcceptedMs / 1_000)
    },
  })
  new Gauge({
    name: 'sluicebox_collector_in_flight_requests',
    help: 'Requests that wait for the log.',
    registers,
    collect() {
      this.set(load.requests)
    },
  })
  new Gauge({
    name: 'sluicebox_collector_in_flight_bytes',
    help: 'Bytes of bodies held in memory.',
    registers,
    collect() {
      this.set(load.bytes)
    },
  })

  return {
    answered(route, status) {
      requests(1, route, String(status))
    },
    refused(reason) {
      refusals(1, reason)
    },
    accepted(route, eventCount, recordCount, bodyBytes, atMs) {
      events(eventCount, route)
      records(recordCount)
      bytes(bodyBytes)
      lastAcceptedMs = atMs
    },
    appended(seconds) {
      append.observe(seconds)
    },
    heartbeat(isWritten) {
      heartbeats(1, isWritten ? 'written' : 'failed')
    },
  }
}

/**
 * Counts in a map and hands the counts over at a scrape: the library's own counting takes longer than all else
 * that is done about a request's figures.
 */
function createCounter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
): (count: number, ...labels: string[]) => void {
  const counts = new Map<string, { count: number; readonly labels: readonly string[] }>()
  new Counter({
    name: `sluicebox_collector_${name}`,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset()
      for (const { count, labels } of counts.values()) this.labels(...labels).inc(count)
    },
  })
  return (count, ...labels) => {
    const key = labels.length === 1 ? (labels[0] as string) : labels.join(' ')
    const known = counts.get(key)
    if (known === undefined) counts.set(key, { count, labels })
    else known.count += count
  }
}
