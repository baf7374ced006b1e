import type { CollectedTime, EventTime } from '@sluicebox/event/instants'
import type { SessionEvent } from '../session-event.ts'

/** A moment at which a session is scored: after an event (`update`), or when it closes (`final`). */
export interface Moment {
  readonly kind: 'update' | 'final'
  readonly sessionId: string
  readonly visitor: string
  /** 1; one more each time the session continues after a final. */
  readonly revision: number
  /** Number of the moment in the session, over all revisions: 1, 2, 3 … */
  readonly n: number
  /** What the session looked like before the goal. One array for all moments: read it before returning. */
  readonly features: Float64Array
  /** Events folded into `features`. 0: there was nothing before the goal. */
  readonly featureEventCount: number
  /** The event that caused an update; undefined for a final. */
  readonly event: SessionEvent | undefined
  readonly startedAt: EventTime
  /** Event time of the session's last event. */
  readonly lastEventAt: EventTime
  /** The instant of the log at which a final was due to be noticed. */
  readonly logTime: CollectedTime
  readonly eventCount: number
  readonly isBot: boolean
  readonly simulated: boolean
  /** `sessions`: early, because more sessions were open than `sessionsMax`. */
  readonly closedBy: 'gap' | 'age' | 'events' | 'sessions' | undefined
  /** Known so far; a final has the last word. */
  readonly goal: { readonly at: EventTime; readonly eventId: string } | undefined
}
