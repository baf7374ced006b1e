// Every stage as a process of its own, two of each but the collector, on each log: what came in over HTTP is scored once
// and in unbroken numbers while all of them are restarted one after another under load.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { describe, expect, onTestFinished, test } from 'vitest'
import { serversAvailable } from '@sluicebox/infra/local/available'
import { startKafka } from '@sluicebox/infra/local/kafka/kafka'
import { startRegistry } from '@sluicebox/infra/local/registry'
import { eventually, json, post, sluicebox, succeed, temporaryDir } from './sluicebox.ts'
import { startWorker, type StageName } from './workers.ts'

const SESSIONS = 30
const EVENTS_PER_SESSION = 12
const PARTITIONS = 4

interface Good {
  readonly kind: string
  readonly event_id: string
  readonly source_partition: number
  readonly source_position: string
  readonly source_index: number
}

interface Scored {
  readonly kind: 'update' | 'final'
  readonly session_id: string
  readonly n: number
  readonly event_id: string | null
  readonly session_event_count: number
}

interface Status {
  readonly stages: readonly {
    readonly stage: string
    readonly workers: number | null
    readonly lag: number
    readonly partitions: readonly { readonly owner: string | null }[]
  }[]
}

/** Posts each session's events one after another, each again until it is accepted, as trackers do. */
async function sendSessions(urlOf: () => string, accepted: () => void): Promise<void> {
  const clients = Array.from({ length: SESSIONS }, async (_, session) => {
    for (let index = 0; index < EVENTS_PER_SESSION; index++) {
      const event = {
        event_id: `s${session}-e${index}`,
        session_id: `s${session}`,
        visitor_id: `v${session}`,
        action: 'product_view',
        product: { id: `p${index % 5}`, price: 10 + index },
      }
      await eventually(async () => {
        const response = await post(`${urlOf()}/v1/events`, event).catch(() => undefined)
        await response?.text().catch(() => '')
        return response?.ok === true || undefined
      }, 20)
      accepted()
    }
  })
  await Promise.all(clients)
}

async function exercise(settings: object, knowsOwners: boolean): Promise<void> {
  const data = temporaryDir(onTestFinished)
  const config = join(data, 'sluicebox.yaml')
  // A worker of another machine has no snapshots of the others: it restores sessions from the log.
  const elsewhere = ['--data', join(data, 'elsewhere')]
  const plan: readonly (readonly [StageName, ...string[]])[] = [
    ['collector'],
    ['enricher'],
    ['enricher'],
    ['scorer'],
    ['scorer', ...elsewhere],
    ['archiver'],
    ['archiver'],
  ]
  writeFileSync(config, stringify({ dataDir: data, archiver: { windowMs: 1000 }, ...settings }))
  if (knowsOwners) {
    await succeed('topics', 'create', '--config', config)
    await succeed('schemas', 'push', '--config', config)
  }

  const workers = await Promise.all(plan.map(([stage, ...args]) => startWorker(stage, config, ...args)))
  onTestFinished(async () => void (await Promise.all(workers.map(worker => worker.kill()))))
  await eventually(async () => ((await fetch(`${workers[0]!.adminUrl}/health/ready`)).ok ? true : undefined))

  let accepted = 0
  let toAccept = Promise.withResolvers<void>()
  const sending = sendSessions(
    () => workers[0]!.url,
    () => {
      accepted++
      toAccept.resolve()
    },
  )
  for (const [i, [stage, ...args]] of plan.entries()) {
    // Something is under way at each restart.
    toAccept = Promise.withResolvers()
    if (accepted < SESSIONS * EVENTS_PER_SESSION) await Promise.race([toAccept.promise, sending])
    expect(await workers[i]!.stop(), workers[i]!.stderr()).toBe(0)
    workers[i] = await startWorker(stage, config, ...args)
  }
  await sending

  const status = await eventually(async () => {
    const [found] = await json<Status>('status', '--config', config)
    const working = found!.stages.filter(({ stage }) => stage !== 'archiver')
    return working.every(({ lag }) => lag === 0) ? found! : undefined
  })
  const owners = status.stages.flatMap(({ partitions }) => partitions.map(({ owner }) => owner))
  if (knowsOwners) {
    expect(owners.every(owner => owner !== null)).toBe(true)
    expect(status.stages.slice(0, 2).map(({ workers: count }) => count)).toEqual([2, 2])
  } else expect(owners.every(owner => owner === null)).toBe(true)

  // The collector first: what it has accepted still goes through.
  for (const worker of workers) expect(await worker.stop(), worker.stderr()).toBe(0)
  await succeed('drain', '--close', '--config', config)
  await expectExactlyOnce(config)
}

async function expectExactlyOnce(config: string): Promise<void> {
  const good = (await json<Good>('tail', 'good', '--config', config)).filter(({ kind }) => kind === 'event')
  expect(new Set(good.map(event => event.event_id)).size).toBe(SESSIONS * EVENTS_PER_SESSION)
  const coordinates = good.map(event =>
    [event.source_partition, event.source_position, event.source_index].join('/'),
  )
  expect(new Set(coordinates).size, 'an event came out twice').toBe(coordinates.length)
  expect(await json('bad', 'ls', '--config', config)).toEqual([])

  const scored = await json<Scored>('tail', 'scored', '--config', config)
  for (let session = 0; session < SESSIONS; session++) {
    const own = scored.filter(({ session_id }) => session_id === `s${session}`)
    expect(own.map(({ n }) => n)).toEqual(Array.from({ length: EVENTS_PER_SESSION + 1 }, (_, i) => i + 1))
    expect(own.filter(({ kind }) => kind === 'update').map(({ event_id }) => event_id)).toEqual(
      Array.from({ length: EVENTS_PER_SESSION }, (_, index) => `s${session}-e${index}`),
    )
    expect(own.at(-1)).toMatchObject({ kind: 'final', session_event_count: EVENTS_PER_SESSION })
  }

  const [verified] = await json<object>('verify', '--config', config)
  expect(verified).toMatchObject({ compared: scored.length, differing: 0, missing: 0, extra: 0 })
  const [archive] = await json<{ faults: unknown[] }>('archive', 'verify', '--config', config)
  expect(archive?.faults).toEqual([])
}

const hasServers = await serversAvailable('kafka', 'registry')

describe('all stages, each restarted under load', () => {
  test('on the embedded log', () => exercise({ log: { partitions: PARTITIONS } }, false), 240_000)

  test.skipIf(!hasServers)(
    'on Kafka, with a schema registry',
    async () => {
      const [kafka, registry] = await Promise.all([startKafka(), startRegistry()])
      onTestFinished(async () => void (await Promise.all([kafka.stop(), registry.stop()])))
      const log = {
        kind: 'kafka',
        partitions: PARTITIONS,
        kafka: { brokers: kafka.addresses, prefix: 'shop.', replicas: 1, inSyncReplicasMin: 1 },
      }
      await exercise({ log, registry: { url: registry.url } }, true)
    },
    240_000,
  )
})

test('a stage says what is missing on the cluster, and ends', async () => {
  const data = temporaryDir(onTestFinished)
  const config = join(data, 'sluicebox.yaml')
  writeFileSync(config, stringify({ dataDir: data, log: { kind: 'kafka', kafka: { brokers: [] } } }))
  const { code, stderr } = await sluicebox('enricher', '--config', config)
  expect(code).toBe(2)
  expect(stderr).toContain('log.kafka.brokers: name at least one broker')
})
