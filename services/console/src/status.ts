import type { Codec } from '@sluicebox/event/codec'
import { isMissingSchema } from '@sluicebox/event/codec'
import type { BadRecord, Reason, ScoredRecord, StreamName, StreamRecords } from '@sluicebox/event/records'
import type { Rates } from './rates.ts'
import type { Kept, Recent } from './recent.ts'

/** The bundle that scores are made with. */
export interface BundleDescription {
  readonly id: string
  readonly name: string
  readonly goal: string
  readonly threshold: number | null
  /** What else is known: `created: 2026-11-20`, `features: 40`. */
  readonly facts?: readonly { readonly name: string; readonly value: string }[]
}

/** The figures of the moment, as /api/status returns them and the page shows them. */
export interface Status {
  readonly at: number
  readonly startedAt: number
  /** Why a stream can't be read at the moment; null when all can. */
  readonly problem: string | null
  readonly rates: Readonly<Record<'requests' | 'events' | 'good' | 'bad' | 'scored', Rate>>
  /** Median time from the collection of an event to its score in the log, over the last scores. */
  readonly latencyMs: number | null
  readonly sessions: readonly SessionView[]
  readonly bad: readonly BadView[]
  readonly bundle: BundleDescription | null
}

export interface Rate {
  readonly perSecond: number
  readonly total: number
  /** Counts per second, the oldest first. */
  readonly curve: readonly number[]
}

/** The last score of a session. */
export interface SessionView {
  readonly sessionId: string
  readonly visitor: string
  readonly kind: ScoredRecord['kind']
  readonly revision: number
  readonly n: number
  readonly probability: number | null
  /** The probabilities that are still known, the oldest first. */
  readonly trail: readonly number[]
  readonly decision: boolean | null
  readonly threshold: number | null
  readonly noScoreReason: string | null
  readonly reasons: readonly Reason[]
  readonly action: string | null
  readonly pageKind: string | null
  readonly eventCount: number
  readonly eventTime: number
  readonly goal: string
  readonly goalReached: boolean | null
  readonly isBot: boolean
  readonly simulated: boolean
}

export interface BadView {
  /** partition/position/index in raw. */
  readonly source: string
  readonly reason: string
  readonly message: string
  readonly errors: readonly string[]
  readonly stage: string
  readonly path: string
  readonly schema: string | null
  readonly collectedAt: number
  readonly eventId: string | null
}

/** What the console holds of one stream. */
export interface Held {
  readonly recent: Recent
  readonly rates: Rates
}

export interface StatusParts {
  readonly held: Readonly<Record<StreamName, Held>>
  readonly codecs: { readonly [Name in StreamName]: Pick<Codec<StreamRecords[Name]>, 'decode'> }
  readonly now: number
  readonly startedAt: number
  readonly problem: string | null
  readonly bundle: BundleDescription | null
}

const SESSIONS_MAX = 10
const BAD_MAX = 6
const TRAIL_MAX = 24
const LATENCIES_MAX = 500
/** A longer latency comes from recorded time or from another machine's clock, and is left out. */
const LATENCY_MS_MAX = 600_000

/** Returns the figures of the moment from the held records. */
export function statusOf({ held, codecs, now, startedAt, problem, bundle }: StatusParts): Status {
  const scored = [...decoded(held.scored.recent, codecs.scored)].filter(
    ({ record }) => record.arm === 'champion',
  )
  const good = rateOf(held.good.rates)
  const bad = rateOf(held.bad.rates)
  return {
    at: now,
    startedAt,
    problem,
    rates: {
      requests: rateOf(held.raw.rates),
      events: sum(good, bad),
      good,
      bad,
      scored: rateOf(held.scored.rates),
    },
    latencyMs: medianLatency(scored),
    sessions: lastSessions(scored.map(({ record }) => record)),
    bad: take(decoded(held.bad.recent, codecs.bad), BAD_MAX).map(({ record }) => badView(record)),
    bundle: bundle ?? bundleOf(scored[0]?.record),
  }
}

