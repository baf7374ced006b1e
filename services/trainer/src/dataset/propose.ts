import { BACK_MAX, parseFeatures, type FeatureSpec } from '@sluicebox/session/features/spec'
import type { CountedTextField, ValueCount, Vocabulary } from './vocabulary.ts'

/** A feature that may be proposed. The lowest ranks are chosen, and listed in the order of their groups. */
interface Candidate {
  readonly rank: number
  readonly spec: FeatureSpec
}

/** A value must be in at least this share of the sessions, and in this many, to be worth a feature. */
const SESSION_SHARE_MIN = 0.002
const SESSIONS_MIN = 5
/** A field must have a value in at least this share of the events. */
const EVENT_SHARE_MIN = 0.01
const ACTIONS_MAX = 30
const DAY_MS = 24 * 3_600_000
/** Pages that a visitor comes to by reaching the goal: they reveal it. */
const AFTER_GOAL_PAGES = new Set(['confirmation'])

/**
 * Proposes at most `max` features for the events that `vocabulary` counted, whatever the site calls its actions.
 * The list may be used as it is, or edited. No feature contains the goal.
 */
export function proposeFeatures(vocabulary: Vocabulary, { max }: { max: number }): FeatureSpec[] {
  const actions = frequent(vocabulary, 'action')
  const pageKinds = frequent(vocabulary, 'page_kind').filter(({ value }) => !AFTER_GOAL_PAGES.has(value))
  const candidates = [
    ...pace(),
    ...actionCounts(actions),
    ...stays(actions, pageKinds),
    ...products(vocabulary),
    ...prices(vocabulary, actions),
    ...arrival(vocabulary),
    ...calendar(vocabulary),
    ...path(actions),
    ...transitions(vocabulary, actions),
  ]
  const chosen = new Set(candidates.toSorted((a, b) => a.rank - b.rank).slice(0, max))
  return parseFeatures(withUniqueNames(candidates.filter(candidate => chosen.has(candidate))))
}

/** The values of a field that enough sessions have, most frequent first. */
function frequent({ values, sessions, goal }: Vocabulary, field: CountedTextField): readonly ValueCount[] {
  const least = Math.max(SESSIONS_MIN, SESSION_SHARE_MIN * sessions)
  return values[field]
    .filter(({ value, sessions: count }) => count >= least && !(field === 'action' && value === goal))
    .slice(0, ACTIONS_MAX)
}

function pace(): Candidate[] {
  return [
    { rank: 0, spec: { name: 'events', kind: 'count' } },
    { rank: 0, spec: { name: 'elapsed_seconds', kind: 'elapsed' } },
    { rank: 0, spec: { name: 'events_a_minute', kind: 'rate' } },
    ...(['mean', 'last', 'max', 'std'] as const).map((stat, i) => ({
      rank: i,
      spec: { name: `gap_${stat}_seconds`, kind: 'gap' as const, stat },
    })),
  ]
}

/** A single action adds nothing to the number of events. */
function actionCounts(actions: readonly ValueCount[]): Candidate[] {
  if (actions.length < 2) return []
  return [
    ...actions.map(({ value }, i) => ({
      rank: 1 + i,
      spec: { name: `${slug(value)}_count`, kind: 'count' as const, where: { action: value } },
    })),
    ...actions.map(({ value }, i) => ({
      rank: 5 + 2 * i,
      spec: { name: `${slug(value)}_share`, kind: 'share' as const, where: { action: value } },
    })),
    ...actions.map(({ value }, i) => ({
      rank: 4 + 1.5 * i,
      spec: { name: `since_${slug(value)}_seconds`, kind: 'time_since' as const, where: { action: value } },
    })),
  ]
}

/** How long the visitor stays: on kinds of pages where there are several, else after actions. */
function stays(actions: readonly ValueCount[], pageKinds: readonly ValueCount[]): Candidate[] {
  const [field, values] =
    pageKinds.length > 1 ? (['page_kind', pageKinds] as const) : (['action', actions] as const)
  if (values.length < 2) return []
  return values.map(({ value }, i) => ({
    rank: 4 + 1.5 * i,
    spec: { name: `${slug(value)}_seconds`, kind: 'dwell' as const, where: { [field]: value } },
  }))
}

const CATEGORIES_MAX = 5

function products(vocabulary: Vocabulary): Candidate[] {
  const { present, events, values } = vocabulary
  const isCommon = (count: number): boolean => count >= EVENT_SHARE_MIN * events && count > 0
  const inCategory = values.category.reduce((sum, count) => sum + count.events, 0)
  const candidates: Candidate[] = []
  if (isCommon(present.product_id))
    candidates.push(
      { rank: 2, spec: { name: 'products', kind: 'distinct', of: 'product_id' } },
      { rank: 2.5, spec: { name: 'product_revisits', kind: 'revisits', of: 'product_id' } },
    )
  if (isCommon(inCategory) && values.category.length > 1)
    candidates.push(
      { rank: 3, spec: { name: 'categories', kind: 'distinct', of: 'category' } },
      { rank: 6, spec: { name: 'category_entropy', kind: 'entropy', of: 'category', max: 8 } },
      ...frequent(vocabulary, 'category')
        .slice(0, CATEGORIES_MAX)
        .map(({ value }, i) => ({
          rank: 6 + i,
          spec: { name: `in_${slug(value)}_share`, kind: 'share' as const, where: { category: value } },
        })),
    )
  if (isCommon(present.search_term))
    candidates.push({ rank: 5, spec: { name: 'searches', kind: 'distinct', of: 'search_term', max: 8 } })
  return candidates
}

