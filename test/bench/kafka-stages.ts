// The enricher and the scorer on a real broker, from a backlog: beside what a team would write, and with a second worker.
import type { ChildProcess } from 'node:child_process'
import { openKafkaLog } from '@sluicebox/stream/kafka/log'
import type { Log } from '@sluicebox/stream/log'
import type { LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import { EVENTS_PER_RECORD } from './enricher.ts'
import {
  cpuSecondsOf,
  end,
  fill,
  pause,
  standOf,
  startProcess,
  tell,
  topicsFor,
  type Backlog,
} from './kafka-setup.ts'
import { parseReference, sessionsReference } from './reference.ts'
import type { Row } from './row.ts'

const RAW_RECORDS = 20_000
const EVENTS = 100_000
const WARM_UP_SHARE = 0.3
/** Of the references. */
const ENRICHER = 0.05
const SCORER = 0.2

/** A stage that works off a backlog. `events` are in one record. */
interface Subject {
  readonly kind: 'enricher' | 'scorer'
  readonly script: 'kafka-process.ts' | 'peers/process.ts'
  readonly input: string
  readonly holds: Backlog
  readonly records: number
  readonly events: number
  readonly arguments: (dir: string) => readonly string[]
}

const OURS = { script: 'kafka-process.ts', arguments: (dir: string) => [dir] } as const
const PEER = { script: 'peers/process.ts', arguments: () => ['transactions'] } as const
const STAGES = {
  enricher: {
    ...OURS,
    kind: 'enricher',
    input: 'raw',
    holds: 'raw',
    records: RAW_RECORDS,
    events: EVENTS_PER_RECORD,
  },
  scorer: { ...OURS, kind: 'scorer', input: 'good', holds: 'good', records: EVENTS, events: 1 },
} as const satisfies Record<string, Subject>
const PEERS = {
  enricher: { ...PEER, kind: 'enricher', input: 'collected', holds: 'collected', records: EVENTS, events: 1 },
  scorer: { ...PEER, kind: 'scorer', input: 'good', holds: 'peer good', records: EVENTS, events: 1 },
} as const satisfies Record<string, Subject>

/** Beside a team's own, and beside loops of plain code. */
export async function benchStages(kafka: LocalKafka, dir: string): Promise<Row[]> {
  const rows: Row[] = []
  for (const stage of ['enricher', 'scorer'] as const) {
    const peer = await benchStage(kafka, PEERS[stage], dir)
    const ours = await benchStage(kafka, STAGES[stage], dir)
    rows.push(
      {
        name: `${stage} of a team's own, with transactions`,
        value: peer,
        unit: 'events/CPU-s',
      },
      {
        name: `${stage}, with transactions`,
        value: ours,
        unit: 'events/CPU-s',
        reference: { name: "a team's own", value: peer },
      },
      {
        name: `${stage}, with transactions`,
        value: ours,
        unit: 'events/CPU-s',
        reference: stage === 'enricher' ? parseReference() : sessionsReference(),
        target: { min: stage === 'enricher' ? ENRICHER : SCORER },
      },
    )
  }
  return rows
}

/** Events per second of the process's CPU time, from a backlog. */
async function benchStage(kafka: LocalKafka, subject: Subject, dir: string): Promise<number> {
  const { kind, script, input, holds, records, events } = subject
  const config = await topicsFor(kafka, `bench-${kind}-${holds.replace(' ', '-')}.`)
  await using log = await openKafkaLog({ config: config.kafka })
  await fill(log, { stream: input, holds, count: records })
  const child = await startProcess(script, kind, config, subject.arguments(dir))
  try {
    await tell(child, 'start')
    const measured = await progress(log, child, kind, input, records)
    return (measured.records * events) / measured.cpuSeconds
  } finally {
    await end(child)
  }
}

/** What a second worker adds, by the clock: the broker and both workers share this machine. */
export async function benchWorkers(kafka: LocalKafka, dir: string): Promise<Row[]> {
  const rows: Row[] = []
  for (const stage of ['enricher', 'scorer'] as const) {
    const rates: number[] = []
    for (const workers of [1, 2]) rates.push(await workerRate(kafka, stage, workers, dir))
    const [one, two] = rates as [number, number]
    rows.push(
      { name: `${stage}, one worker`, value: one, unit: 'events/s' },
      {
        name: `${stage}, two workers`,
        value: two,
        unit: 'events/s',
        reference: { name: 'one', value: one },
        target: { min: 1 },
      },
    )
  }
  return rows
}

async function workerRate(
  kafka: LocalKafka,
  stage: keyof typeof STAGES,
  workers: number,
  dir: string,
): Promise<number> {
  const { script, input, holds, records, events } = STAGES[stage]
  const config = await topicsFor(kafka, `bench-${workers}-${stage}.`)
  await using log = await openKafkaLog({ config: config.kafka })
  await fill(log, { stream: input, holds, count: records })
  const children = await Promise.all(
    Array.from({ length: workers }, () => startProcess(script, stage, config, [dir])),
  )
  try {
    await Promise.all(children.map(child => tell(child, 'start')))
    let warm: { done: number; at: number } | undefined
    for (;;) {
      const { done, end } = await standOf(log, stage, input)
      if (done >= WARM_UP_SHARE * records) warm ??= { done, at: performance.now() }
      if (done >= end && warm !== undefined)
        return ((done - warm.done) * events * 1000) / (performance.now() - warm.at)
      await pause(20)
    }
  } finally {
    await Promise.all(children.map(end))
  }
}

/** What the process spent between the end of its warm-up and the end of the backlog. */
async function progress(log: Log, child: ChildProcess, group: string, input: string, count: number) {
  let warm: { done: number; cpuSeconds: number } | undefined
  for (;;) {
    const [{ done, end }, cpuSeconds] = await Promise.all([standOf(log, group, input), cpuSecondsOf(child)])
    if (done >= WARM_UP_SHARE * count) warm ??= { done, cpuSeconds }
    if (done >= end && warm !== undefined)
      return { records: done - warm.done, cpuSeconds: cpuSeconds - warm.cpuSeconds }
    await pause(20)
  }
}
