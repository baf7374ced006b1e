import type { CollectedTime } from '@sluicebox/event/instants'
import type { PageKind } from '@sluicebox/protocol/page-kinds'
import type { BadReason } from '@sluicebox/protocol/reasons'
import type { NoteKind } from '@sluicebox/protocol/sent-event'

/** Counts of what happened to some records, for metrics. A stage does not know the metrics. */
export interface Tally {
  records: number
  heartbeats: number
  good: number
  readonly bad: Map<BadReason, number>
  /** Views by kind of page. */
  readonly views: Map<PageKind, number>
  /** Events with amounts, by the result of `amountsSeen`. */
  readonly amounts: Map<string, number>
  /** Good events by the source of their country; null when they have no country. */
  readonly countries: Map<string | null, number>
  /** Notes on good events, by their kind. */
  readonly notes: Map<NoteKind, number>
  /** Ids that identify no visitor, such as `null` or zeros: the next id in order was taken. */
  ignoredIds: number
  /** Collector time of the last record. */
  lastCollectedAt: CollectedTime | undefined
}

export function blankTally(): Tally {
  return {
    records: 0,
    heartbeats: 0,
    good: 0,
    bad: new Map(),
    views: new Map(),
    amounts: new Map(),
    countries: new Map(),
    notes: new Map(),
    ignoredIds: 0,
    lastCollectedAt: undefined,
  }
}

export function countOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** Adds what `more` counted to `tally`. */
export function addTally(tally: Tally, more: Tally): void {
  tally.records += more.records
  tally.heartbeats += more.heartbeats
  tally.good += more.good
  addCounts(tally.bad, more.bad)
  addCounts(tally.views, more.views)
  addCounts(tally.amounts, more.amounts)
  addCounts(tally.countries, more.countries)
  addCounts(tally.notes, more.notes)
  tally.ignoredIds += more.ignoredIds
  tally.lastCollectedAt = more.lastCollectedAt ?? tally.lastCollectedAt
}

function addCounts<Key>(counts: Map<Key, number>, more: ReadonlyMap<Key, number>): void {
  for (const [key, count] of more) counts.set(key, (counts.get(key) ?? 0) + count)
}
