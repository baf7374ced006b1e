import { queryValue } from './query.ts'

/** An event as it was sent: JSON of which nothing is known yet. */
export type PlainEvent = Record<string, unknown>

export interface RequestIds {
  /** Query string of the request: what stands there wins over what stands in the event. */
  readonly query: string | null
  /** The network user id that the browser brought back in its cookie. */
  readonly cookieId: string | undefined
  /** For events that have no id of their own. */
  readonly fallback: string
}

/** A key that every log takes. Real ids are shorter. */
const VISITOR_LENGTH_MAX = 128

/**
 * Whose event it is, and so in which partition it goes: domain user id, else network user id, else session id, else
 * event id. A network user id that was made for this very request does not count before a session id: a client that
 * keeps no cookies gets a new one each time, and its session would be torn apart.
 */
export function trackerVisitor(event: PlainEvent | undefined, ids: RequestIds): string {
  const value = (name: string): string | undefined => {
    // Without a query, as browsers send it, there is only the event to look at.
    const given = ids.query === null ? undefined : queryValue(ids.query, name)
    return given ?? text(event?.[name])
  }
  const visitor =
    value('duid') ?? value('tnuid') ?? value('nuid') ?? ids.cookieId ?? value('sid') ?? value('eid')
  return bounded(visitor ?? ids.fallback)
}

/** The same for an event of /v1/events. */
export function plainVisitor(event: PlainEvent | undefined, ids: RequestIds): string {
  const visitor =
    text(event?.['visitor_id']) ?? ids.cookieId ?? text(event?.['session_id']) ?? text(event?.['event_id'])
  return bounded(visitor ?? ids.fallback)
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function bounded(visitor: string): string {
  return visitor.length > VISITOR_LENGTH_MAX ? visitor.slice(0, VISITOR_LENGTH_MAX) : visitor
}

/** Indexes of events by visitor, in the order of their first events. */
export function groupByVisitor(visitors: readonly string[]): Map<string, number[]> {
  const groups = new Map<string, number[]>()
  visitors.forEach((visitor, index) => {
    const group = groups.get(visitor)
    if (group === undefined) groups.set(visitor, [index])
    else group.push(index)
  })
  return groups
}
