// The long test of delivery: `npm run soak -- --kills 300`. It continues until so many workers were killed, the time is over,
// or Ctrl-C; then everything may come through, and what came of it is counted.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { KAFKA_VERSIONS } from '@sluicebox/infra/local/kafka/kafka'
import { startProxiedKafka } from '../world/kafka.ts'
import { openWorld } from '../world/world.ts'
import { createChaos } from './random-faults.ts'
import { tableOf } from './table.ts'
import { watchWorkers } from './watch.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '300' },
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    brokers: { type: 'string', default: '3' },
    rate: { type: 'string', default: '80' },
    kafka: { type: 'string', default: KAFKA_VERSIONS[0] },
  },
})
const [killsWanted, minutes, seed, rate] = [values.kills, values.minutes, values.seed, values.rate].map(
  Number,
) as [number, number, number, number]
const GAP_MS_MAX = 3_000
const TELL_EVERY_MS = 10_000
const DRAIN_WITHIN_MS = 180_000

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    tell('stopping: counting what there is; once more ends at once')
    stopping.abort()
    process.once(signal, () => process.exit(1))
  })

function tell(text: string): void {
  process.stderr.write(`${text}\n`)
}

tell(`seed ${seed}: starting ${values.brokers} brokers of Kafka ${values.kafka}, and the workers`)
const version = KAFKA_VERSIONS.find(each => each === values.kafka)
if (version === undefined) throw new Error(`--kafka must be one of ${KAFKA_VERSIONS.join(', ')}`)
await using kafka = await startProxiedKafka(values.brokers === '1' ? 1 : 3, version)
await using world = await openWorld({
  ...{ kafka: kafka.place, seed, workers: { collector: 2, enricher: 2, scorer: 2, archiver: 2 } },
  config: { archiver: { windowMs: 5_000, recordsMax: 500 } },
})
const chaos = createChaos(world, kafka.server)
const peaks = watchWorkers(world.workers, stopping.signal)
const load = world.load({ eventsPerSecond: rate, eventsMax: Infinity })

const begunAt = performance.now()
const endAt = begunAt + minutes * 60_000
let kills = 0
let toldAt = begunAt
while (kills < killsWanted && performance.now() < endAt && !stopping.signal.aborted) {
  await sleep(world.random.next() * GAP_MS_MAX, undefined, { signal: stopping.signal }).catch(() => {})
  kills += await chaos.next()
  if (performance.now() - toldAt < TELL_EVERY_MS) continue
  toldAt = performance.now()
  tell(`${Math.round((toldAt - begunAt) / 1000)} s: ${kills} kills, ${load.accepted} events accepted`)
}
const seconds = (performance.now() - begunAt) / 1000
tell('letting everything come through')
const struck = world.proxy.counts()
await chaos.mend()
const finished = await world.finish({ archiveComplete: true, mayStayBehind: true, withinMs: DRAIN_WITHIN_MS })
stopping.abort()
process.stdout.write(`${tableOf({ finished, seed, kills, struck, seconds, peaks })}\n`)
const { report, replayed, late } = finished
if (report.findings.length + replayed.findings.length + late.length > 0) process.exitCode = 1
