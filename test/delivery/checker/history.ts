import { appendFileSync, readFileSync } from 'node:fs'

// What the clients did and heard, line by line as JSON, and what was done to the pipeline meanwhile. It is all that the
// checker knows of a run beside what it finds in the streams and in the archive.

/**
 * 2xx: everything in the request is durable. Final 4xx: nothing is. Not even connected: nothing can be. Else nothing,
 * some or all may be.
 */
export type Outcome = 'accepted' | 'refused' | 'unsent' | 'ambiguous'

export interface SentEvent {
  readonly id: string
  /** Where the event has to come out. */
  readonly expect: 'good' | 'bad'
}

/** A request that is about to be sent, perhaps several times. One visitor's events, in the order of its session. */
export interface RequestLine {
  readonly kind: 'request'
  readonly request: string
  readonly session: string
  readonly events: readonly SentEvent[]
}

export interface AttemptLine {
  readonly kind: 'attempt'
  readonly request: string
  /** When it was sent, in epoch milliseconds. */
  readonly at: number
  readonly tookMs: number
  /** Null where no answer came. */
  readonly status: number | null
  readonly outcome: Outcome
}

export interface FaultLine {
  readonly kind: 'fault'
  readonly at: number
  /** Such as `kill -9 scorer`. */
  readonly name: string
}

export type HistoryLine = RequestLine | AttemptLine | FaultLine

export interface History {
  add(line: HistoryLine): void
}

/** Records to a file, so that a run can be checked again, and as it stood when it died. */
export function recordHistory(file: string): History {
  return { add: line => appendFileSync(file, `${JSON.stringify(line)}\n`) }
}

export function readHistory(file: string): HistoryLine[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as HistoryLine)
}

/** What happened to one event. */
export interface EventHistory extends SentEvent {
  readonly session: string
  /** Its place among the events of its session. */
  readonly place: number
  readonly accepted: number
  readonly refused: number
  readonly ambiguous: number
}

export interface Digest {
  readonly events: ReadonlyMap<string, EventHistory>
  readonly attempts: readonly AttemptLine[]
  readonly faults: readonly FaultLine[]
}

export function digest(lines: readonly HistoryLine[]): Digest {
  const attempts = lines.filter(line => line.kind === 'attempt')
  const byRequest = Map.groupBy(attempts, ({ request }) => request)
  const events = new Map<string, EventHistory>()
  const places = new Map<string, number>()
  for (const line of lines) {
    if (line.kind !== 'request') continue
    const own = byRequest.get(line.request) ?? []
    const count = (outcome: Outcome): number => own.filter(attempt => attempt.outcome === outcome).length
    for (const event of line.events) {
      if (events.has(event.id)) throw new Error(`two requests of the history hold the event ${event.id}`)
      const place = places.get(line.session) ?? 0
      places.set(line.session, place + 1)
      events.set(event.id, {
        ...event,
        ...{ session: line.session, place },
        ...{ accepted: count('accepted'), refused: count('refused'), ambiguous: count('ambiguous') },
      })
    }
  }
  return { events, attempts, faults: lines.filter(line => line.kind === 'fault') }
}
