import type { SessionPolicy } from './moment.ts'

/** What the records have room for. */
export const POLICY_LIMITS = { eventsMax: 65_535, ageMs: 14 * 24 * 3_600_000 } as const

/** Throws when a policy asks for more than that. */
export function checkPolicy(policy: SessionPolicy): void {
  const { eventsMax, ageMs, gapMs, sessionsMax } = policy
  if (!(eventsMax >= 1 && eventsMax <= POLICY_LIMITS.eventsMax))
    throw new RangeError(`eventsMax is ${eventsMax}; it must be 1 to ${POLICY_LIMITS.eventsMax}`)
  if (!(ageMs >= 1 && ageMs <= POLICY_LIMITS.ageMs))
    throw new RangeError(`ageMs is ${ageMs}; it must be 1 to ${POLICY_LIMITS.ageMs} (14 days)`)
  if (!(gapMs >= 1)) throw new RangeError(`gapMs is ${gapMs}; it must be at least 1`)
  if (!(sessionsMax >= 1)) throw new RangeError(`sessionsMax is ${sessionsMax}; it must be at least 1`)
}
