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

/** The limits of the records' fields. */
export const POLICY_LIMITS = { eventsMax: 65_535, ageMs: 14 * 24 * 3_600_000 } as const

/** Throws when a policy exceeds these limits. */
export function checkPolicy(policy: SessionPolicy): void {
  const { eventsMax, ageMs, gapMs, sessionsMax } = policy
  if (!(eventsMax >= 1 && eventsMax <= POLICY_LIMITS.eventsMax))
    throw new RangeError(`eventsMax is ${eventsMax}; it must be 1 to ${POLICY_LIMITS.eventsMax}`)
  if (!(ageMs >= 1 && ageMs <= POLICY_LIMITS.ageMs))
    throw new RangeError(`ageMs is ${ageMs}; it must be 1 to ${POLICY_LIMITS.ageMs} (14 days)`)
  if (!(gapMs >= 1)) throw new RangeError(`gapMs is ${gapMs}; it must be at least 1`)
  if (!(sessionsMax >= 1)) throw new RangeError(`sessionsMax is ${sessionsMax}; it must be at least 1`)
}
