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
  seen: Seen
  readonly folded: Folded[]
  goal: { at: number; eventId: string } | undefined
  isBot: boolean
  simulated: boolean
}

/** Event ids: those since an instant of the log, and those before it. */
interface Seen {
  ids: Set<string>
  before: Set<string>
  since: number
}

interface Remembered {
  readonly session: string
  readonly n: number
  readonly revision: number
  readonly forgetAt: number
  seen: Seen
  taken: boolean
}

/** What names a session; without an id, what names the runs of a visitor. */
const nameOf = (visitor: string, id: string | null): string => JSON.stringify([visitor, id])
const nothingSeen = (since: number): Seen => ({ ids: new Set(), before: new Set(), since })
const hasSeen = ({ ids, before }: Seen, id: string): boolean => ids.has(id) || before.has(id)
const countOf = ({ ids, before }: Seen): number => ids.size + before.size

export function createReferenceSessions(policy: SessionPolicy, specs: readonly FeatureSpec[]) {
  let logTime = -Infinity
  let sessions: Session[] = []
  /** Closed ones, first closed first. */
  let closed: Session[] = []
  let remembered: Remembered[] = []
  /** The event ids of visitors' runs. */
  let runs: Remembered[] = []
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
    remembered = keptOf(remembered)
    runs = keptOf(runs)
    if (event.kind === 'heartbeat') return

    const name = nameOf(event.visitor, event.session_id)
    let session = sessions.find(
      ({ id, byVisitor, visitor }) => nameOf(visitor, byVisitor ? null : id) === name,
    )
    const seen = session?.seen ?? find(event.session_id === null ? runs : remembered, name)?.seen
    if (seen !== undefined && hasSeen(seen, event.event_id)) {
      stats.duplicates++
      return
    }
    if (session !== undefined) see(session, event)
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
    const numbers = recall(remembered, nameOf(event.visitor, id))
    const earlier = event.session_id === null ? recall(runs, nameOf(event.visitor, null)) : numbers
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
      seen: earlier?.seen ?? nothingSeen(logTime),
      folded: [],
      goal: undefined,
      isBot: false,
      simulated: false,
    }
    if (logTime - session.seen.since >= policy.rememberMs) turn(session)
    see(session, event)
    sessions.push(session)
    return session
  }

  function see(session: Session, { event_id }: SessionEvent): void {
    if (hasSeen(session.seen, event_id)) return
    if (session.seen.ids.size === policy.eventsMax) turn(session)
    session.seen.ids.add(event_id)
  }

  function turn(session: Session): void {
    session.seen = { ids: new Set(), before: session.seen.ids, since: logTime }
  }

  function take(session: Session, event: SessionEvent, emit: (moment: SeenMoment) => void): void {
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
    const { id, visitor, byVisitor, n, revision, seen } = session
    remember(remembered, nameOf(visitor, id), { n, revision }, byVisitor ? nothingSeen(-Infinity) : seen)
    if (byVisitor) remember(runs, nameOf(visitor, null), { n: 0, revision: 0 }, seen)
  }

  function remember(
    memory: Remembered[],
    session: string,
    numbers: { n: number; revision: number },
    seen: Seen,
  ): void {
    if (memory.length >= 4 * policy.sessionsMax) memory.shift()
    memory.push({ session, ...numbers, seen, forgetAt: logTime + policy.rememberMs, taken: false })
    while (idCount(memory) > 32 * policy.sessionsMax)
      memory.find(other => countOf(other.seen) > 0)!.seen = nothingSeen(-Infinity)
  }

  function recall(
    memory: Remembered[],
    name: string,
  ): Pick<Remembered, 'n' | 'revision' | 'seen'> | undefined {
    const found = find(memory, name)
    if (found === undefined) return undefined
    const { n, revision, seen } = found
    found.taken = true
    found.seen = nothingSeen(-Infinity)
    return { n, revision, seen }
  }

  function keptOf(memory: Remembered[]): Remembered[] {
    const kept = memory.findIndex(({ forgetAt }) => forgetAt > logTime)
    return kept < 0 ? [] : memory.slice(kept)
  }

  const find = (memory: Remembered[], name: string): Remembered | undefined =>
    memory.find(({ session, taken }) => session === name && !taken)
  const idCount = (memory: Remembered[]): number => memory.reduce((sum, { seen }) => sum + countOf(seen), 0)
  const openSessions = (): Session[] => sessions.filter(({ closedAt }) => closedAt === undefined)
  const gapDueOf = ({ lastEventAt, touchedAt }: Session): number =>
    Math.max(lastEventAt + policy.gapMs, touchedAt + policy.graceMs)
  const dueOf = (session: Session): number => Math.min(gapDueOf(session), session.openedAt + policy.ageMs)
  const orderOf = ({ id, visitor }: Session): string => bits(id) + bits(visitor)
  const byDue = (a: Session, b: Session): number => dueOf(a) - dueOf(b) || (orderOf(a) < orderOf(b) ? -1 : 1)
  const counts = () => ({
    open: openSessions().length,
    reopenable: closed.length,
    remembered: remembered.filter(({ taken }) => !taken).length,
    rememberedIds: idCount(remembered) + idCount(runs),
  })

  return { advance, stats, counts }
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
