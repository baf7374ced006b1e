// The stages as processes on a real broker, with transactions, beside what the client and the broker do without us.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMissingSchema } from '@sluicebox/event/codec'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { logConfig, type LogConfig } from '@sluicebox/stream/config'
import { openKafkaLog } from '@sluicebox/stream/kafka/log'
import { createTopics } from '@sluicebox/stream/kafka/topics'
import type { Log, OutputRecord } from '@sluicebox/stream/log'
import { startKafka, type LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import { createRequests, saturate, startServer } from './collector.ts'
import { EVENTS_PER_RECORD, pageViewsRecord } from './enricher.ts'
import { benchClients } from './kafka-clients.ts'
import { median, percentile } from './percentile.ts'
import { parseReference, sessionsReference } from './reference.ts'
import type { Row } from './row.ts'
import { goodRecord } from './scorer.ts'
import { BARE, bareLoad, load } from './up.ts'

const PARTITIONS = 4
const RAW_RECORDS = 20_000
const GOOD_RECORDS = 100_000
const SESSIONS = 10_000
const WARM_UP_SHARE = 0.3
const ROUNDS = 3
const EVENTS_PER_SECOND = 1000
const SECONDS = 15
const WARM_UP_MS = 4000
const TAKEOVER_SESSIONS = 100_000
/** Of the references. */
const ENRICHER = 0.05
const SCORER = 0.2
const P50 = 50
const P99 = 50

/** Where the processes keep their snapshots. */
let dir = ''

export async function benchKafka(): Promise<Row[]> {
  dir = mkdtempSync(join(tmpdir(), 'sluicebox-bench-'))
  const kafka = await startKafka({ compile: 'full' })
  try {
    return [
      ...(await benchClients(kafka)),
      ...(await benchCollectorOnKafka(kafka)),
      ...(await benchStages(kafka)),
      ...(await benchWarmEndToEnd(kafka)),
      ...(await benchWorkers(kafka)),
      await benchTakeover(kafka),
    ]
  } finally {
    await kafka.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

async function benchCollectorOnKafka(kafka: LocalKafka): Promise<Row[]> {
  const config = await topicsFor(kafka, 'bench-collector.')
  const requests = createRequests()
  const bare = await startServer('bare', '')
  const child = await startProcess('collector', config)
  const collector = { child, port: (await tell(child, 'start')) as number }
  try {
    const runs: number[][] = [[], []]
    for (let round = 0; round < ROUNDS; round++)
      for (const [index, server] of [bare, collector].entries())
        runs[index]!.push((await saturate(server, requests)).perCpuSecond)
    const [bareEfficiency, efficiency] = runs.map(median) as [number, number]
    return [
      { name: 'bare node:http and JSON.parse', value: bareEfficiency, unit: 'requests/CPU-s' },
      {
        name: 'collector, acknowledged by all in-sync replicas',
        value: efficiency,
        unit: 'requests/CPU-s',
        reference: { name: 'bare', value: bareEfficiency },
        target: { min: 1 / 3 },
      },
    ]
  } finally {
    await Promise.all([end(bare.child), end(child)])
  }
}

async function benchStages(kafka: LocalKafka): Promise<Row[]> {
  const rows: Row[] = []
  for (const stage of ['enricher', 'scorer'] as const)
    rows.push({
      name: `${stage}, with transactions`,
      value: await benchStage(kafka, stage),
      unit: 'events/CPU-s',
      reference: stage === 'enricher' ? parseReference() : sessionsReference(),
      target: { min: stage === 'enricher' ? ENRICHER : SCORER },
    })
  return rows
}

/**
 * The same load several times; the last counts. A broker that has just started compiles its code while it answers, and
 * that, not the stages, decides the latencies of the first half minute.
 */
async function benchWarmEndToEnd(kafka: LocalKafka): Promise<Row[]> {
  let rows: Row[] = []
  for (let round = 0; round < ROUNDS; round++) rows = await benchEndToEnd(kafka, `bench-way-${round}.`)
  return rows
}

/** From a collector's clock to a reader of committed scores, through three processes. */
async function benchEndToEnd(kafka: LocalKafka, topicPrefix: string): Promise<Row[]> {
  const config = await topicsFor(kafka, topicPrefix)
  await using log = await openKafkaLog({ config: config.kafka })
  const children = await Promise.all(
    ['collector', 'enricher', 'scorer'].map(kind => startProcess(kind, config)),
  )
  const stop = new AbortController()
  try {
    const [port] = (await Promise.all(children.map(child => tell(child, 'start')))) as [number]
    const latencies: number[] = []
    const reading = readScores(log, stop.signal, Date.now() + WARM_UP_MS, ms => latencies.push(ms))
    const { accepted } = await load(`http://127.0.0.1:${port}`, EVENTS_PER_SECOND, SECONDS)
    await pause(1000)
    stop.abort()
    await reading
    const bare = await bareLoad(EVENTS_PER_SECOND, SECONDS)
    return [
      { name: `accepted at ${EVENTS_PER_SECOND} events/s`, value: accepted / SECONDS, unit: 'events/s' },
      {
        name: 'collected to committed in scored, p50',
        value: percentile(latencies, 0.5),
        unit: 'ms',
        reference: { name: BARE, value: percentile(bare, 0.5) },
        target: { max: P50 },
      },
      {
        name: 'collected to committed in scored, p99',
        value: percentile(latencies, 0.99),
        unit: 'ms',
        reference: { name: BARE, value: percentile(bare, 0.99) },
        target: { max: P99 },
      },
    ]
  } finally {
    await Promise.all(children.map(end))
  }
}

/** Reads committed scores only. */
async function readScores(
  log: Log,
  signal: AbortSignal,
  fromMs: number,
  onScore: (latencyMs: number) => void,
): Promise<void> {
  const codec = folderCodec('scored', { project: ['kind', 'collected_at'] })
  await log.consume(
    { stream: 'scored', group: 'bench', recordsMax: 1000, bytesMax: 1 << 20, signal },
    async owned => {
      for (let batch = await owned.next(); batch !== undefined; batch = await owned.next()) {
        const now = Date.now()
        for (const { value } of batch.records) {
          const record = codec.decode(value)
          if (isMissingSchema(record) || record.kind !== 'update' || record.collected_at < fromMs) continue
          onScore(now - record.collected_at)
        }
      }
    },
  )
}

const STAGES = {
  enricher: { input: 'raw', group: 'enricher', records: RAW_RECORDS, events: EVENTS_PER_RECORD },
  scorer: { input: 'good', group: 'scorer', records: GOOD_RECORDS, events: 1 },
} as const

/** Events per second of the process's CPU time, from a backlog. */
async function benchStage(kafka: LocalKafka, stage: keyof typeof STAGES): Promise<number> {
  const { input, group, records, events } = STAGES[stage]
  const config = await topicsFor(kafka, `bench-${stage}.`)
  await using log = await openKafkaLog({ config: config.kafka })
  await fill(log, input, records)
  const child = await startProcess(stage, config)
  try {
    await tell(child, 'start')
    const measured = await progress(log, child, group, input, records)
    return (measured.records * events) / measured.cpuSeconds
  } finally {
    await end(child)
  }
}

/** What a second worker adds, by the clock: the broker and both workers share this machine. */
async function benchWorkers(kafka: LocalKafka): Promise<Row[]> {
  const rows: Row[] = []
  for (const stage of ['enricher', 'scorer'] as const) {
    const rates: number[] = []
    for (const workers of [1, 2]) rates.push(await workerRate(kafka, stage, workers))
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

async function workerRate(kafka: LocalKafka, stage: keyof typeof STAGES, workers: number): Promise<number> {
  const { input, group, records, events } = STAGES[stage]
  const config = await topicsFor(kafka, `bench-${workers}-${stage}.`)
  await using log = await openKafkaLog({ config: config.kafka })
  await fill(log, input, records)
  const children = await Promise.all(Array.from({ length: workers }, () => startProcess(stage, config)))
  try {
    await Promise.all(children.map(child => tell(child, 'start')))
    let warm: { done: number; at: number } | undefined
    for (;;) {
      const { done, end } = await standOf(log, group, input)
      if (done >= WARM_UP_SHARE * records) warm ??= { done, at: performance.now() }
      if (done >= end && warm !== undefined)
        return ((done - warm.done) * events * 1000) / (performance.now() - warm.at)
      await pause(20)
    }
  } finally {
    await Promise.all(children.map(end))
  }
}

/** From `kill -9` of the worker of a partition with many live sessions to the first score by another. */
async function benchTakeover(kafka: LocalKafka): Promise<Row> {
  const config = await topicsFor(kafka, 'bench-takeover.', 1)
  await using log = await openKafkaLog({ config: config.kafka })
  await fill(log, 'good', TAKEOVER_SESSIONS, TAKEOVER_SESSIONS)
  const children = [await startProcess('scorer', config)]
  try {
    await tell(children[0]!, 'start')
    const isDone = async (): Promise<boolean> => {
      const { done, end } = await standOf(log, 'scorer', 'good')
      return done >= end
    }
    while (!(await isDone())) await pause(50)
    children.push(await startProcess('scorer', config))
    await tell(children[1]!, 'start')
    const killedAt = performance.now()
    await end(children[0]!)
    const [before] = await log.bounds('scored')
    // Sessions continue.
    await fill(log, 'good', 1000, TAKEOVER_SESSIONS)
    while ((await log.bounds('scored'))[0]!.end === before!.end) await pause(10)
    return {
      name: `a partition of ${TAKEOVER_SESSIONS.toLocaleString('en')} live sessions scores again after kill -9`,
      value: (performance.now() - killedAt) / 1000,
      unit: 's',
      target: { max: 10 },
    }
  } finally {
    await Promise.all(children.map(end))
  }
}

async function standOf(log: Log, group: string, input: string): Promise<{ done: number; end: number }> {
  const [committed, bounds] = await Promise.all([log.committed(group, input), log.bounds(input)])
  return {
    done: committed.reduce((sum, position) => sum + Number(position), 0),
    end: bounds.reduce((sum, each) => sum + Number(each.end), 0),
  }
}

async function fill(log: Log, stream: 'raw' | 'good', count: number, sessions = SESSIONS): Promise<void> {
  const raw = folderCodec('raw')
  const good = folderCodec('good')
  const ids = Array.from(
    { length: sessions },
    (_, i) => `f81d4fae-7dec-41d0-a765-${String(i).padStart(12, '0')}`,
  )
  for (let start = 0; start < count; start += 1000) {
    const records: OutputRecord[] = Array.from({ length: 1000 }, (_, i) => {
      const n = start + i
      if (stream === 'raw') {
        const record = pageViewsRecord(n)
        return { key: record.visitor, value: raw.encode(record) }
      }
      const id = ids[n % sessions]!
      return { key: id, value: good.encode(goodRecord(n, id, id)) }
    })
    await log.append(stream, records)
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

async function topicsFor(kafka: LocalKafka, prefix: string, partitions = PARTITIONS): Promise<LogConfig> {
  const config = logConfig.parse({
    kind: 'kafka',
    partitions,
    kafka: { brokers: kafka.addresses, prefix, replicas: 1 },
  })
  await createTopics(config, ['raw', 'good', 'bad', 'scored'])
  return config
}

async function startProcess(kind: string, { kafka }: LogConfig): Promise<ChildProcess> {
  const args = [kind, kafka.brokers.join(), kafka.prefix, join(dir, kafka.prefix)]
  const child = fork(join(import.meta.dirname, 'kafka-process.ts'), args)
  await once(child, 'message')
  return child
}

/** Returns the port of what was started, where there is one. */
async function tell(child: ChildProcess, what: 'start'): Promise<number | undefined> {
  child.send(what)
  const [message] = (await once(child, 'message')) as [{ port?: number }]
  return message.port
}

async function cpuSecondsOf(child: ChildProcess): Promise<number> {
  child.send('usage')
  const [message] = (await once(child, 'message')) as [{ cpuSeconds: number }]
  return message.cpuSeconds
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
