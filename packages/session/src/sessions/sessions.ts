import type { CollectedTime, EventTime } from '@sluicebox/event/instants'
import { getText, putText } from '../memory/blocks.ts'
import { createClosedList } from './closed-list.ts'
import { createDueHeap } from '../memory/due-heap.ts'
import type { FeatureProgram } from '../features/features.ts'
import { hash128 } from '../memory/hash.ts'
import { createIdentity, hashSession, setDerivedUuid, setIdentity, type Identity } from './identity.ts'
import type { Moment } from './moment.ts'
import type { SessionEvent } from '../session-event.ts'
import { checkPolicy, type SessionPolicy } from './policy.ts'
import { createNumbering, type Numbers, type Remembered } from './numbering.ts'
import { freeSeenIds, NO_SEEN_IDS } from './seen-events.ts'
import { createSessionIds } from './session-ids.ts'
import * as record from './session-table.ts'
import { createSessionTable } from './session-table.ts'
import { readSnapshot, writeSnapshot } from '../memory/snapshot.ts'
import { canonicalJson } from '@sluicebox/event/canonical'

/**
 * The sessions of one partition. What happens at each record, in this order:
 *
 * 1. Log time becomes the largest collected instant so far. A heartbeat does nothing else than this and step 2.
 * 2. Sessions that are due close, each with a `final`: in the order of their due instants, then of their ids, then of
 *    their visitors. Due is `gapMs` after the last event in event time, though not before `graceMs` after it in log time; or `ageMs` after
 *    the session's first event in log time, whatever comes first.
 * 3. The event finds its session: the visitor's one with the client's session id. Two visitors with one session id have
 *    two sessions. Without such an id, it is the visitor's run of events, which ends at an event more than `gapMs` later
 *    than the last. The id of a run is made of the visitor and its first event's id.
 * 4. An event id that the session has seen is a duplicate: counted, and nothing else. A session that is known by its
 *    numbers only has seen the events that it had, and a visitor's run those of the visitor's remembered runs.
 * 5. The event is folded into the features, unless the goal was reached, and an `update` says so. Events are folded in
 *    the order of the log; one that is older than the latest counts as simultaneous with it. The first event whose
 *    action is the goal is the label: it, and what comes after it, is counted and keeps the session open, no more.
 * 6. A session of `eventsMax` events closes at once.
 *
 * A session that closed by its gap keeps its features for `reopenMs` of log time: an event then continues it, with the
 * next revision. After that, and where age or number of events closed it, only its numbers and its event ids are kept,
 * for `rememberMs`: another event restarts under the same id, with the next revision and the next n. Beyond `sessionsMax`
 * sessions the one that closed first goes; if none is closed, the one that is due first closes early.
 *
 * What bounds the memory of event ids: a session that restarts again and again drops the older half of its ids every
 * `rememberMs`, and any session does at `eventsMax` new ones; so it has two times `eventsMax` at most. Of remembered sessions there are four
 * times `sessionsMax` at most, and of their event ids 32 times `sessionsMax`: above that the oldest go first. The same
 * bounds hold again for the visitors whose runs are remembered.
 */
export interface Sessions {
  /** Advances by one record of the good stream. `emit` is called for each moment, in order, before this returns. */
  advance(event: SessionEvent, emit: (moment: Moment) => void): void
  /** The whole state: `restore` makes sessions of the same policy and features continue from it. */
  snapshot(): Uint8Array
  restore(bytes: Uint8Array): void
  readonly stats: SessionStats
}

/** Figures for metrics; those of what has happened count from the start of the process. */
export interface SessionStats {
  readonly open: number
  /** Closed sessions that could continue. */
  readonly reopenable: number
  /** Sessions that are known only by their numbers and event ids. */
  readonly remembered: number
  /** Event ids of these sessions. */
  readonly rememberedIds: number
  readonly bytes: number
  readonly opened: number
  readonly reopened: number
  readonly duplicates: number
  /** Events older than the latest of their session. */
  readonly late: number
  /** Sessions whose numbers or event ids were forgotten early, because there was no room. */
  readonly forgottenEarly: number
}

/** This many sessions, and this many event ids of them, are remembered for each session that may be kept. */
const REMEMBERED_FACTOR = 4
const REMEMBERED_IDS_FACTOR = 32
/** Changes with what a snapshot means. */
const LAYOUT = 2
/** Offsets from a session's first event are 31 bits of milliseconds: 24 days. */
const OFFSET_MS_MAX = 2 ** 31 - 2
const NO_NUMBERS: Numbers = { n: 0, revision: 0 }
const NOTHING: Remembered = { ...NO_NUMBERS, ids: NO_SEEN_IDS }

