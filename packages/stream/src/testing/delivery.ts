import { drive } from '../driver/drive.ts'
import type { Log, OutputRecord, OwnedPartition } from '../log.ts'
import { createSnapshots, type SnapshotStore } from '../driver/snapshots.ts'
import type { Stage } from '../driver/stage.ts'
import { createSimulatedLog, type LogBugs, type SimulatedLog } from './simulated-log.ts'
import { createSimulation, LostAnswerError, type Process, type Simulation } from './simulation.ts'

// Runs sources and stages on the simulated log, with crashes, lost answers, takeovers and outages, until every record
// has been processed. The caller checks what the streams then hold.

/** What is appended, and the stages that process it. */
export interface Delivery {
  /** Each source appends its parts one after another. */
  readonly sources: readonly (readonly Part[])[]
  /** Appended after everything else, when no more faults occur. */
  readonly last?: Part
  readonly stages: readonly StageSpec[]
}

/** Records that a source appends in one call. */
export interface Part {
  readonly id: string
  readonly stream: string
  readonly records: readonly OutputRecord[]
}

export interface StageSpec {
  readonly group: string
  readonly input: string
  readonly outputs: Readonly<Record<string, string>>
  readonly workers: number
  /** Returns a stage for a new process, which has fetched nothing yet. */
  create(): StageInstance
}

export interface StageInstance {
  // Only the stage knows the type of its state.
  readonly stage: Stage<unknown, string>
  /** The registry has returned `ref`. */
  learn(ref: string): void
  /** The registry has answered that it does not have `ref`. */
  learnAbsent(ref: string): void
}

/** Probabilities of faults, from 0 to 1. */
export interface Faults {
  readonly lostAnswers: number
  /** At each step: a process is killed, partitions get other owners, the registry goes down or comes back. */
  readonly kills: number
  readonly rebalances: number
  readonly outages: number
  /** At each step: a bit of a snapshot is damaged. */
  readonly damages: number
  /** At each commit: a snapshot is saved before it, at a position that may never be committed. */
  readonly eagerSnapshots: number
  readonly atomicCommits: boolean
}

export const FAULTS: Faults = {
  lostAnswers: 0.03,
  kills: 0.02,
  rebalances: 0.02,
  outages: 0.01,
  damages: 0.01,
  eagerSnapshots: 0.2,
  atomicCommits: true,
}

/** Mistakes that a driver, a log or a service could make. Planted to prove that the checks find them. */
export interface Bugs extends LogBugs {
  /** A source counts a part as accepted before its append has resolved. */
  readonly acknowledgesEarly?: boolean
  /** A commit whose answer was lost is repeated: without its outputs, or with them. */
  readonly dropsOutputsOnRetry?: boolean
  readonly retriesLostCommits?: boolean
  /** The outputs of a replay are written with the next commit. */
  readonly replayWrites?: boolean
  /** A snapshot at a later position than the committed one is used as if it were at the committed one. */
  readonly restoresPastCommitted?: boolean
  /** The checksum of a snapshot is not checked. */
  readonly trustsSnapshots?: boolean
  /** A registry that can't be reached counts as one that does not have the schema. */
  readonly takesOutageForNo?: boolean
  /** Some outputs go to a random partition. */
  readonly mixesPartitions?: boolean
}

export interface Delivered {
  readonly log: SimulatedLog
  /** The ids of the parts whose append has resolved. Any other part may be in the log or not. */
  readonly accepted: ReadonlySet<string>
  readonly steps: number
  readonly kills: number
}

const PARTITIONS = 3
const STEPS_MAX = 100_000

