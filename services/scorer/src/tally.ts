import type { NoScoreReason } from './score.ts'
import type { Moment } from '@sluicebox/session/sessions/moment'

/** Steps of probability that scores are counted by. */
export const PROBABILITY_STEPS = 20

/** Counts of what happened to some records, for metrics. A stage does not know the metrics. */
export interface Tally {
  events: number
  heartbeats: number
  bad: number
  updates: number
  finals: number
  /** Finals of sessions that reached the goal. */
  goals: number
  decided: number
  readonly closedBy: Map<NonNullable<Moment['closedBy']>, number>
  readonly noScore: Map<NoScoreReason, number>
  /** Scores by the step that their probability is in. */
  readonly probabilities: Uint32Array
  /** Collected instant of the last record; 0 when there was none. */
  lastCollectedAt: number
}

export function blankTally(): Tally {
  return {
    events: 0,
    heartbeats: 0,
    bad: 0,
    updates: 0,
    finals: 0,
    goals: 0,
    decided: 0,
    closedBy: new Map(),
    noScore: new Map(),
    probabilities: new Uint32Array(PROBABILITY_STEPS),
    lastCollectedAt: 0,
  }
}

export function countOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
