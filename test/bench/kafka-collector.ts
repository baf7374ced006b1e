// The collector on a real broker beside a bare server, and beside a team's own collector.
import { median, percentile } from './percentile.ts'
import type { Row } from './row.ts'
import type { LogConfig } from '@sluicebox/stream/config'
import type { LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import {
  cpuSeconds,
  createRequests,
  EVENTS_PER_REQUEST,
  openLoop,
  saturate,
  startServer,
  type Saturation,
  type Server,
} from './collector.ts'
import { end, startProcess, tell, topicsFor } from './kafka-setup.ts'

const ROUNDS = 3
const HALF = 0.5
/** Of the peer's. */
const HALF_LOAD_P99 = 0.5
const PEER = "a team's own collector, sends gathered for 5 ms"

export async function benchCollectorOnKafka(kafka: LocalKafka): Promise<Row[]> {
  const config = await topicsFor(kafka, 'bench-collector.')
  const requests = createRequests()
  const bare = await startServer('bare', '')
  const collector = await startServing('kafka-process.ts', config)
  const peer = await startServing('peers/process.ts', config)
  const servers = [bare, collector, peer]
  try {
    const runs: Saturation[][] = [[], [], []]
    for (let round = 0; round < ROUNDS; round++)
      for (const [index, server] of servers.entries()) runs[index]!.push(await saturate(server, requests))
    const [bareEfficiency, efficiency, peerEfficiency] = runs.map(each =>
      median(each.map(({ perCpuSecond }) => perCpuSecond)),
    ) as [number, number, number]
    const rate = HALF * median(runs[2]!.map(run => run.perSecond))
    const half = await atHalfLoad(collector, requests, rate)
    const peerHalf = await atHalfLoad(peer, requests, rate)
    return [
      { name: 'bare node:http and JSON.parse', value: bareEfficiency, unit: 'requests/CPU-s' },
      { name: PEER, value: peerEfficiency, unit: 'requests/CPU-s' },
      {
        name: 'collector, acknowledged by all in-sync replicas',
        value: efficiency,
        unit: 'requests/CPU-s',
        reference: { name: 'bare', value: bareEfficiency },
        target: { min: 1 / 3 },
      },
      {
        name: `collector at ${Math.round(rate)} requests/s, half of what the team's own takes, p99`,
        value: half.p99,
        unit: 'ms',
        reference: {
          name: "a team's own",
          value: peerHalf.p99,
        },
        target: { max: HALF_LOAD_P99 },
      },
      {
        name: 'the same, processor time of an event',
        value: half.eventMicroseconds,
        unit: 'µs',
        reference: { name: "a team's own", value: peerHalf.eventMicroseconds },
        target: { max: 1 },
      },
    ]
  } finally {
    await Promise.all(servers.map(({ child }) => end(child)))
  }
}

async function startServing(
  script: 'kafka-process.ts' | 'peers/process.ts',
  config: LogConfig,
): Promise<Server> {
  const child = await startProcess(script, 'collector', config)
  return { child, port: (await tell(child, 'start')) as number }
}

/** Answers at a fixed rate: the 99th percentile in ms, the median of some windows, and processor time for each event. */
async function atHalfLoad(
  server: Server,
  requests: readonly Buffer[],
  perSecond: number,
): Promise<{ p99: number; eventMicroseconds: number }> {
  const [before, at] = [await cpuSeconds(server), performance.now()]
  const windows = await openLoop(server, requests, perSecond)
  const events = ((performance.now() - at) / 1_000) * perSecond * EVENTS_PER_REQUEST
  return {
    p99: median(windows.map(latencies => percentile(latencies, 0.99))),
    eventMicroseconds: (1e6 * ((await cpuSeconds(server)) - before)) / events,
  }
}
