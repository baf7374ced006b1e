// The stages as processes on a real broker, with transactions, beside what the client and the broker do without us.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMissingSchema } from '@sluicebox/event/codec'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { openKafkaLog } from '@sluicebox/stream/kafka/log'
import type { Log } from '@sluicebox/stream/log'
import { startKafka, type LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import { benchClients } from './kafka-clients.ts'
import { benchCollectorOnKafka } from './kafka-collector.ts'
import { end, fill, pause, standOf, startProcess, tell, topicsFor } from './kafka-setup.ts'
import { benchStages, benchWorkers } from './kafka-stages.ts'
import { percentile } from './percentile.ts'
import type { Row } from './row.ts'
import { BARE, bareLoad, load } from './up.ts'

const ROUNDS = 3
const EVENTS_PER_SECOND = 1000
const SECONDS = 15
const WARM_UP_MS = 4000
const TAKEOVER_SESSIONS = 100_000
/** Of the references. */
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
      ...(await benchStages(kafka, dir)),
      ...(await benchWarmEndToEnd(kafka)),
      ...(await benchWorkers(kafka, dir)),
      await benchTakeover(kafka),
    ]
  } finally {
    await kafka.stop()
    rmSync(dir, { recursive: true, force: true })
  }
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
    ['collector', 'enricher', 'scorer'].map(kind => startProcess('kafka-process.ts', kind, config, [dir])),
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

/** From `kill -9` of the worker of a partition with many live sessions to the first score by another. */
async function benchTakeover(kafka: LocalKafka): Promise<Row> {
  const config = await topicsFor(kafka, 'bench-takeover.', 1)
  const backlog = { stream: 'good', holds: 'good', sessions: TAKEOVER_SESSIONS } as const
  await using log = await openKafkaLog({ config: config.kafka })
  await fill(log, { ...backlog, count: TAKEOVER_SESSIONS })
  const children = [await startProcess('kafka-process.ts', 'scorer', config, [dir])]
  try {
    await tell(children[0]!, 'start')
    const isDone = async (): Promise<boolean> => {
      const { done, end } = await standOf(log, 'scorer', 'good')
      return done >= end
    }
    while (!(await isDone())) await pause(50)
    children.push(await startProcess('kafka-process.ts', 'scorer', config, [dir]))
    await tell(children[1]!, 'start')
    const killedAt = performance.now()
    await end(children[0]!)
    const [before] = await log.bounds('scored')
    // Sessions continue.
    await fill(log, { ...backlog, count: 1000 })
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
