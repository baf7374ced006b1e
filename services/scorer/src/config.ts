import { POLICY_LIMITS, SESSION_POLICY, type SessionPolicy } from '@sluicebox/session/sessions/policy'
import { z } from 'zod'

const ms = (default_: number, description: string, max = Number.MAX_SAFE_INTEGER) =>
  z.int().min(1).max(max).default(default_).describe(description)

/** The section `scorer` of the configuration. */
export const scorerConfig = z
  .strictObject({
    bundle: z
      .string()
      .min(1)
      .optional()
      .describe('Folder or .zip of the bundle to score with. Without it, the one that ships.'),
    trustedKeys: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Files with public keys (Ed25519, PEM). If there are any, a bundle that none of them has signed is refused.',
      ),
    gapMs: ms(SESSION_POLICY.gapMs, 'A session is over when nothing happened in it for this long.'),
    ageMs: ms(SESSION_POLICY.ageMs, 'How long a session lasts at most.', POLICY_LIMITS.ageMs),
    eventsMax: z
      .int()
      .min(1)
      .max(POLICY_LIMITS.eventsMax)
      .default(SESSION_POLICY.eventsMax)
      .describe('How many events a session has at most.'),
    graceMs: ms(
      SESSION_POLICY.graceMs,
      'A session that just received an event stays open this long, however old the event is.',
    ),
    reopenMs: ms(
      SESSION_POLICY.reopenMs,
      'How long a closed session keeps its features, so that a late event continues it.',
    ),
    rememberMs: ms(
      SESSION_POLICY.rememberMs,
      'How long the numbering of a session, and the ids of its events, are remembered after that: a copy of an event counts for nothing until then. Keep it above 72 hours, the age that an event may have.',
    ),
    sessionsMax: z
      .int()
      .min(1)
      .default(SESSION_POLICY.sessionsMax)
      .describe(
        'Sessions kept per partition, about 400 bytes each. Above it the session idle for longest is closed early. Of closed sessions, the numbering of four times as many is remembered, and 32 times as many event ids of 8 to 24 bytes; above that the oldest are forgotten early.',
      ),
    reasonsMax: z
      .int()
      .min(0)
      .max(100)
      .optional()
      .describe('Reasons on a scored record. Without it, as many as the bundle says.'),
    snapshotEveryRecords: z
      .int()
      .min(1)
      .default(50_000)
      .describe(
        'The state of a partition is saved after this many records, so a restart replays at most this many, in about 2 s. 100,000 sessions are 50 MB, and saving them takes 0.2 s.',
      ),
    snapshotEveryMs: ms(60_000, 'The state of a partition is saved after this long, if it changed.'),
    batchRecordsMax: z
      .int()
      .min(1)
      .default(500)
      .describe(
        'Records read at a time. A batch of 500 is scored in about 10 ms, during which nothing else happens.',
      ),
    batchBytesMax: z
      .int()
      .min(1_024)
      .default(4 * 1024 * 1024)
      .describe('Bytes read at a time.'),
  })
  .prefault({})

export type ScorerConfig = z.output<typeof scorerConfig>

/** The session policy of the configuration; its goal is the bundle's. */
export function policyOf(config: ScorerConfig): Omit<SessionPolicy, 'goal'> {
  const { gapMs, ageMs, eventsMax, graceMs, reopenMs, rememberMs, sessionsMax } = config
  return { gapMs, ageMs, eventsMax, graceMs, reopenMs, rememberMs, sessionsMax }
}
