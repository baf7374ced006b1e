import { createIdentity, setDerivedUuid, setIdentity } from '../sessions/identity.ts'
import type { Moment } from '../sessions/moment.ts'
import type { SessionEvent } from '../session-event.ts'
import type { SessionPolicy } from '../sessions/policy.ts'
import type { FeatureSpec } from '../features/spec.ts'
import { referenceFeatures, type Folded } from './reference-features.ts'

// What sessions mean, written down as plainly as possible: maps, arrays, and everything worked out again each time.

/** A moment with its features copied. */
export type SeenMoment = Omit<Moment, 'features' | 'event'> & {
  features: number[]
  eventId: string | undefined
}

interface Session {
  readonly id: string
  readonly byVisitor: boolean
  readonly visitor: string
  readonly openedAt: number
  readonly startedAt: number
  lastEventAt: number
  touchedAt: number
  closedAt: number | undefined
  n: number
  revision: number
  eventCount: number
  readonly seen: Set<string>
  readonly folded: Folded[]
  goal: { at: number; eventId: string } | undefined
  isBot: boolean
  simulated: boolean
}

interface Remembered {
  readonly id: string
  readonly n: number
  readonly revision: number
  readonly forgetAt: number
  taken: boolean
}

export function createReferenceSessions(policy: SessionPolicy, specs: readonly FeatureSpec[]) {
  let logTime = -Infinity
  let sessions: Session[] = []
  /** Closed ones, first closed first. */
  let closed: Session[] = []
  let remembered: Remembered[] = []
  const stats = { duplicates: 0, late: 0 }

  function advance(event: SessionEvent, emit: (moment: SeenMoment) => void): void {
    logTime = Math.max(logTime, event.collected_at)
    const due = openSessions()
      .filter(session => dueOf(session) <= logTime)
      .sort(byDue)
    for (const session of due) {
      const closedBy = gapDueOf(session) <= session.openedAt + policy.ageMs ? 'gap' : 'age'
      final(session, closedBy, emit)
      if (closedBy === 'age') release(session)
      else {
        session.closedAt = logTime
        closed.push(session)
      }
    }
    for (const session of [...closed]) if (session.closedAt! + policy.reopenMs <= logTime) release(session)
    const kept = remembered.findIndex(({ forgetAt }) => forgetAt > logTime)
    remembered = kept < 0 ? [] : remembered.slice(kept)
    if (event.kind === 'heartbeat') return

    let session = sessions.find(({ id, byVisitor, visitor }) =>
      event.session_id === null
        ? byVisitor && visitor === event.visitor
        : !byVisitor && id === event.session_id,
    )
    if (session?.seen.has(event.event_id) === true) {
      stats.duplicates++
      return
    }
    if (
      session !== undefined &&
      event.session_id === null &&
      event.event_time - session.lastEventAt > policy.gapMs
    ) {
      if (session.closedAt === undefined) final(session, 'gap', emit)
      release(session)
      session = undefined
    } else if (session?.closedAt !== undefined) {
      if (logTime >= session.openedAt + policy.ageMs) {
        release(session)
        session = undefined
      } else {
        closed = closed.filter(other => other !== session)
        session.closedAt = undefined
        session.revision++
      }
    }
    session ??= open(event, emit)
    take(session, event, emit)
  }

  function open(event: SessionEvent, emit: (moment: SeenMoment) => void): Session {
    if (sessions.length >= policy.sessionsMax) {
      const first = closed[0] ?? openSessions().sort(byDue)[0]!
      if (first.closedAt === undefined) final(first, 'sessions', emit)
      release(first)
    }
    const id = event.session_id ?? derivedId(event)
    const numbers = remembered.find(other => other.id === id && !other.taken)
    if (numbers !== undefined) numbers.taken = true
    const session: Session = {
      id,
      byVisitor: event.session_id === null,
      visitor: event.visitor,
      openedAt: logTime,
      startedAt: event.event_time,
      lastEventAt: event.event_time,
      touchedAt: logTime,
      closedAt: undefined,
      n: numbers?.n ?? 0,
      revision: (numbers?.revision ?? 0) + 1,
      eventCount: 0,
      seen: new Set(),
      folded: [],
      goal: undefined,
      isBot: false,
      simulated: false,
    }
    sessions.push(session)
    return session
  }

  function take(session: Session, event: SessionEvent, emit: (moment: SeenMoment) => void): void {
    session.seen.add(event.event_id)
    session.eventCount++
    session.touchedAt = logTime
    if (event.event_time < session.lastEventAt) stats.late++
    session.lastEventAt = Math.max(session.lastEventAt, event.event_time)
    session.isBot ||= event.is_bot
    session.simulated ||= event.simulated
    if (session.goal === undefined && event.action === policy.goal)
      session.goal = { at: event.event_time, eventId: event.event_id }
    else if (session.goal === undefined) {
      session.folded.push({ event, at: session.lastEventAt })
      emitMoment(session, event, undefined, emit)
    }
    if (session.eventCount >= policy.eventsMax) {
      final(session, 'events', emit)
      release(session)
    }
  }

  function final(session: Session, closedBy: Moment['closedBy'], emit: (moment: SeenMoment) => void): void {
    emitMoment(session, undefined, closedBy, emit)
  }

  function emitMoment(
    session: Session,
    event: SessionEvent | undefined,
    closedBy: Moment['closedBy'],
    emit: (moment: SeenMoment) => void,
  ): void {
    session.n++
    const { id, visitor, revision, n, startedAt, lastEventAt, eventCount, isBot, simulated, goal } = session
    emit({
      kind: event === undefined ? 'final' : 'update',
      sessionId: id,
      visitor,
      revision,
      n,
      features: referenceFeatures(specs, session.folded, startedAt),
      featureEventCount: session.folded.length,
      eventId: event?.event_id,
      startedAt: startedAt as Moment['startedAt'],
      lastEventAt: lastEventAt as Moment['lastEventAt'],
      logTime: logTime as Moment['logTime'],
      eventCount,
      isBot,
      simulated,
      closedBy,
      goal: goal as Moment['goal'],
    })
  }

  function release(session: Session): void {
    sessions = sessions.filter(other => other !== session)
    closed = closed.filter(other => other !== session)
    if (remembered.length >= 4 * policy.sessionsMax) remembered.shift()
    const { id, n, revision } = session
    remembered.push({ id, n, revision, forgetAt: logTime + policy.rememberMs, taken: false })
  }

  const openSessions = (): Session[] => sessions.filter(({ closedAt }) => closedAt === undefined)
  const gapDueOf = ({ lastEventAt, touchedAt }: Session): number =>
    Math.max(lastEventAt + policy.gapMs, touchedAt + policy.graceMs)
  const dueOf = (session: Session): number => Math.min(gapDueOf(session), session.openedAt + policy.ageMs)
  const byDue = (a: Session, b: Session): number => dueOf(a) - dueOf(b) || (bits(a.id) < bits(b.id) ? -1 : 1)

  return { advance, stats, counts: () => ({ open: openSessions().length, reopenable: closed.length }) }
}

function derivedId(event: SessionEvent): string {
  const identity = createIdentity()
  setDerivedUuid(identity, `${event.visitor}\n${event.event_id}`)
  return identity.text
}

/** The 128 bits of an id, by which sessions that are due at the same instant are ordered. */
function bits(id: string): string {
  const identity = createIdentity()
  setIdentity(identity, id)
  return [...identity.words].map(word => word.toString(16).padStart(8, '0')).join('')
}
