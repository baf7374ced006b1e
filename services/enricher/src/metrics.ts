import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { EnricherState } from './enricher.ts'
import { blankTally, type Tally } from './tally.ts'

export interface EnricherMetrics {
  /** Takes over the counts of a partition's tally, once the outputs of its records are written. */
  committed(state: EnricherState): void
}

/** Registers the enricher's metrics. `now` is the clock by which latency is measured. */
export function createEnricherMetrics(registry: Registry, now: () => number = Date.now): EnricherMetrics {
  const registers = [registry]
  const records = new Counter({
    registers,
    name: 'sluicebox_enricher_records_total',
    help: 'Records of raw that were processed, heartbeats included.',
    labelNames: ['kind'] as const,
  })
  const events = new Counter({
    registers,
    name: 'sluicebox_enricher_events_total',
    help: 'Events written, to good or to bad; reason is the code on the bad record.',
    labelNames: ['outcome', 'reason'] as const,
  })
  const views = new Counter({
    registers,
    name: 'sluicebox_enricher_views_total',
    help: 'Good page views and /v1/events by kind of page. When the share of other jumps, the site was changed.',
    labelNames: ['page_kind'] as const,
  })
  const amounts = new Counter({
    registers,
    name: 'sluicebox_enricher_amounts_total',
    help: 'Good events with a price or a revenue, by ISO 4217 code (none, or other for what is not one) and outcome: as_sent without a file of rates, converted, or unconverted, where the field notes says why.',
    labelNames: ['currency', 'outcome'] as const,
  })
  const countries = new Counter({
    registers,
    name: 'sluicebox_enricher_countries_total',
    help: 'Good events by the source of their country: database, timezone, or none.',
    labelNames: ['source'] as const,
  })
  const notes = new Counter({
    registers,
    name: 'sluicebox_enricher_notes_total',
    help: 'Notes on good events. entity, version, event: a part that was kept as sent, because no schema covers it. field: a minor field that was left out. currency: an amount without a rate. The field notes says which.',
    labelNames: ['kind'] as const,
  })
  const ignoredIds = new Counter({
    registers,
    name: 'sluicebox_enricher_ignored_ids_total',
    help: 'Ids that identify no visitor, such as null or zeros, and were read as absent.',
  })
  const latency = new Histogram({
    registers,
    name: 'sluicebox_enricher_latency_seconds',
    help: 'Time from the collection of the last record of a batch until its events are written.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
  })
  const lastProcessed = new Gauge({
    registers,
    name: 'sluicebox_enricher_last_collected_timestamp_seconds',
    help: 'When the last processed record was collected.',
    labelNames: ['partition'] as const,
  })
  return {
    committed(state) {
      const tally = takeTally(state)
      records.inc({ kind: 'heartbeat' }, tally.heartbeats)
      records.inc({ kind: 'payload' }, tally.records - tally.heartbeats)
      events.inc({ outcome: 'good', reason: '' }, tally.good)
      for (const [reason, count] of tally.bad) events.inc({ outcome: 'bad', reason }, count)
      for (const [page_kind, count] of tally.views) views.inc({ page_kind }, count)
      for (const [seen, count] of tally.amounts) {
        const [currency = '', outcome = ''] = seen.split(' ')
        amounts.inc({ currency, outcome }, count)
      }
      for (const [source, count] of tally.countries) countries.inc({ source: source ?? 'none' }, count)
      for (const [kind, count] of tally.notes) notes.inc({ kind }, count)
      ignoredIds.inc(tally.ignoredIds)
      if (tally.lastCollectedAt === undefined) return
      latency.observe(Math.max(0, now() - tally.lastCollectedAt) / 1000)
      lastProcessed.set({ partition: state.partition }, tally.lastCollectedAt / 1000)
    },
  }
}

function takeTally(state: EnricherState): Tally {
  const { tally } = state
  state.tally = blankTally()
  return tally
}
