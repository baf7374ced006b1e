import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logConfig } from '@sluicebox/stream/config'
import { createTopics } from '@sluicebox/stream/kafka/topics'
import { createRandom, type Random } from '@sluicebox/event/random'
import { stringify } from 'yaml'
import { freePorts } from '@sluicebox/infra/local/ports'
import { check, gatherEvidence, type Evidence, type Report } from '../checker/check.ts'
import { recordHistory, type History } from '../checker/history.ts'
import { STREAMS } from '../checker/schemas.ts'
import type { KafkaProxy } from '../proxy/proxy.ts'
import { replay, type Replay } from '../replay/replay.ts'
import { openProxy, type KafkaPlace } from './kafka.ts'
import { startLoad, type Load } from './load.ts'
import { watchProgress, type Progress, type ReadKind } from './progress.ts'
import { startWorker, type Worker, type WorkerKind } from './workers.ts'

export interface WorldOptions {
  readonly kafka: KafkaPlace
  readonly seed?: number
  readonly partitions?: number
  /** How many workers of each kind. Without archivers there is no archive to check. */
  readonly workers?: Partial<Record<WorkerKind, number>>
  /** Settings beside those of all worlds, merged section by section. */
  readonly config?: Settings
  readonly registryUrl?: string
  /** Called when the workers have been started, before they are waited for. */
  readonly whileStarting?: (world: World) => Promise<void>
  /** What Node.js is told before the program, by kind of worker. */
  readonly nodeArgs?: Partial<Record<WorkerKind, readonly string[]>>
}

type Settings = Readonly<Record<string, unknown>>

/** The pipeline on a real Kafka, behind a proxy, with clients. */
export interface World extends AsyncDisposable, Progress {
  readonly proxy: KafkaProxy
  readonly random: Random
  readonly configFile: string
  readonly dataDir: string
  readonly prefix: string
  /** The way to the brokers past the proxy. */
  readonly directAddresses: readonly string[]
  readonly history: History
  readonly workers: readonly Worker[]
  of(kind: WorkerKind): readonly Worker[]
  /** Starts one more worker. */
  add(kind: WorkerKind): Promise<Worker>
  /** Starts clients. `finish` ends them. */
  load(shape?: Partial<LoadShape>): Load
  /** Writes into the history that something was done to the pipeline now. */
  note(fault: string): void
  /** Ends the load, lets everything come through, stops all workers, and counts. */
  finish(options?: FinishOptions): Promise<Finished>
}

interface LoadShape {
  readonly eventsPerSecond: number
  readonly eventsMax: number
  readonly clients: number
  readonly wrongShare: number
}

export interface FinishOptions {
  /** Waits until the archive is as far as raw, too. */
  readonly archiveComplete?: boolean
  /** Counts even if something does not come through. */
  readonly mayStayBehind?: boolean
  /** How long everything may take to come through. */
  readonly withinMs?: number
}

export interface Finished {
  readonly report: Report
  readonly replayed: Replay
  /** Who had not come through in time, and where all stood then. */
  readonly late: readonly string[]
  readonly evidence: Evidence
  /** Exit codes of the workers that were stopped at the end, by name. */
  readonly exitCodes: Readonly<Record<string, number | null>>
  readonly drainMs: number
}

const LOAD: LoadShape = { eventsPerSecond: 80, eventsMax: 100_000, clients: 12, wrongShare: 0.05 }