/** The records that can be read, the newest first. */
export function* decoded<T extends object>(
  recent: Recent,
  codec: Pick<Codec<T>, 'decode'>,
): Generator<{ kept: Kept; record: T }> {
  for (const kept of recent.newest()) {
    try {
      const record = codec.decode(kept.value)
      if (!isMissingSchema(record)) yield { kept, record }
    } catch {
      // The stage that reads the stream reports it; here it only can't be shown.
    }
  }
}

/** Returns only the records. */
export function* recordsOf<T extends object>(recent: Recent, codec: Pick<Codec<T>, 'decode'>): Generator<T> {
  for (const { record } of decoded(recent, codec)) yield record
}

function rateOf(rates: Rates): Rate {
  return { perSecond: rates.now(), total: rates.total(), curve: rates.perSecond() }
}

function sum(a: Rate, b: Rate): Rate {
  return {
    perSecond: a.perSecond + b.perSecond,
    total: a.total + b.total,
    curve: a.curve.map((count, i) => count + (b.curve[i] ?? 0)),
  }
}

function medianLatency(scored: readonly { kept: Kept; record: ScoredRecord }[]): number | null {
  const latencies = scored
    .filter(({ record }) => record.kind === 'update')
    .slice(0, LATENCIES_MAX)
    .map(({ kept, record }) => kept.appendedAt - record.collected_at)
    .filter(ms => ms >= 0 && ms <= LATENCY_MS_MAX)
    .sort((a, b) => a - b)
  return latencies[Math.floor(latencies.length / 2)] ?? null
}

/** The last score of each session, the newest first. */
function lastSessions(scored: readonly ScoredRecord[]): SessionView[] {
  const sessions = new Map<string, ScoredRecord[]>()
  for (const record of scored) {
    const session = JSON.stringify([record.visitor, record.session_id])
    const known = sessions.get(session)
    if (known !== undefined) known.push(record)
    else if (sessions.size < SESSIONS_MAX) sessions.set(session, [record])
  }
  return [...sessions.values()].map(sessionView)
}

function sessionView(records: readonly ScoredRecord[]): SessionView {
  // A session never leaves its partition, so its highest number is its last record.
  const last = records.reduce((a, b) => (b.n > a.n ? b : a))
  return {
    sessionId: last.session_id,
    visitor: last.visitor,
    kind: last.kind,
    revision: last.revision,
    n: last.n,
    probability: last.probability,
    trail: records
      .toSorted((a, b) => a.n - b.n)
      .flatMap(({ probability }) => (probability === null ? [] : [probability]))
      .slice(-TRAIL_MAX),
    decision: last.decision,
    threshold: last.threshold,
    noScoreReason: last.no_score_reason,
    reasons: last.reasons,
    action: last.action,
    pageKind: last.page_kind,
    eventCount: last.session_event_count,
    eventTime: last.event_time,
    goal: last.goal,
    goalReached: last.goal_reached,
    isBot: last.is_bot,
    simulated: last.simulated,
  }
}

function badView(record: BadRecord): BadView {
  return {
    source: `${record.source_partition}/${record.source_position}/${record.source_index}`,
    reason: record.reason,
    message: record.message,
    errors: record.errors,
    stage: record.stage,
    path: record.path,
    schema: record.schema,
    collectedAt: record.collected_at,
    eventId: record.event_id,
  }
}

function bundleOf(record: ScoredRecord | undefined): BundleDescription | null {
  if (record === undefined) return null
  const { bundle_id: id, bundle_name: name, goal, threshold } = record
  return { id, name, goal, threshold }
}

function take<T>(items: Iterable<T>, countMax: number): T[] {
  const taken: T[] = []
  for (const item of items) {
    if (taken.push(item) >= countMax) break
  }
  return taken
}
