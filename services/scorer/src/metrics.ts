import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { SessionStats } from '@sluicebox/session/sessions/sessions'
import type { Restoring } from './restoring.ts'
import type { ScorerState } from './scorer.ts'
import { blankTally, PROBABILITY_STEPS } from './tally.ts'

export interface ScorerMetrics {
  /** A partition's state is at its committed position: events counted on the way there are not counted again. */
  restored(state: ScorerState): void
  /** Takes over the counts of a partition, once the outputs of its records are written. */
  committed(state: ScorerState, processMs: number): void
  saved(partition: number, bytes: number): void
  ended(partition: number): void
}

/** The counts of sessions since the start of the process. */
const HAPPENINGS = ['opened', 'reopened', 'duplicates', 'late', 'forgottenEarly'] as const

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800]

export interface ScorerMetricsParts {
  readonly registry: Registry
  /** The partitions that this scorer owns. */
  readonly states: () => Iterable<ScorerState>
  readonly restoring: () => Iterable<Restoring>
  /** The clock that latency is measured by. */
  readonly now?: () => number
}

/** Registers the scorer's metrics. */
export function createScorerMetrics({
  registry,
  states,
  restoring,
  now = Date.now,
}: ScorerMetricsParts): ScorerMetrics {
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ registers, name: `sluicebox_scorer_${name}_total`, help, labelNames })
  const records = counter('records', 'Records of good that were processed.', 'kind')
  const scores = counter('scores', 'Scored records written, by kind.', 'kind')
  const noScores = counter('null_scores', 'Scored records without a score, by reason.', 'reason')
  const decisions = counter('decisions', 'Scores at or above the threshold of the bundle.')
  const probabilities = counter(
    'probabilities',
    `Scores by calibrated probability: \`from\` is the lower end of a step of ${1 / PROBABILITY_STEPS}.`,
    'from',
  )
  const closed = counter('sessions_closed', 'Sessions closed, by what closed them.', 'by')
  const goals = counter('goals', 'Sessions that had reached the goal when they closed.')
  const happenings = {
    opened: counter('sessions_opened', 'Sessions begun.'),
    reopened: counter('sessions_reopened', 'Sessions that continued after they had closed.'),
    duplicates: counter('duplicates', 'Events that their session had seen already: not counted again.'),
    late: counter('late_events', 'Events older than the latest of their session.'),
    forgottenEarly: counter(
      'numbers_forgotten',
      'Closed sessions whose numbering or event ids were forgotten early, because there was no room.',
    ),
  }
  const latency = new Histogram({
    registers,
    name: 'sluicebox_scorer_latency_seconds',
    help: 'Time from the collection of the last record of a batch until its scores are written.',
    buckets: SECONDS,
  })
  const processing = new Histogram({
    registers,
    name: 'sluicebox_scorer_process_seconds',
    help: 'Time to score a batch, during which the process does nothing else.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  })
  const lastCollected = new Gauge({
    registers,
    name: 'sluicebox_scorer_last_collected_timestamp_seconds',
    help: 'When the last processed record was collected.',
    labelNames: ['partition'] as const,
  })
  const snapshotBytes = new Gauge({
    registers,
    name: 'sluicebox_scorer_snapshot_bytes',
    help: 'Size of the latest snapshot of a partition.',
    labelNames: ['partition'] as const,
  })
  new Gauge({
    registers,
    name: 'sluicebox_scorer_sessions',
    help: 'Sessions kept: open, closed but able to continue, and those of which only the numbering and the event ids are known.',
    labelNames: ['state'] as const,
    collect() {
      for (const state of ['open', 'reopenable', 'remembered'] as const)
        this.set(
          { state },
          sum(states(), stats => stats[state]),
        )
    },
  })
  new Gauge({
    registers,
    name: 'sluicebox_scorer_session_memory_bytes',
    help: 'Memory that sessions are kept in.',
    collect() {
      this.set(sum(states(), stats => stats.bytes))
    },
  })

  new Gauge({
    registers,
    name: 'sluicebox_scorer_restoring_partitions',
    help: 'Partitions whose sessions are being restored: they are not scored meanwhile.',
    collect() {
      this.set([...restoring()].length)
    },
  })
  new Gauge({
    registers,
    name: 'sluicebox_scorer_restoring_positions',
    help: 'Positions that are still to be replayed until all partitions are restored.',
    collect() {
      this.set(
        [...restoring()].reduce((left, { position, committed }) => left + Number(committed - position), 0),
      )
    },
  })

  /** The counts of a state's sessions when they were last taken over. */
  const counted = new WeakMap<ScorerState, SessionStats>()

  return {
    restored(state) {
      state.tally = blankTally()
      counted.set(state, state.sessions.stats)
    },
    committed(state, processMs) {
      const { tally } = state
      state.tally = blankTally()
      records.inc({ kind: 'event' }, tally.events)
      records.inc({ kind: 'heartbeat' }, tally.heartbeats)
      records.inc({ kind: 'bad' }, tally.bad)
      scores.inc({ kind: 'update' }, tally.updates)
      scores.inc({ kind: 'final' }, tally.finals)
      for (const [reason, count] of tally.noScore) noScores.inc({ reason }, count)
      for (const [by, count] of tally.closedBy) closed.inc({ by }, count)
      goals.inc(tally.goals)
      decisions.inc(tally.decided)
      tally.probabilities.forEach((count, step) => {
        if (count > 0) probabilities.inc({ from: (step / PROBABILITY_STEPS).toFixed(2) }, count)
      })
      const stats = state.sessions.stats
      const before = counted.get(state)
      for (const name of HAPPENINGS) happenings[name].inc(stats[name] - (before?.[name] ?? 0))
      counted.set(state, stats)
      processing.observe(processMs / 1_000)
      if (tally.lastCollectedAt === 0) return
      latency.observe(Math.max(0, now() - tally.lastCollectedAt) / 1_000)
      lastCollected.set({ partition: state.partition }, tally.lastCollectedAt / 1_000)
    },
    saved(partition, bytes) {
      snapshotBytes.set({ partition }, bytes)
    },
    ended(partition) {
      lastCollected.remove({ partition })
      snapshotBytes.remove({ partition })
    },
  }
}

function sum(states: Iterable<ScorerState>, figure: (stats: SessionStats) => number): number {
  let total = 0
  for (const { sessions } of states) total += figure(sessions.stats)
  return total
}