export function createSessions(parts: { policy: SessionPolicy; program: FeatureProgram }): Sessions {
  const { policy, program } = parts
  checkPolicy(policy)
  const { gapMs, ageMs, eventsMax, graceMs, reopenMs, rememberMs, sessionsMax, goal } = policy
  const table = createSessionTable(program.bytes)
  const { slots, blocks, f64, setF64, u32, setU32, u16, setU16, u8, setU8 } = table
  const seenIds = createSessionIds(table, eventsMax)
  const bounds = {
    entriesMax: REMEMBERED_FACTOR * sessionsMax,
    idsMax: REMEMBERED_IDS_FACTOR * sessionsMax,
  }
  const numbering = createNumbering({ blocks, ...bounds })
  /** The event ids of visitors' runs, which all runs of a visitor share. Each run has its numbers in the other. */
  const runs = createNumbering({ blocks, ...bounds })
  let heap = createDueHeap(table.isBefore)
  const features = new Float64Array(program.names.length)
  const fingerprint = new Uint32Array(4)
  hash128(canonicalJson([LAYOUT, program.hash, policy]), fingerprint)

  let logTime = -Infinity
  let openCount = 0
  const closed = createClosedList(table)
  const happened = { opened: 0, reopened: 0, duplicates: 0, late: 0 }

  const key = createIdentity()
  const visitor = createIdentity()
  const derived = createIdentity()
  const released = { id: createIdentity(), visitor: createIdentity() }
  const sessionHash = new Uint32Array(4)
  const eventHash = new Uint32Array(4)

  function advance(event: SessionEvent, emit: (moment: Moment) => void): void {
    if (event.collected_at > logTime) logTime = event.collected_at
    closeDue(emit)
    releaseDue()
    if (event.kind === 'heartbeat') return

    const isRun = event.session_id === null
    setIdentity(visitor, event.visitor)
    if (!isRun) setIdentity(key, event.session_id)
    hash128(event.event_id, eventHash)
    const id = isRun ? undefined : key
    let slot = table.find(visitor, id)
    if (slot >= 0 ? !isNew(slot) : isRemembered(id)) {
      happened.duplicates++
      return
    }
    if (slot >= 0) slot = goOn(slot, event, emit)
    if (slot < 0) slot = open(event, emit)
    take(slot, event, emit)
  }

  /** Whether the event is one of a session that is known by its numbers only. */
  function isRemembered(id: Identity | undefined): boolean {
    const memory = id === undefined ? runs : numbering
    if (memory.size === 0) return false
    hashSession(sessionHash, visitor, id)
    return memory.hasEvent(sessionHash, eventHash[0]!, eventHash[1]!)
  }

  /** Adds the event's id to those of the session. False when it was there already. */
  function isNew(slot: number): boolean {
    return seenIds.add(slot, eventHash, logTime)
  }

  /** The session of the key, if the event continues it; -1 if the event starts another, and then it is released. */
  function goOn(slot: number, event: SessionEvent, emit: (moment: Moment) => void): number {
    const isOpen = u8(slot, record.STATE) === record.STATE_OPEN
    if (event.session_id === null && event.event_time - f64(slot, record.LAST_EVENT_AT) > gapMs) {
      if (isOpen) emitFinal(slot, 'gap', emit)
      release(slot)
      return -1
    }
    if (isOpen) return slot
    if (logTime >= f64(slot, record.OPENED_AT) + ageMs) {
      release(slot)
      return -1
    }
    closed.remove(slot)
    setU8(slot, record.STATE, record.STATE_OPEN)
    setU32(slot, record.REVISION, u32(slot, record.REVISION) + 1)
    heap.push(dueOf(slot), slot)
    openCount++
    happened.reopened++
    return slot
  }

  function open(event: SessionEvent, emit: (moment: Moment) => void): number {
    if (openCount + closed.count >= sessionsMax) makeRoom(emit)
    const byVisitor = event.session_id === null
    if (byVisitor) setDerivedUuid(derived, `${event.visitor}\n${event.event_id}`)
    const id = byVisitor ? derived : key
    const slot = table.add({ id, visitor, byVisitor })
    const { n, revision, ids } = remembered(id)
    setU32(slot, record.N, n)
    setU32(slot, record.REVISION, revision + 1)
    if (byVisitor) freeSeenIds(blocks, ids)
    seenIds.set(slot, byVisitor ? remembered(undefined).ids : ids)
    if (logTime - f64(slot, record.SEEN_SINCE) >= rememberMs) seenIds.turn(slot, logTime)
    setF64(slot, record.STARTED_AT, event.event_time)
    setF64(slot, record.LAST_EVENT_AT, event.event_time)
    setF64(slot, record.OPENED_AT, logTime)
    setF64(slot, record.TOUCHED_AT, logTime)
    setU8(slot, record.STATE, record.STATE_OPEN)
    isNew(slot)
    heap.push(dueOf(slot), slot)
    openCount++
    happened.opened++
    return slot
  }

  /** Takes out what was remembered of the visitor's session, or of the visitor's runs. */
  function remembered(id: Identity | undefined): Remembered {
    hashSession(sessionHash, visitor, id)
    return (id === undefined ? runs : numbering).take(sessionHash) ?? NOTHING
  }

  /** Counts a new event in its session, and folds it unless the goal was reached. */
  function take(slot: number, event: SessionEvent, emit: (moment: Moment) => void): void {
    const eventCount = u16(slot, record.EVENT_COUNT) + 1
    setU16(slot, record.EVENT_COUNT, eventCount)
    setF64(slot, record.TOUCHED_AT, logTime)
    const lastEventAt = f64(slot, record.LAST_EVENT_AT)
    if (event.event_time < lastEventAt) happened.late++
    else setF64(slot, record.LAST_EVENT_AT, event.event_time)
    if (event.is_bot) setFlag(slot, record.FLAG_BOT)
    if (event.simulated) setFlag(slot, record.FLAG_SIMULATED)

    const startedAt = f64(slot, record.STARTED_AT)
    if (u32(slot, record.GOAL_TEXT) === 0) {
      if (event.action === goal) {
        setU32(slot, record.GOAL_TEXT, putText(blocks, event.event_id))
        setU32(slot, record.GOAL_OFFSET, clampOffset(event.event_time - startedAt))
      } else {
        const offsetMs = clampOffset(f64(slot, record.LAST_EVENT_AT) - startedAt)
        program.fold(slots.cells(slot), slots.start(slot) + record.CELLS, event, offsetMs)
        emit(momentOf(slot, event, undefined))
      }
    }
    if (eventCount >= eventsMax) {
      emitFinal(slot, 'events', emit)
      release(slot)
    }
  }

  function setFlag(slot: number, flag: number): void {
    setU8(slot, record.FLAGS, u8(slot, record.FLAGS) | flag)
  }

  function emitFinal(
    slot: number,
    closedBy: NonNullable<Moment['closedBy']>,
    emit: (moment: Moment) => void,
  ): void {
    emit(momentOf(slot, undefined, closedBy))
  }

  function momentOf(slot: number, event: SessionEvent | undefined, closedBy: Moment['closedBy']): Moment {
    const n = u32(slot, record.N) + 1
    setU32(slot, record.N, n)
    const startedAt = f64(slot, record.STARTED_AT)
    const cells = slots.cells(slot)
    const start = slots.start(slot) + record.CELLS
    program.read(cells, start, startedAt, features)
    const goalText = u32(slot, record.GOAL_TEXT)
    const flags = u8(slot, record.FLAGS)
    return {
      kind: event === undefined ? 'final' : 'update',
      sessionId: event?.session_id ?? table.idOf(slot),
      visitor: event?.visitor ?? table.visitorOf(slot),
      revision: u32(slot, record.REVISION),
      n,
      features,
      featureEventCount: program.eventCount(cells, start),
      event,
      startedAt: startedAt as EventTime,
      lastEventAt: f64(slot, record.LAST_EVENT_AT) as EventTime,
      logTime: logTime as CollectedTime,
      eventCount: u16(slot, record.EVENT_COUNT),
      isBot: (flags & record.FLAG_BOT) !== 0,
      simulated: (flags & record.FLAG_SIMULATED) !== 0,
      closedBy,
      goal:
        goalText === 0
          ? undefined
          : {
              at: (startedAt + (u32(slot, record.GOAL_OFFSET) | 0)) as EventTime,
              eventId: getText(blocks, goalText),
            },
    }
  }

  const gapDueOf = (slot: number): number =>
    Math.max(f64(slot, record.LAST_EVENT_AT) + gapMs, f64(slot, record.TOUCHED_AT) + graceMs)
  const ageDueOf = (slot: number): number => f64(slot, record.OPENED_AT) + ageMs
  /** Never earlier than it was: events only put it off. The heap relies on that. */
  const dueOf = (slot: number): number => Math.min(gapDueOf(slot), ageDueOf(slot))

  function closeDue(emit: (moment: Moment) => void): void {
    while (heap.size > 0 && heap.topDue() <= logTime) {
      const slot = takeFirstDue(logTime)
      if (slot < 0) continue
      const closedBy = gapDueOf(slot) <= ageDueOf(slot) ? 'gap' : 'age'
      emitFinal(slot, closedBy, emit)
      if (closedBy === 'gap') keepClosed(slot)
      else release(slot, false)
    }
  }

  /** Takes the heap's first entry out. Its session, if it is open and really due by `until`; else -1. */
  function takeFirstDue(until: number): number {
    const slot = heap.top()
    if (u8(slot, record.STATE) === record.STATE_ENDED) {
      heap.pop()
      table.end(slot)
      return -1
    }
    const due = dueOf(slot)
    if (due > heap.topDue() || due > until) {
      heap.postponeTop(due)
      return -1
    }
    heap.pop()
    return slot
  }

  function makeRoom(emit: (moment: Moment) => void): void {
    if (closed.count > 0) {
      release(closed.oldest())
      return
    }
    let slot = -1
    while (slot < 0) slot = takeFirstDue(Infinity)
    emitFinal(slot, 'sessions', emit)
    release(slot, false)
  }

  function keepClosed(slot: number): void {
    setU8(slot, record.STATE, record.STATE_CLOSED)
    setF64(slot, record.TOUCHED_AT, logTime)
    closed.add(slot)
    openCount--
  }

  function releaseDue(): void {
    while (closed.count > 0 && f64(closed.oldest(), record.TOUCHED_AT) + reopenMs <= logTime)
      release(closed.oldest())
    numbering.forget(logTime)
    runs.forget(logTime)
  }

  /** Forgets all of a session but its numbers and the ids of its events. */
  function release(slot: number, isInHeap = u8(slot, record.STATE) === record.STATE_OPEN): void {
    if (u8(slot, record.STATE) === record.STATE_OPEN) openCount--
    else closed.remove(slot)
    table.readIds(slot, released)
    const numbers = { n: u32(slot, record.N), revision: u32(slot, record.REVISION) }
    const isRun = table.isByVisitor(slot)
    const forgetAt = logTime + rememberMs
    hashSession(sessionHash, released.visitor, released.id)
    numbering.remember(sessionHash, numbers, isRun ? NO_SEEN_IDS : seenIds.get(slot), forgetAt)
    if (isRun) {
      hashSession(sessionHash, released.visitor)
      runs.remember(sessionHash, NO_NUMBERS, seenIds.get(slot), forgetAt)
    }
    table.clear(slot)
    if (!isInHeap) table.end(slot)
  }

  function snapshot(): Uint8Array {
    const own = new Uint32Array(6)
    new Float64Array(own.buffer, 0, 1)[0] = logTime
    own.set([openCount, ...closed.save()], 2)
    return writeSnapshot({ fingerprint, sections: [[own], ...table.save(), numbering.save(), runs.save()] })
  }

  function restore(bytes: Uint8Array): void {
    const [own, slotParts, blockParts, numberParts, runParts] = readSnapshot(bytes, fingerprint)
    const [low, high, open, ...closedNumbers] = own![0]!
    logTime = new Float64Array(Uint32Array.of(low!, high!).buffer)[0]!
    openCount = open!
    closed.restore(closedNumbers)
    table.restore([slotParts!, blockParts!])
    numbering.restore(numberParts!)
    runs.restore(runParts!)
    heap = createDueHeap(table.isBefore)
    for (let slot = 0; slot < slots.end; slot++)
      if (u8(slot, record.STATE) === record.STATE_OPEN) heap.push(dueOf(slot), slot)
  }

  return {
    advance,
    snapshot,
    restore,
    get stats() {
      return {
        ...happened,
        open: openCount,
        reopenable: closed.count,
        remembered: numbering.size,
        rememberedIds: numbering.idCount + runs.idCount,
        bytes: slots.bytes + blocks.bytes,
        forgottenEarly: numbering.forgottenEarly + runs.forgottenEarly,
      }
    },
  }
}

function clampOffset(ms: number): number {
  return Math.max(-OFFSET_MS_MAX, Math.min(OFFSET_MS_MAX, ms))
}
