// The stages as processes on a real broker, with transactions, beside what the client and the broker do without us.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { isMissingSchema } from '@sluicebox/event/codec'
import { folderCodec } from '@sluicebox/registry/folder'
import { logConfig, type LogConfig } from '@sluicebox/stream/config'
import { openKafkaLog } from '@sluicebox/stream/kafka/log'
import { createTopics } from '@sluicebox/stream/kafka/topics'
import type { Log, OutputRecord } from '@sluicebox/stream/log'
import { startKafka, type LocalKafka } from '../../infra/local/kafka.ts'
import { createRequests, saturate, startServer } from './collector.ts'
import { EVENTS_PER_RECORD, pageViewsRecord } from './enricher.ts'
import { benchClients } from './kafka-clients.ts'
import { median, percentile } from './percentile.ts'
import type { Row } from './row.ts'
import { goodRecord } from './scorer.ts'
import { load } from './up.ts'

const PARTITIONS = 4
const RAW_RECORDS = 20_000
const GOOD_RECORDS = 100_000
const SESSIONS = 10_000
const WARM_UP_SHARE = 0.3
const ROUNDS = 3
const EVENTS_PER_SECOND = 1000
const SECONDS = 15
const WARM_UP_MS = 4000

export async function benchKafka(): Promise<Row[]> {
  const kafka = await startKafka({ compile: 'full' })
  try {
    return [
      ...(await benchClients(kafka)),
      ...(await benchCollectorOnKafka(kafka)),
      ...(await benchStages(kafka)),
      ...(await benchEndToEnd(kafka)),
    ]
  } finally {
    await kafka.stop()
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
        target: { min: bareEfficiency / 3 },
        ratio: { to: 'bare', value: efficiency / bareEfficiency },
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
      target: { min: 20_000 },
    })
  return rows
}

/** From a collector's clock to a reader of committed scores, through three processes. */
async function benchEndToEnd(kafka: LocalKafka): Promise<Row[]> {
  const config = await topicsFor(kafka, 'bench-way.')
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
    await new Promise(resolve => setTimeout(resolve, 1000))
    stop.abort()
    await reading
    return [
      { name: `accepted at ${EVENTS_PER_SECOND} events/s`, value: accepted / SECONDS, unit: 'events/s' },
      {
        name: 'collected to committed in scored, p50',
        value: percentile(latencies, 0.5),
        unit: 'ms',
        target: { max: 60 },
      },
      {
        name: 'collected to committed in scored, p99',
        value: percentile(latencies, 0.99),
        unit: 'ms',
        target: { max: 300 },
      },
    ]
  } finally {
    await Promise.all(children.map(end))
  }
}

/** What a reader sees who sees nothing before it is committed. */
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

async function fill(log: Log, stream: 'raw' | 'good', count: number): Promise<void> {
  const raw = folderCodec('raw')
  const good = folderCodec('good')
  const ids = Array.from(
    { length: SESSIONS },
    (_, i) => `f81d4fae-7dec-41d0-a765-${String(i).padStart(12, '0')}`,
  )
  for (let start = 0; start < count; start += 1000) {
    const records: OutputRecord[] = Array.from({ length: 1000 }, (_, i) => {
      const n = start + i
      if (stream === 'raw') {
        const record = pageViewsRecord(n)
        return { key: record.visitor, value: raw.encode(record) }
      }
      const id = ids[n % SESSIONS]!
      return { key: id, value: good.encode(goodRecord(n, id, id)) }
    })
    await log.append(stream, records)
  }
}

/** What the process spent between the end of its warm-up and the end of the backlog. */
async function progress(log: Log, child: ChildProcess, group: string, input: string, count: number) {
  let warm: { done: number; cpuSeconds: number } | undefined
  for (;;) {
    const [committed, bounds, cpuSeconds] = await Promise.all([
      log.committed(group, input),
      log.bounds(input),
      cpuSecondsOf(child),
    ])
    const done = committed.reduce((sum, position) => sum + Number(position), 0)
    const end = bounds.reduce((sum, each) => sum + Number(each.end), 0)
    if (done >= WARM_UP_SHARE * count) warm ??= { done, cpuSeconds }
    if (done >= end && warm !== undefined)
      return { records: done - warm.done, cpuSeconds: cpuSeconds - warm.cpuSeconds }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

async function topicsFor(kafka: LocalKafka, prefix: string): Promise<LogConfig> {
  const config = logConfig.parse({
    kind: 'kafka',
    partitions: PARTITIONS,
    kafka: { brokers: kafka.addresses, prefix, replicas: 1 },
  })
  await createTopics(config, ['raw', 'good', 'bad', 'scored'])
  return config
}

async function startProcess(kind: string, { kafka }: LogConfig): Promise<ChildProcess> {
  const args = [kind, kafka.brokers.join(), kafka.prefix]
  const child = fork(join(import.meta.dirname, 'kafka-process.ts'), args)
  await once(child, 'message')
  return child
}

/** Answers the port of what it has started, where there is one. */
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