export async function deliver(
  seed: number,
  { sources, last, stages }: Delivery,
  faults: Faults,
  bugs: Bugs = {},
): Promise<Delivered> {
  const simulation = createSimulation(seed, faults)
  const { random } = simulation
  const log = createSimulatedLog(simulation, {
    partitions: PARTITIONS,
    atomicCommits: faults.atomicCommits,
    isIrregular: true,
    bugs,
  })
  const accepted = new Set<string>()
  const objects = new Map<string, Uint8Array>()
  const alive = new Map<Process, { restart(): void; stop(): void }>()
  let sourcesLeft = sources.length
  let isCalm = false
  let isStopping = false
  let isLastSent = false
  let isRegistryUp = true
  let failure: Error | undefined
  let kills = 0

  for (const [index, parts] of sources.entries()) startSource(`source ${index}`, parts, 0)
  for (const stage of stages)
    for (let worker = 0; worker < stage.workers; worker++) startWorker(`${stage.group} ${worker}`, stage)

  let steps = 0
  while (!isStopping || alive.size > 0) {
    if (failure !== undefined) throw failure
    if (steps++ > STEPS_MAX)
      throw new Error(`The run of seed ${seed} has not ended after ${STEPS_MAX} steps.`)
    if (!isCalm) disturb()
    if (!isCalm && sourcesLeft === 0 && random.chance(0.02)) {
      isCalm = isRegistryUp = true
      simulation.calm()
    }
    if (
      isCalm &&
      sourcesLeft === 0 &&
      !isStopping &&
      stages.every(({ group, input }) => log.isDrained(group, input))
    ) {
      if (last !== undefined && !isLastSent) {
        // Only now: nothing that a stage repeats may come after it.
        isLastSent = true
        sourcesLeft++
        startSource('last', [last], 0)
      } else {
        isStopping = true
        for (const { stop } of alive.values()) stop()
      }
    }
    if (!(await simulation.step()) && isCalm)
      throw new Error(`The run of seed ${seed} is stuck after ${steps} steps: no operation can happen.`)
  }
  return { log, accepted, steps, kills }

  function disturb(): void {
    if (random.chance(faults.kills)) kill(random.pick([...alive.keys()]))
    if (random.chance(faults.rebalances)) log.rebalance()
    if (random.chance(faults.outages)) isRegistryUp = !isRegistryUp
    if (random.chance(faults.damages) && objects.size > 0) {
      const [key, bytes] = random.pick([...objects])
      const at = random.below(bytes.length)
      objects.set(key, bytes.with(at, bytes[at]! ^ (1 << random.below(8))))
    }
  }

  function kill(process: Process | undefined): void {
    const its = process && alive.get(process)
    if (its === undefined) return
    kills++
    alive.delete(process!)
    simulation.kill(process!)
    simulation.after(undefined, random.below(5000), its.restart)
  }

  function startSource(name: string, parts: readonly Part[], from: number): void {
    const process = simulation.start(name)
    const its = log.connect(process)
    const { wait } = simulation.worldOf(process)
    const never = new AbortController().signal
    let at = from
    alive.set(process, { restart: () => startSource(name, parts, at), stop() {} })
    void run().catch(error => {
      failure ??= error as Error
    })

    async function run(): Promise<void> {
      while (at < parts.length) {
        const { id, stream, records } = parts[at++]!
        if (bugs.acknowledgesEarly) accepted.add(id)
        // A source that gets no answer retries, or gives up.
        for (let isDone = false; !isDone;)
          isDone = await its.append(stream, records).then(
            () => {
              accepted.add(id)
              return true
            },
            () => random.chance(0.5),
          )
        await wait(random.below(2000), never)
        // The code of a killed process may still run, but the process that replaces it continues from here.
        if (!process.isAlive) return
      }
      sourcesLeft--
      alive.delete(process)
    }
  }

  function startWorker(name: string, spec: StageSpec): void {
    const process = simulation.start(name)
    const stop = new AbortController()
    const { stage, learn, learnAbsent } = spec.create()
    alive.set(process, { restart: () => startWorker(name, spec), stop: () => stop.abort() })
    if (isStopping) stop.abort()
    const sight = createSight(process, stage)

    drive({
      log: sight.log,
      stage: sight.stage,
      group: spec.group,
      input: spec.input,
      outputs: spec.outputs,
      limits: { recordsMax: 8, bytesMax: 100_000 },
      signal: stop.signal,
      snapshots: { store: sight.snapshots, everyRecords: 10, everyMs: 20_000 },
      world: simulation.worldOf(process),
      async resolve(refs) {
        await simulation.later(process, {}, () => {
          for (const ref of refs)
            if (isRegistryUp) learn(ref)
            else if (bugs.takesOutageForNo) learnAbsent(ref)
            else throw new Error('The registry is down.')
        })
      },
    }).then(
      () => alive.delete(process),
      (error: Error) => {
        // A lost answer ends the process, as in production: the next one continues from the log. Any other error is a
        // mistake.
        if (error instanceof LostAnswerError) kill(process)
        else failure ??= error
      },
    )
  }

  /** Returns the log, the stage and the snapshots as one worker sees them: with the planted mistakes. */
  function createSight(
    process: Process,
    stage: Stage<unknown, string>,
  ): { log: Log; stage: Stage<unknown, string>; snapshots: SnapshotStore } {
    const real = log.connect(process)
    const snapshots = createSnapshotsOf(process)
    const states = new Map<number, unknown>()
    const committed = new Map<number, bigint>()
    const carried = new Map<number, Record<string, OutputRecord[]>>()

    function see(
      group: string,
      spec: Readonly<Record<string, string>>,
      owned: OwnedPartition,
    ): OwnedPartition {
      const { partition } = owned
      committed.set(partition, owned.committed)
      return {
        partition,
        committed: owned.committed,
        signal: owned.signal,
        next: owned.next,
        seek: owned.seek,
        async commit(outputs, next) {
          if (stage.snapshots !== undefined && random.chance(faults.eagerSnapshots)) {
            const { version } = stage.snapshots
            const bytes = stage.snapshots.save(states.get(partition))
            await snapshots.save(group, partition, { position: next, version, bytes }).catch(() => {})
          }
          let all: Readonly<Record<string, readonly OutputRecord[]>> = outputs
          if (bugs.replayWrites) {
            const carry = carried.get(partition) ?? {}
            all = Object.fromEntries(
              Object.entries(carry).map(([output, records]) => [spec[output]!, records]),
            )
            carried.delete(partition)
          }
          if (bugs.mixesPartitions) all = mix(all)
          await owned.commit(all, next).catch(async (error: Error) => {
            if (!(error instanceof LostAnswerError)) throw error
            if (bugs.dropsOutputsOnRetry) await owned.commit({}, next)
            else if (bugs.retriesLostCommits) await owned.commit(all, next)
            else throw error
          })
        },
      }
    }

    function mix(
      outputs: Readonly<Record<string, readonly OutputRecord[]>>,
    ): Readonly<Record<string, readonly OutputRecord[]>> {
      const mixed = (record: OutputRecord): OutputRecord =>
        random.chance(0.05) ? { ...record, partition: random.below(PARTITIONS) } : record
      return Object.fromEntries(
        Object.entries(outputs).map(([stream, records]) => [stream, records.map(mixed)]),
      )
    }

    return {
      log: {
        ...real,
        consume: (options, own) =>
          real.consume(options, owned => {
            const spec = stages.find(({ group }) => group === options.group)!
            return own(see(options.group, spec.outputs, owned))
          }),
      },
      stage: {
        ...stage,
        process(state, batch) {
          const outputs = stage.process(state, batch)
          states.set(batch.partition, state)
          const carry = carried.get(batch.partition) ?? {}
          for (const [output, records] of Object.entries(outputs)) (carry[output] ??= []).push(...records)
          carried.set(batch.partition, carry)
          return outputs
        },
      },
      snapshots: {
        save: snapshots.save,
        async load(group, partition) {
          const found = await snapshots.load(group, partition)
          const most = committed.get(partition)!
          if (found === undefined || !bugs.restoresPastCommitted || found.position <= most) return found
          return { ...found, position: most }
        },
      },
    }
  }

  function createSnapshotsOf(process: Process): SnapshotStore {
    const store = createSnapshots({
      get: key => simulation.later(process, {}, () => objects.get(key)),
      put: (key, bytes) => simulation.later(process, { isWrite: true }, () => void objects.set(key, bytes)),
    })
    return bugs.trustsSnapshots ? trusting(simulation, store, objects) : store
  }
}

/** A store that returns snapshots without checking their checksum. */
function trusting(
  simulation: Simulation,
  store: SnapshotStore,
  objects: ReadonlyMap<string, Uint8Array>,
): SnapshotStore {
  return {
    save: store.save,
    load: (group, partition) =>
      simulation.later(undefined, {}, () => {
        const object = objects.get(`snapshots/${group}/${partition}.snapshot`)
        if (object === undefined) return undefined
        const bytes = Buffer.from(object)
        const stateAt = 36 + bytes.readUInt32LE(32)
        return {
          position: bytes.readBigUInt64LE(8),
          version: bytes.toString('utf8', 36, stateAt),
          bytes: bytes.subarray(stateAt),
        }
      }),
  }
}