export async function openWorld(options: WorldOptions): Promise<World> {
  const { kafka, seed = 1, partitions = 4, registryUrl } = options
  const random = createRandom(seed)
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-delivery-'))
  const dataDir = join(dir, 'data')
  mkdirSync(dataDir)
  const prefix = `d${process.pid.toString(36)}${Date.now().toString(36)}.`
  const historyFile = join(dir, 'history.ndjson')
  const history: History = recordHistory(historyFile)
  const configFile = join(dir, 'sluicebox.yaml')
  const proxy = await openProxy(kafka)
  const replicas = Math.min(3, kafka.addresses.length)
  const config = mergeSettings(
    baseSettings({ dataDir, prefix, replicas, partitions, brokers: proxy.addresses, registryUrl }),
    options.config ?? {},
  )
  writeFileSync(configFile, stringify(config))
  await createTopics(logConfig.parse(config['log']), STREAMS)

  const workers: Worker[] = []
  const counts = { collector: 1, enricher: 1, scorer: 1, ...options.workers }
  const collectorUrls: string[] = []
  const progress = watchProgress({ kafka, prefix, workers })
  let load: Load | undefined

  async function begin(kind: WorkerKind): Promise<Worker> {
    const [adminPort, port] = (await freePorts(2)) as [number, number]
    const worker = startWorker({
      kind,
      name: `${kind}-${workers.filter(other => other.kind === kind).length + 1}`,
      configFile,
      logDir: dir,
      env: { SLUICEBOX_ADMIN_PORT: String(adminPort), SLUICEBOX_COLLECTOR_PORT: String(port) },
      nodeArgs: options.nodeArgs?.[kind] ?? [],
    })
    workers.push(worker)
    if (kind === 'collector') collectorUrls.push(`http://127.0.0.1:${port}`)
    return worker
  }

  const of = (kind: WorkerKind): Worker[] => workers.filter(worker => worker.kind === kind)

  async function stopAll(which: readonly Worker[], exitCodes: Record<string, number | null>): Promise<void> {
    await Promise.all(which.map(async worker => (exitCodes[worker.name] = await worker.stop())))
  }

  async function dispose(): Promise<void> {
    await Promise.all([load?.abandon(), ...workers.map(worker => worker.discard())])
    await proxy[Symbol.asyncDispose]()
    rmSync(dir, { recursive: true, force: true })
  }

  const world: World = {
    ...progress,
    ...{ proxy, random, configFile, dataDir, prefix, history, workers, of },
    directAddresses: kafka.directAddresses,
    async add(kind) {
      const worker = await begin(kind)
      await worker.ready()
      return worker
    },
    load(shape = {}) {
      load = startLoad({ ...LOAD, ...shape, urls: collectorUrls, history, random })
      return load
    },
    note: name => history.add({ kind: 'fault', at: Date.now(), name }),
    async finish({ archiveComplete = false, mayStayBehind = false, withinMs } = {}) {
      await load?.stop()
      proxy.disarm()
      const late: string[] = []
      const comeThrough = (kind: ReadKind): Promise<readonly bigint[]> =>
        progress.caughtUp(kind, withinMs).catch((error: Error) => {
          if (!mayStayBehind) throw error
          late.push(error.message)
          return []
        })
      const exitCodes: Record<string, number | null> = {}
      const begunAt = performance.now()
      // Heartbeats are what closes the last objects.
      const upTo = archiveComplete ? await comeThrough('archiver') : []
      // One that is just being started again does not listen to signals yet.
      if (!mayStayBehind) await Promise.all(of('collector').map(worker => worker.ready()))
      await stopAll(of('collector'), exitCodes)
      await comeThrough('enricher')
      await comeThrough('scorer')
      const drainMs = Math.round(performance.now() - begunAt)
      const others = workers.filter(({ kind }) => kind !== 'collector')
      if (!mayStayBehind) await Promise.all(others.map(worker => worker.ready()))
      await stopAll(others, exitCodes)
      const evidence = await gatherEvidence({
        ...{ brokers: kafka.directAddresses, prefix, historyFile },
        ...(registryUrl === undefined ? {} : { registryUrl }),
        ...(of('archiver').length > 0 ? { archive: { dir: join(dataDir, 'archive'), upTo } } : {}),
      })
      const replayed = await replay(evidence.streams, config)
      return { report: check(evidence), replayed, late, evidence, exitCodes, drainMs }
    },
    [Symbol.asyncDispose]: dispose,
  }

  try {
    for (const [kind, count] of Object.entries(counts) as [WorkerKind, number][])
      for (let i = 0; i < count; i++) await begin(kind)
    await options.whileStarting?.(world)
    await Promise.all(workers.map(worker => worker.ready()))
    return world
  } catch (error) {
    await dispose()
    throw error
  }
}

interface BaseParts {
  readonly dataDir: string
  readonly prefix: string
  readonly replicas: number
  readonly partitions: number
  readonly brokers: readonly string[]
  readonly registryUrl: string | undefined
}

/** Small times, so that what takes minutes in production takes seconds here; the order of the times is the same. */
function baseSettings({ dataDir, prefix, replicas, partitions, brokers, registryUrl }: BaseParts): Settings {
  return {
    dataDir,
    shutdownGraceMs: 15_000,
    log: {
      kind: 'kafka',
      partitions,
      kafka: {
        ...{ brokers, prefix, replicas, inSyncReplicasMin: Math.min(2, replicas) },
        ...{ sessionTimeoutMs: 2_000, transactionTimeoutMs: 4_000, requestTimeoutMs: 2_000, stallMs: 10_000 },
      },
    },
    ...(registryUrl === undefined
      ? {}
      : { registry: { url: registryUrl, autoRegister: true, timeoutMs: 1_000 } }),
    collector: { heartbeatMs: 500, timeouts: { appendMs: 3_000 }, drain: { idleMs: 100 } },
    scorer: { gapMs: 5_000, graceMs: 1_000, snapshotEveryRecords: 150, snapshotEveryMs: 2_000 },
    archiver: { streams: ['raw'], recordsMax: 60, windowMs: 2_000 },
  }
}

function mergeSettings(base: Settings, over: Settings): Settings {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key]
    merged[key] = isSection(before) && isSection(value) ? mergeSettings(before, value) : value
  }
  return merged
}

function isSection(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
