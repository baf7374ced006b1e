// From collected to scored in `sluicebox up`: all stages in one process, durable, real HTTP, open loop.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { isMissingSchema } from '@sluicebox/event/codec'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import { up } from '../e2e/sluicebox.ts'
import { startServer } from './collector.ts'
import { percentile } from './percentile.ts'
import type { Row } from './row.ts'

const EVENTS_PER_SECOND = 2000
const SECONDS = 12
const WARM_UP_SECONDS = 3
const EVENTS_PER_REQUEST = 5
const SESSIONS = 2000
/** Of the reference. */
const P50 = 10
const P99 = 10

export async function benchUp(): Promise<Row[]> {
  const data = mkdtempSync(join(tmpdir(), 'sluicebox-bench-'))
  try {
    const pipeline = await up(data)
    const answers = await load(pipeline.url, EVENTS_PER_SECOND, SECONDS)
    await pipeline.stop()
    const latencies = await scoredLatencies(data)
    const bare = await bareLoad(EVENTS_PER_SECOND, SECONDS)
    return [
      {
        name: `accepted at ${EVENTS_PER_SECOND} events/s`,
        value: answers.accepted / SECONDS,
        unit: 'events/s',
      },
      { name: 'HTTP answer, p50', value: percentile(answers.latencies, 0.5), unit: 'ms' },
      { name: 'HTTP answer, p99', value: percentile(answers.latencies, 0.99), unit: 'ms' },
      {
        name: 'collected to scored, p50',
        value: percentile(latencies, 0.5),
        unit: 'ms',
        reference: { name: BARE, value: percentile(bare, 0.5) },
        target: { max: P50 },
      },
      {
        name: 'collected to scored, p99',
        value: percentile(latencies, 0.99),
        unit: 'ms',
        reference: { name: BARE, value: percentile(bare, 0.99) },
        target: { max: P99 },
      },
    ]
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

/**
 * Sends at a fixed rate whatever the answers. Latency counts from the instant when a request was due, once the process is
 * warm.
 */
export async function load(
  url: string,
  eventsPerSecond: number,
  seconds: number,
): Promise<{ accepted: number; latencies: number[] }> {
  const requests = (eventsPerSecond / EVENTS_PER_REQUEST) * seconds
  const everyMs = (1000 * EVENTS_PER_REQUEST) / eventsPerSecond
  const latencies: number[] = []
  let accepted = 0
  const begun = performance.now()
  const inFlight: Promise<void>[] = []
  for (let request = 0; request < requests; request++) {
    const dueMs = begun + request * everyMs
    while (performance.now() < dueMs) await new Promise(resume => setTimeout(resume, 1))
    const visitor = request % SESSIONS
    const body = Array.from({ length: EVENTS_PER_REQUEST }, (_, index) =>
      JSON.stringify({
        event_id: `r${request}-${index}`,
        action: index % 3 === 0 ? 'list_view' : 'product_view',
        visitor_id: `visitor-${visitor}`,
        session_id: `session-${visitor}`,
        page: {
          url: `https://shop.example.com/product/p${index}`,
          title: 'A product with a name of usual length',
        },
        product: { id: `p${(request * 7 + index) % 500}`, category: 'lamps', price: 10 + index },
      }),
    ).join('\n')
    inFlight.push(
      fetch(`${url}/v1/events`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/x-ndjson' },
      }).then(async response => {
        await response.arrayBuffer()
        if (response.ok) accepted += EVENTS_PER_REQUEST
        if (dueMs >= begun + WARM_UP_SECONDS * 1000) latencies.push(performance.now() - dueMs)
      }),
    )
  }
  await Promise.all(inFlight)
  return { accepted, latencies }
}

export const BARE = 'answers of bare node:http'

/** Latencies in ms of the same load on a server that only parses: what the machine and the load generator take. */
export async function bareLoad(eventsPerSecond: number, seconds: number): Promise<number[]> {
  const bare = await startServer('bare', '')
  try {
    return (await load(`http://127.0.0.1:${bare.port}`, eventsPerSecond, seconds)).latencies
  } finally {
    bare.child.kill('SIGKILL')
    await once(bare.child, 'exit')
  }
}

/** When the log took each score, less when its event was collected: both by this machine's clock. */
async function scoredLatencies(data: string): Promise<number[]> {
  await using log = await openEmbeddedLog({ dir: join(data, 'log') })
  const codec = folderCodec('scored', { project: ['kind', 'collected_at'] })
  const updates: { collectedAt: number; latencyMs: number }[] = []
  for (const [partition, { start, end }] of (await log.bounds('scored')).entries()) {
    for (let position = start; position < end;) {
      const batch = await log.read('scored', partition, position, { recordsMax: 1000, bytesMax: 4 << 20 })
      position = batch.next
      for (const { value, appendedAt } of batch.records) {
        const record = codec.decode(value)
        if (isMissingSchema(record) || record.kind !== 'update') continue
        updates.push({ collectedAt: record.collected_at, latencyMs: appendedAt - record.collected_at })
      }
    }
  }
  const first = Math.min(...updates.slice(0, 1000).map(update => update.collectedAt))
  return updates
    .filter(update => update.collectedAt > first + WARM_UP_SECONDS * 1000)
    .map(update => update.latencyMs)
}
