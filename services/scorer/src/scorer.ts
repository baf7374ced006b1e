import { isMissingSchema, type Codec } from '@sluicebox/event/codec'
import type { BadRecord, GoodRecord, ScoredRecord } from '@sluicebox/event/records'
import { hashHex } from '@sluicebox/session/memory/hash'
import type { Moment } from '@sluicebox/session/sessions/moment'
import type { SessionPolicy } from '@sluicebox/session/sessions/policy'
import { createSessions, type Sessions } from '@sluicebox/session/sessions/sessions'
import { schemaRef } from '@sluicebox/registry/streams/learn'
import type { Batch, InputRecord, OutputRecord } from '@sluicebox/stream/log'
import { Unresolved, type Stage } from '@sluicebox/stream/driver/stage'
import packageJson from '../package.json' with { type: 'json' }
import { undecodable } from './bad.ts'
import { createScore } from './score.ts'
import type { ScoringBundle } from './scoring-bundle.ts'
import { blankTally, countOne, PROBABILITY_STEPS, type Tally } from './tally.ts'

export interface ScorerParts {
  readonly bundle: ScoringBundle
  /** Its goal is the bundle's. */
  readonly policy: Omit<SessionPolicy, 'goal'>
  /** Of the stream good; it may be projected to the fields of `SESSION_FIELDS`. */
  readonly goodCodec: Codec<GoodRecord>
  readonly scoredCodec: Codec<ScoredRecord>
  readonly badCodec: Codec<BadRecord>
  /** Reasons on a record; as many as the bundle says unless given. */
  readonly reasonsMax?: number
  /** Ids of writers' schemas that the registry has said it does not hold: records with them are bad. */
  readonly absentSchemas?: ReadonlySet<number>
}

/** What a partition's scorer keeps. No record depends on the tally. */
export interface ScorerState {
  readonly partition: number
  readonly sessions: Sessions
  /** Since the metrics took the last one away. */
  tally: Tally
}

/** Changes when a snapshot of an older layout can't be read any more. */
const LAYOUT_VERSION = 1

/**
 * The stage from good to scored: sessions, features, scores with their reasons. Bytes that are not a record go to bad.
 * It throws only `Unresolved`: for the schema that a record was written with (`avro:<id>`).
 */
export function createScorer(parts: ScorerParts): Stage<ScorerState, 'scored' | 'bad'> {
  const { bundle, goodCodec, scoredCodec, badCodec, absentSchemas } = parts
  const { program, goal } = bundle
  const policy: SessionPolicy = { ...parts.policy, goal }
  const scoreOf = createScore(bundle, parts.reasonsMax ?? bundle.reasonsMax)
  const processor = `${packageJson.name} ${packageJson.version}`

  function createState(partition: number): ScorerState {
    return { partition, sessions: createSessions({ policy, program }), tally: blankTally() }
  }

  return {
    start: createState,
    process(state, batch) {
      // Everything is decoded before anything changes: a schema that is missing stops the batch as a whole.
      const decoded = decodeAll(batch)
      const out = { scored: [] as OutputRecord[], bad: [] as OutputRecord[] }
      const { sessions, tally } = state
      let source: InputRecord
      let index = 0
      const emit = (moment: Moment): void => {
        out.scored.push(scored(moment, batch.partition, source, index++, tally))
      }
      for (let i = 0; i < decoded.length; i++) {
        source = batch.records[i]!
        index = 0
        const event = decoded[i]!
        if (event instanceof Error) {
          tally.bad++
          out.bad.push(bad(event, batch.partition, source))
          continue
        }
        if (event.kind === 'heartbeat') tally.heartbeats++
        else tally.events++
        tally.lastCollectedAt = event.collected_at
        sessions.advance(event, emit)
      }
      return out
    },
    snapshots: {
      // The bundle's model is not in it: with the same features and the same goal the state is the same.
      version: hashHex(JSON.stringify([LAYOUT_VERSION, program.hash, policy])),
      save: ({ sessions }) => sessions.snapshot(),
      restore(partition, bytes) {
        const state = createState(partition)
        state.sessions.restore(bytes)
        return state
      },
    },
  }

  function decodeAll({ records }: Batch): (GoodRecord | Error)[] {
    const missing = new Set<string>()
    const decoded = records.map(({ value }): GoodRecord | Error => {
      try {
        const record = goodCodec.decode(value)
        if (!isMissingSchema(record)) return record
        if (absentSchemas?.has(record.missing) !== true) missing.add(schemaRef(record.missing))
        return new Error(`it names the schema ${record.missing}, which the registry does not hold`)
      } catch (error) {
        return error as Error
      }
    })
    if (missing.size > 0) throw new Unresolved([...missing])
    return decoded
  }

  function bad({ message }: Error, partition: number, source: InputRecord): OutputRecord {
    return { key: source.key, value: badCodec.encode(undecodable(source, partition, message, processor)) }
  }

  function scored(
    moment: Moment,
    partition: number,
    source: InputRecord,
    index: number,
    tally: Tally,
  ): OutputRecord {
    const score = scoreOf(moment)
    const { kind, sessionId, visitor, revision, n, event, goal: reached } = moment
    const isFinal = kind === 'final'
    count(tally, moment, score)
    const record: ScoredRecord = {
      // The length keeps apart a visitor and a session id that have a line end in them.
      score_id: hashHex(`${visitor.length}\n${visitor}\n${sessionId}\n${revision}\n${n}\n${bundle.id}`),
      kind,
      source_partition: partition,
      source_position: source.position.toString(),
      source_index: index,
      session_id: sessionId,
      visitor,
      revision,
      n,
      event_id: event?.event_id ?? null,
      action: event?.action ?? null,
      page_kind: event?.page_kind ?? null,
      created_at: event?.created_at ?? null,
      collected_at: event?.collected_at ?? moment.logTime,
      event_time: event?.event_time ?? moment.lastEventAt,
      session_started_at: moment.startedAt,
      session_event_count: moment.eventCount,
      score: score.score,
      probability: score.probability,
      decision: score.decision,
      threshold: bundle.threshold,
      no_score_reason: score.no_score_reason,
      reasons: score.reasons,
      baseline: score.baseline,
      bundle_id: bundle.id,
      bundle_name: bundle.name,
      feature_hash: program.hash,
      arm: 'champion',
      goal,
      goal_reached: isFinal ? reached !== undefined : null,
      goal_at: isFinal ? (reached?.at ?? null) : null,
      goal_event_id: isFinal ? (reached?.eventId ?? null) : null,
      closed_by: moment.closedBy ?? null,
      is_bot: moment.isBot,
      simulated: moment.simulated,
    }
    return { key: visitor, value: scoredCodec.encode(record) }
  }
}

function count(
  tally: Tally,
  { kind, closedBy, goal }: Moment,
  { probability, decision, no_score_reason }: ReturnType<ReturnType<typeof createScore>>,
): void {
  if (kind === 'update') tally.updates++
  else tally.finals++
  if (closedBy !== undefined) {
    countOne(tally.closedBy, closedBy)
    if (goal !== undefined) tally.goals++
  }
  if (no_score_reason !== null) countOne(tally.noScore, no_score_reason)
  if (probability === null) return
  if (decision === true) tally.decided++
  tally.probabilities[Math.min(PROBABILITY_STEPS - 1, Math.floor(probability * PROBABILITY_STEPS))]!++
}
