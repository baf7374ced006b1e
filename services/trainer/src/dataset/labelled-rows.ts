import { INSTANT_MS_MAX, type CollectedTime } from '@sluicebox/event/instants'
import type { FeatureProgram } from '@sluicebox/session/features/features'
import type { Moment } from '@sluicebox/session/sessions/moment'
import type { SessionEvent } from '@sluicebox/session/session-event'
import type { SessionPolicy } from '@sluicebox/session/sessions/policy'
import { createSessions } from '@sluicebox/session/sessions/sessions'
import type { RowHead } from './table-writer.ts'

export interface RowOptions {
  readonly policy: SessionPolicy
  readonly program: FeatureProgram
  /** Sessions that began less than this before the newest event are left out. */
  readonly maturityMs: number
  readonly includeBots: boolean
  readonly includeSimulated: boolean
  /** Memory that rows may take while they wait for their label. */
  readonly heldBytesMax: number
}

export interface RowCounts {
  readonly events: number
  readonly rows: number
  readonly sessions: number
  /** Sessions that reached the goal. */
  readonly positives: number
  /** Sessions of which no row was written, by the reason. */
  readonly leftOut: {
    /** Sessions that began too late for the data to show their end. */
    readonly immature: number
    readonly bots: number
    readonly simulated: number
    /** Sessions that reached the goal with their first event. */
    readonly nothingBeforeGoal: number
  }
  /** Rows of an event that came before the goal in the log, but happened after it. */
  readonly rowsAfterGoal: number
  /** Events that are left out because one of their times is not between 1970 and 9999. */
  readonly eventsOutOfTime: number
  /** Event time of the oldest and the newest event; undefined without events. */
  readonly from: number | undefined
  readonly to: number | undefined
}

/** `isLast` marks the last row of its session. Rows of a session come one after another. */
export type WriteRow = (head: RowHead, features: Float64Array, isLast: boolean) => void

export interface LabelledRows {
  /** Takes the next event of a partition, in the order of its log. */
  add(partition: number, event: SessionEvent): void
  /** Closes every session, and writes all rows that are left. */
  finish(): RowCounts
}

interface HeldRow {
  readonly n: number
  readonly revision: number
  readonly eventCount: number
  readonly eventTime: number
  readonly features: Float64Array
}

interface HeldSession {
  readonly sessionId: string
  readonly visitor: string
  readonly startedAt: number
  readonly rows: HeldRow[]
  deviceType: string | null
  referrerMedium: string | null
  isBot: boolean
  simulated: boolean
  goalAt: number | undefined
  /** Log time from which nothing can change the session. */
  settledAt: number
}

/** Approximate memory of a row besides its features. */
const ROW_BYTES = 200

/**
 * Turns events into labelled rows: one for each update, which the scorer would have scored. A row waits until its
 * session is closed, can't reopen, and is mature; only then is its label known.
 */