function prices({ present, events, pricedActions }: Vocabulary, actions: readonly ValueCount[]): Candidate[] {
  if (present.price < EVENT_SHARE_MIN * events || present.price === 0) return []
  const kinds = ['mean', 'last', 'max', 'min', 'std', 'first'] as const
  // What a visitor may buy: every action with a price except the most frequent one, which is looking.
  const rarer = actions.slice(1).filter(({ value }) => (pricedActions[value] ?? 0) > 0)
  return [
    ...kinds.map((kind, i) => ({
      rank: 3 + i,
      spec: { name: `price_${kind}`, kind, of: 'price' as const },
    })),
    ...rarer.map(({ value }, i) => ({
      rank: 5 + 2 * i,
      spec: {
        name: `${slug(value)}_price_sum`,
        kind: 'sum' as const,
        of: 'price' as const,
        where: { action: value },
      },
    })),
  ]
}

const ARRIVAL = [
  { field: 'referrer_medium', prefix: 'from', max: 5, rank: 3 },
  { field: 'device_type', prefix: 'on', max: 3, rank: 3.5 },
  { field: 'mkt_source', prefix: 'source', max: 4, rank: 6 },
  { field: 'mkt_medium', prefix: 'medium', max: 4, rank: 7 },
  { field: 'os_name', prefix: 'os', max: 3, rank: 9 },
  { field: 'browser_name', prefix: 'browser', max: 3, rank: 10 },
] as const

function arrival(vocabulary: Vocabulary): Candidate[] {
  const { present, events } = vocabulary
  const touched = ARRIVAL.flatMap(({ field, prefix, max, rank }) => {
    const values = frequent(vocabulary, field).slice(0, max)
    const isConstant = values.length === 1 && values[0]!.sessions === vocabulary.sessions
    return isConstant
      ? []
      : values.map(({ value }, i) => ({
          rank: rank + i,
          spec: { name: `${prefix}_${slug(value)}`, kind: 'first_touch' as const, of: field, is: value },
        }))
  })
  const measured = [
    { name: 'session_index', kind: 'last', of: 'session_index', rank: 4 },
    { name: 'scroll_max', kind: 'max', of: 'scroll_y_max', rank: 8 },
    { name: 'viewport_width', kind: 'first', of: 'viewport_width', rank: 9 },
  ] as const
  return [
    ...touched,
    ...measured
      .filter(({ of }) => present[of] > EVENT_SHARE_MIN * events)
      .map(({ rank, ...spec }) => ({ rank, spec })),
  ]
}

/** Hours and weekdays distinguish sessions only where the events cover several of each. */
function calendar({ from, to }: Vocabulary): Candidate[] {
  const candidates: Candidate[] = []
  if (to - from >= 2 * DAY_MS)
    candidates.push({ rank: 6, spec: { name: 'hour', kind: 'calendar', part: 'hour' } })
  if (to - from >= 14 * DAY_MS)
    candidates.push({ rank: 7, spec: { name: 'weekday', kind: 'calendar', part: 'weekday' } })
  return candidates
}

const SEQUENCE_BACK = Math.min(3, BACK_MAX)

function path(actions: readonly ValueCount[]): Candidate[] {
  if (actions.length < 2) return []
  const values = actions.map(({ value }) => value)
  return [
    ...Array.from({ length: SEQUENCE_BACK }, (_, i) => ({
      rank: 2 + 2 * i,
      spec: {
        name: i === 0 ? 'latest_action' : `action_${i + 1}_back`,
        kind: 'sequence' as const,
        of: 'action' as const,
        back: i + 1,
        values,
      },
    })),
    ...(actions.length > 2
      ? [{ rank: 5, spec: { name: 'action_entropy', kind: 'entropy' as const, of: 'action' as const } }]
      : []),
  ]
}

function transitions({ transitions: all }: Vocabulary, actions: readonly ValueCount[]): Candidate[] {
  if (actions.length < 2) return []
  const known = new Set(actions.map(({ value }) => value))
  return all
    .filter(
      ({ from, to, events }) => events >= SESSIONS_MIN && (from === null || known.has(from)) && known.has(to),
    )
    .map(({ from, to }, i) => ({
      rank: 5 + i,
      spec: {
        name: from === null ? `begins_with_${slug(to)}` : `${slug(from)}_to_${slug(to)}`,
        kind: 'transition' as const,
        of: 'action' as const,
        ...(from === null ? {} : { from }),
        to,
      },
    }))
}

const SLUG_LENGTH_MAX = 30

/** A value as part of a feature's name. */
function slug(value: string): string {
  const words = value
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  const name = words.slice(0, SLUG_LENGTH_MAX).replace(/_+$/, '')
  return /^[a-z]/.test(name) ? name : `x_${name}`.replace(/_$/, '')
}

function withUniqueNames(candidates: readonly Candidate[]): object[] {
  const taken = new Set<string>()
  return candidates.map(({ spec }) => {
    let name = spec.name
    for (let i = 2; taken.has(name); i++) name = `${spec.name}_${i}`
    taken.add(name)
    return { ...spec, name }
  })
}
