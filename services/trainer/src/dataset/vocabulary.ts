import { getNumber, getText, isNumberField, NUMBER_FIELDS } from '@sluicebox/session/features/fields'
import type { SessionEvent } from '@sluicebox/session/session-event'

// Counts what occurs in the events of an archive, so that features can be proposed for any site.

/** A value of a field: in how many events and in how many sessions it occurs. */
export interface ValueCount {
  readonly value: string
  readonly events: number
  readonly sessions: number
}

export interface TransitionCount {
  /** Null for the first event of a session. */
  readonly from: string | null
  readonly to: string
  readonly events: number
}

/** Fields whose values are counted. */
export const COUNTED_TEXT_FIELDS = [
  'action',
  'page_kind',
  'category',
  'referrer_medium',
  'device_type',
  'mkt_source',
  'mkt_medium',
  'browser_name',
  'os_name',
] as const
export type CountedTextField = (typeof COUNTED_TEXT_FIELDS)[number]

/** Fields of which only the number of events with a value is counted. */
const PRESENT_FIELDS = ['product_id', 'search_term', ...NUMBER_FIELDS] as const
type PresentField = (typeof PRESENT_FIELDS)[number]

/** Counts over the events of all sessions before their goal. Values come most frequent first. */
export interface Vocabulary {
  readonly goal: string
  readonly events: number
  readonly sessions: number
  readonly values: Readonly<Record<CountedTextField, readonly ValueCount[]>>
  /** Actions of events that follow each other in a session. */
  readonly transitions: readonly TransitionCount[]
  /** In how many events a field has a value. */
  readonly present: Readonly<Record<PresentField, number>>
  /** Events with a price, by action. */
  readonly pricedActions: Readonly<Record<string, number>>
  /** Event time of the earliest and of the latest event. */
  readonly from: number
  readonly to: number
}

export interface VocabularyCollector {
  /** Counts an event. Events of one session must come in order; other sessions may come in between. */
  add(event: SessionEvent): void
  result(): Vocabulary
}

/** Distinct values counted for each field; further ones are ignored. */
const VALUES_MAX = 1_000
/** A longer value is a text, not a name. */
const VALUE_LENGTH_MAX = 100
const TRANSITIONS_MAX = 10_000
/**
 * Sessions known at a time. Beyond it the session that began first is forgotten, and counted again if it continues.
 */
const SESSIONS_MAX = 100_000

interface SeenSession {
  lastAction: string | null
  isOver: boolean
  /** The values that were already counted for the session: number of the field, and value. */
  readonly seen: Set<string>
}

interface Count {
  events: number
  sessions: number
}

/** Counts what comes before `goal` in each session; the goal itself, and what follows it, is left out. */
export function collectVocabulary({ goal }: { goal: string }): VocabularyCollector {
  const counts = COUNTED_TEXT_FIELDS.map(() => new Map<string, Count>())
  const transitions = new Map<string, TransitionCount & { events: number }>()
  const present = Object.fromEntries(PRESENT_FIELDS.map(field => [field, 0])) as Record<PresentField, number>
  const priced = new Map<string, number>()
  const open = new Map<string, SeenSession>()
  const totals = { events: 0, sessions: 0, from: Infinity, to: -Infinity }

  function sessionOf({ session_id, visitor }: SessionEvent): SeenSession {
    const key = JSON.stringify([visitor, session_id])
    let session = open.get(key)
    if (session === undefined) {
      session = { lastAction: null, isOver: false, seen: new Set() }
      if (open.size === SESSIONS_MAX) open.delete(open.keys().next().value!)
      open.set(key, session)
    }
    return session
  }

  function countValues(event: SessionEvent, session: SeenSession): void {
    COUNTED_TEXT_FIELDS.forEach((field, i) => {
      const value = getText[field](event)
      if (value === null || value.length > VALUE_LENGTH_MAX) return
      const values = counts[i]!
      let count = values.get(value)
      if (count === undefined) {
        if (values.size === VALUES_MAX) return
        values.set(value, (count = { events: 0, sessions: 0 }))
      }
      count.events++
      const mark = `${i} ${value}`
      if (session.seen.has(mark)) return
      session.seen.add(mark)
      count.sessions++
    })
  }

  function countTransition(from: string | null, to: string): void {
    if (from !== null && from.length > VALUE_LENGTH_MAX) return
    if (to.length > VALUE_LENGTH_MAX) return
    const key = JSON.stringify([from, to])
    const transition = transitions.get(key)
    if (transition !== undefined) transition.events++
    else if (transitions.size < TRANSITIONS_MAX) transitions.set(key, { from, to, events: 1 })
  }

  return {
    add(event) {
      if (event.kind === 'heartbeat') return
      const session = sessionOf(event)
      if (session.isOver) return
      if (event.action === goal) {
        session.isOver = true
        return
      }
      if (session.lastAction === null) totals.sessions++
      totals.events++
      totals.from = Math.min(totals.from, event.event_time)
      totals.to = Math.max(totals.to, event.event_time)
      countValues(event, session)
      countTransition(session.lastAction, event.action)
      session.lastAction = event.action
      for (const field of PRESENT_FIELDS) if (isThere(event, field)) present[field]++
      if (isThere(event, 'price') && (priced.size < VALUES_MAX || priced.has(event.action)))
        priced.set(event.action, (priced.get(event.action) ?? 0) + 1)
    },
    result() {
      const values = COUNTED_TEXT_FIELDS.map((field, i) => [
        field,
        [...counts[i]!]
          .map(([value, count]) => ({ value, ...count }))
          .sort((a, b) => b.sessions - a.sessions || b.events - a.events || compare(a.value, b.value)),
      ])
      return {
        goal,
        ...totals,
        values: Object.fromEntries(values) as Vocabulary['values'],
        transitions: [...transitions.values()]
          .map(transition => ({ ...transition }))
          .sort((a, b) => b.events - a.events || compare(a.from ?? '', b.from ?? '') || compare(a.to, b.to)),
        present: { ...present },
        pricedActions: Object.fromEntries(priced),
      }
    },
  }
}

function isThere(event: SessionEvent, field: PresentField): boolean {
  return (isNumberField(field) ? getNumber[field](event) : event[field]) !== null
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