export function createLabelledRows(options: RowOptions, write: WriteRow): LabelledRows {
  const { policy, program, maturityMs } = options
  const partitions = new Map<number, ReturnType<typeof openPartition>>()
  const rowBytes = ROW_BYTES + 8 * program.names.length
  const leftOut = { immature: 0, bots: 0, simulated: 0, nothingBeforeGoal: 0 }
  const counts = { events: 0, rows: 0, sessions: 0, positives: 0, rowsAfterGoal: 0, eventsOutOfTime: 0 }
  let heldRows = 0
  let from: number | undefined
  let to: number | undefined

  function openPartition() {
    const sessions = createSessions({ policy, program })
    const open = new Map<string, HeldSession>()
    /** Closed sessions in the order in which they closed. */
    const closed = new Map<string, HeldSession>()
    let logTime = -Infinity

    function take(moment: Moment): void {
      const key = sessionKey(moment.visitor, moment.sessionId)
      let session = open.get(key)
      if (session === undefined) {
        session = closed.get(key) ?? startSession(moment)
        closed.delete(key)
        open.set(key, session)
      }
      if (moment.event !== undefined) {
        session.deviceType ??= moment.event.device_type
        session.referrerMedium ??= moment.event.referrer_medium
        session.rows.push({
          n: moment.n,
          revision: moment.revision,
          eventCount: moment.featureEventCount,
          eventTime: moment.event.event_time,
          features: moment.features.slice(),
        })
        hold(1)
      } else {
        session.isBot ||= moment.isBot
        session.simulated ||= moment.simulated
        session.goalAt ??= moment.goal?.at
        session.settledAt = moment.logTime + policy.reopenMs
        open.delete(key)
        closed.set(key, session)
      }
    }

    return {
      advance(event: SessionEvent): void {
        logTime = Math.max(logTime, event.collected_at)
        sessions.advance(event, take)
        for (const [key, session] of closed) {
          // Sessions after it closed later.
          if (session.settledAt > logTime || session.startedAt + maturityMs > (to ?? -Infinity)) break
          closed.delete(key)
          release(session)
        }
      },
      finish(): void {
        const { ageMs, gapMs, graceMs } = policy
        const end = Math.max(logTime, to ?? -Infinity) + ageMs + gapMs + graceMs
        if (Number.isFinite(end)) sessions.advance(heartbeatAt(end), take)
        for (const session of closed.values()) release(session)
        closed.clear()
      },
    }
  }

  function hold(rows: number): void {
    heldRows += rows
    if (heldRows * rowBytes > options.heldBytesMax)
      throw new Error(
        `${heldRows} rows wait for the end of their sessions and take more than ${options.heldBytesMax} bytes. Build from a shorter time, lower maturityMs, take fewer features, or raise trainer.dataset.heldBytesMax`,
      )
  }

  function release(session: HeldSession): void {
    const { rows, goalAt } = session
    hold(-rows.length)
    if (session.startedAt + maturityMs > to!) leftOut.immature++
    else if (session.isBot && !options.includeBots) leftOut.bots++
    else if (session.simulated && !options.includeSimulated) leftOut.simulated++
    else if (rows.length === 0) leftOut.nothingBeforeGoal++
    else writeSession(session, goalAt)
  }

  function writeSession(session: HeldSession, goalAt: number | undefined): void {
    const { rows } = session
    const label = goalAt === undefined ? 0 : 1
    // The goal may come late in the log: then rows contain events that happened after it, the first such row and
    // all rows behind it.
    const after = goalAt === undefined ? -1 : rows.findIndex(row => row.eventTime > goalAt)
    const kept = after < 0 ? rows : rows.slice(0, after)
    counts.rowsAfterGoal += rows.length - kept.length
    if (kept.length === 0) {
      leftOut.nothingBeforeGoal++
      return
    }
    counts.rows += kept.length
    counts.sessions++
    counts.positives += label
    const { sessionId, visitor, startedAt, deviceType, referrerMedium } = session
    kept.forEach(({ features, ...row }, i) =>
      write(
        { sessionId, visitor, startedAt, label, deviceType, referrerMedium, ...row },
        features,
        i === kept.length - 1,
      ),
    )
  }

  return {
    add(partition, event) {
      if (event.kind !== 'heartbeat') {
        counts.events++
        // Such a time would decide which sessions are mature.
        if (!isInstant(event.event_time) || !isInstant(event.collected_at)) {
          counts.eventsOutOfTime++
          return
        }
        from = Math.min(from ?? event.event_time, event.event_time)
        to = Math.max(to ?? event.event_time, event.event_time)
      }
      let state = partitions.get(partition)
      if (state === undefined) partitions.set(partition, (state = openPartition()))
      state.advance(event)
    },
    finish() {
      for (const partition of [...partitions.keys()].sort((a, b) => a - b))
        partitions.get(partition)!.finish()
      return { ...counts, leftOut, from, to }
    },
  }
}

function isInstant(ms: number): boolean {
  return ms >= 0 && ms <= INSTANT_MS_MAX
}

/** Two visitors may show the same session id. */
function sessionKey(visitor: string, sessionId: string): string {
  return `${visitor.length} ${visitor}${sessionId}`
}

function startSession({ sessionId, visitor, startedAt }: Moment): HeldSession {
  return {
    sessionId,
    visitor,
    startedAt,
    rows: [],
    deviceType: null,
    referrerMedium: null,
    isBot: false,
    simulated: false,
    goalAt: undefined,
    settledAt: Infinity,
  }
}

/** A heartbeat with the fields that sessions read. */
function heartbeatAt(at: number): SessionEvent {
  return { kind: 'heartbeat', collected_at: at as CollectedTime } as SessionEvent
}
