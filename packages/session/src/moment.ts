import type { CollectedTime, EventTime } from '@sluicebox/event/instants'
import type { GoodRecord } from '@sluicebox/event/records'

/** The fields of a good record that sessions and features read. */
export type SessionEvent = Pick<GoodRecord, (typeof SESSION_FIELDS)[number]>

/** For `createCodec`: the other fields of a good record need not be built. */
export const SESSION_FIELDS = [
  'kind',
  'collected_at',
  'created_at',
  'event_time',
  'visitor',
  'event_id',
  'session_id',
  'session_index',
  'action',
  'page_kind',
  'product_id',
  'category',
  'price',
  'quantity',
  'revenue',
  'search_term',
  'page_path',
  'referrer_medium',
  'referrer_source',
  'mkt_medium',
  'mkt_source',
  'mkt_campaign',
  'browser_name',
  'os_name',
  'device_type',
  'is_bot',
  'language',
  'timezone',
  'viewport_width',
  'viewport_height',
  'scroll_y_max',
  'event_name',
  'app_id',
  'platform',
  'event_data',
  'simulated',
] as const satisfies readonly (keyof GoodRecord)[]

/** A moment at which a session is scored: after an event (`update`), or when it closes (`final`). */
export interface Moment {
  readonly kind: 'update' | 'final'
  readonly sessionId: string
  readonly visitor: string
  /** 1; one more each time the session goes on after a final. */
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

export interface SessionPolicy {
  /** Inactivity, in event time, after which a session is over. */
  readonly gapMs: number
  /** How long a session lasts at most. */
  readonly ageMs: number
  readonly eventsMax: number
  /** A session that just received an event stays open this long in log time, however old the event is. */
  readonly graceMs: number
  /** How long a closed session keeps its features, and after that how long its numbering is remembered. */
  readonly reopenMs: number
  readonly rememberMs: number
  /** Open and reopenable sessions per partition; above it the one idle for longest is closed early. */
  readonly sessionsMax: number
  /** The action that is the goal. It, and what follows it, is never among the features. */
  readonly goal: string
}

export const SESSION_POLICY: SessionPolicy = {
  gapMs: 30 * 60_000,
  ageMs: 24 * 3_600_000,
  eventsMax: 10_000,
  graceMs: 2 * 60_000,
  reopenMs: 60 * 60_000,
  rememberMs: 96 * 3_600_000,
  sessionsMax: 2_000_000,
  goal: 'transaction',
}
