// The stages as processes on a real broker, with transactions, beside what the client and the broker do without us.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { folderCodec } from '@sluicebox/registry/folder'
import { logConfig, type LogConfig } from '@sluicebox/stream/config'
import { openKafkaLog } from '@sluicebox/stream/kafka/log'
import { createTopics } from '@sluicebox/stream/kafka/topics'
import type { Log, OutputRecord } from '@sluicebox/stream/log'
import { startKafka, type LocalKafka } from '../../infra/local/kafka.ts'
import { EVENTS_PER_RECORD, pageViewsRecord } from './enricher.ts'
import type { Row } from './row.ts'
import { goodRecord } from './scorer.ts'

const PARTITIONS = 4
const RAW_RECORDS = 20_000
const GOOD_RECORDS = 100_000
const SESSIONS = 10_000
const WARM_UP_SHARE = 0.3

export async function benchKafka(): Promise<Row[]> {
  const kafka = await startKafka({ compile: 'full' })
  try {
    return [
      {
        name: 'enricher',
        value: await benchStage(kafka, 'enricher'),
        unit: 'events/CPU-s',
        target: { min: 20_000 },
      },
      {
        name: 'scorer',
        value: await benchStage(kafka, 'scorer'),
        unit: 'events/CPU-s',
        target: { min: 20_000 },
      },
    ]
  } finally {
    await kafka.stop()
  }
}

const STAGES = {
  enricher: { input: 'raw', group: 'enricher', records: RAW_RECORDS, events: EVENTS_PER_RECORD },
  scorer: { input: 'good', group: 'scorer', records: GOOD_RECORDS, events: 1 },
} as const

/** Events per second of the process's CPU time, from a backlog. */
async function benchStage(kafka: LocalKafka, stage: keyof typeof STAGES): Promise<number> {
  const { input, group, records, events } = STAGES[stage]
  const config = configOf(kafka, `bench-${stage}.`)
  await createTopics(config, ['raw', 'good', 'bad', 'scored'])
  await using log = await openKafkaLog({ config: config.kafka })
  await fill(log, input, records)
  const child = await startProcess(stage, config)
  try {
    child.send('start')
    const measured = await progress(log, child, group, input, records)
    return (measured.records * events) / measured.cpuSeconds
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
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

function configOf(kafka: LocalKafka, prefix: string): LogConfig {
  return logConfig.parse({
    kind: 'kafka',
    partitions: PARTITIONS,
    kafka: { brokers: kafka.addresses, prefix, replicas: 1 },
  })
}

async function startProcess(kind: string, { kafka }: LogConfig): Promise<ChildProcess> {
  const args = [kind, kafka.brokers.join(), kafka.prefix]
  const child = fork(join(import.meta.dirname, 'kafka-process.ts'), args)
  await once(child, 'message')
  return child
}

async function cpuSecondsOf(child: ChildProcess): Promise<number> {
  child.send('usage')
  const [message] = (await once(child, 'message')) as [{ cpuSeconds: number }]
  return message.cpuSeconds
}
