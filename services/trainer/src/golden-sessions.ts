import type { GoldenEvent, GoldenSession } from '@sluicebox/model/bundle/golden'
import { replayGolden } from '@sluicebox/session/sessions/golden'
import type { FeatureSpec } from '@sluicebox/session/features/spec'
import type { CollectedTime, EventTime } from '@sluicebox/event/instants'
import { createRandom, type Random } from '@sluicebox/event/random'

const SESSIONS = 8
const EVENTS_MAX = 12
const STARTS_AT = Date.UTC(2026, 0, 5, 10)
/** Most sessions last minutes, with a long pause now and then. */
const GAP_SECONDS = [0, 2, 5, 11, 24, 47, 95, 260, 700]
const PRICES = [4.9, 19.99, 35, 129, 499.5]
/** A value that no feature names. */
const UNNAMED = 'something_else'

/**
 * Makes sessions to check a bundle with. They are made up, because rows of a recording may be private or not free
 * to pass on: only values that the features name appear in them. The same features, goal and seed give the same
 * sessions.
 */
export function makeGoldenSessions(
  features: readonly FeatureSpec[],
  goal: string,
  seed: number,
): GoldenSession[] {
  const random = createRandom(seed)
  const named = namedValues(features, goal)
  return Array.from({ length: SESSIONS }, (_, s) => {
    const events = makeEvents(s, named, random)
    // Every other session reaches the goal, and continues.
    if (s % 2 === 1) {
      const last = events.at(-1)!
      events.push({ ...last, event_id: `${last.session_id}-goal`, action: goal })
      events.push({ ...last, event_id: `${last.session_id}-after` })
    }
    return { session: events, features: replayGolden(events, { features, goal }) }
  })
}

function makeEvents(s: number, named: ReadonlyMap<string, readonly string[]>, random: Random): GoldenEvent[] {
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)]!
  let at = STARTS_AT + s * 31 * 3_600_000
  // The first session has one event; the last has the most.
  const count = 1 + Math.round((s * (EVENTS_MAX - 1)) / (SESSIONS - 1))
  return Array.from({ length: count }, (_, i): GoldenEvent => {
    if (i > 0) at += 1_000 * pick(GAP_SECONDS) + random.below(1_000)
    const event: Record<string, unknown> = {
      kind: 'event',
      collected_at: at as CollectedTime,
      event_time: at as EventTime,
      visitor: `golden-${s}`,
      event_id: `golden-${s}-${i}`,
      session_id: `golden-${s}`,
      action: 'page_view',
      page_kind: 'other',
    }
    for (const [field, values] of named) {
      const value = pick<string | null>([...values, UNNAMED, null])
      // These two are never null on an event.
      event[field] = value ?? (field === 'action' || field === 'page_kind' ? UNNAMED : null)
    }
    if (random.next() < 0.7) {
      event['product_id'] = `product-${1 + random.below(4)}`
      event['price'] = pick(PRICES)
      event['quantity'] = 1 + random.below(3)
    }
    event['search_term'] = random.next() < 0.2 ? pick(['shoes', 'a red hat']) : null
    event['session_index'] = 1 + s
    event['viewport_width'] = pick([390, 1280, 1920])
    event['viewport_height'] = pick([844, 720, 1080])
    event['scroll_y_max'] = pick([null, 0, 800, 4_000])
    return event as GoldenEvent
  })
}

/** By field, the values that the features distinguish, without the goal, which is added separately. */
function namedValues(features: readonly FeatureSpec[], goal: string): Map<string, string[]> {
  const named = new Map<string, Set<string>>()
  const add = (field: string, value: unknown): void => {
    // Flags are not text, and the labels of bots would take the sessions out of training.
    if (field === 'is_bot' || field === 'simulated' || (field === 'action' && value === goal)) return
    if (typeof value === 'string') named.set(field, (named.get(field) ?? new Set()).add(value))
    else if (Array.isArray(value)) for (const one of value) add(field, one)
    else if (typeof value === 'object' && value !== null && 'not' in value) add(field, value.not)
  }
  for (const spec of features) {
    if ('where' in spec && spec.where !== undefined)
      for (const [field, test] of Object.entries(spec.where)) add(field, test)
    if ('of' in spec)
      for (const key of ['is', 'values', 'from', 'to'] as const)
        if (key in spec) add(spec.of, (spec as Record<string, unknown>)[key])
  }
  return new Map(
    [...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([field, values]) => [field, [...values].sort()]),
  )
}
