import type { CollectedTime } from '@sluicebox/event/instants'
import type { PageKind } from '@sluicebox/protocol/page-kinds'
import type { BadReason } from '@sluicebox/protocol/reasons'

/** What was done with some records, in figures: for metrics, which a stage does not know. */
export interface Tally {
  records: number
  heartbeats: number
  good: number
  readonly bad: Map<BadReason, number>
  /** Views by kind of page. */
  readonly views: Map<PageKind, number>
  /** Of the last record. */
  lastCollectedAt: CollectedTime | undefined
}

export function blankTally(): Tally {
  return { records: 0, heartbeats: 0, good: 0, bad: new Map(), views: new Map(), lastCollectedAt: undefined }
}

export function countOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** Adds what `more` counted to `tally`. */
export function addTally(tally: Tally, more: Tally): void {
  tally.records += more.records
  tally.heartbeats += more.heartbeats
  tally.good += more.good
  for (const [reason, count] of more.bad) tally.bad.set(reason, (tally.bad.get(reason) ?? 0) + count)
  for (const [kind, count] of more.views) tally.views.set(kind, (tally.views.get(kind) ?? 0) + count)
  tally.lastCollectedAt = more.lastCollectedAt ?? tally.lastCollectedAt
}
