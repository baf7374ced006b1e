import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Load } from './load.ts'

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
  const requests = new Counter({
    name: 'sluicebox_collector_requests_total',
    help: 'Requests answered, by route and status.',
    labelNames: ['route', 'status'],
    registers,
  })
  const refusals = new Counter({
    name: 'sluicebox_collector_refusals_total',
    help: 'Requests refused, by reason. `gone`: the client left before its answer.',
    labelNames: ['reason'],
    registers,
  })
  const events = new Counter({
    name: 'sluicebox_collector_events_total',
    help: 'Events that are durable in raw, by route.',
    labelNames: ['route'],
    registers,
  })
  const records = new Counter({
    name: 'sluicebox_collector_records_total',
    help: 'Records written to raw, without heartbeats.',
    registers,
  })
  const bytes = new Counter({
    name: 'sluicebox_collector_body_bytes_total',
    help: 'Bytes of accepted bodies, decompressed.',
    registers,
  })
  const append = new Histogram({
    name: 'sluicebox_collector_append_seconds',
    help: 'From handing records to the log until they are durable.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const heartbeats = new Counter({
    name: 'sluicebox_collector_heartbeats_total',
    help: 'Rounds of heartbeats, by result: written or failed.',
    labelNames: ['result'],
    registers,
  })
  const lastAccepted = new Gauge({
    name: 'sluicebox_collector_last_accepted_timestamp_seconds',
    help: 'When a request was last accepted, in seconds since 1970.',
    registers,
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

  // Looking a child up by its labels costs more than counting: each is looked up once.
  const children = new Map<string, { inc(): void }>()
  return {
    answered(route, status) {
      const key = `${route} ${status}`
      let child = children.get(key)
      if (child === undefined) {
        child = requests.labels(route, String(status))
        children.set(key, child)
      }
      child.inc()
    },
    refused(reason) {
      refusals.inc({ reason })
    },
    accepted(route, eventCount, recordCount, bodyBytes, atMs) {
      events.inc({ route }, eventCount)
      records.inc(recordCount)
      bytes.inc(bodyBytes)
      lastAccepted.set(atMs / 1_000)
    },
    appended(seconds) {
      append.observe(seconds)
    },
    heartbeat(isWritten) {
      heartbeats.inc({ result: isWritten ? 'written' : 'failed' })
    },
  }
}
