import { setTimeout as sleep } from 'node:timers/promises'
import type { LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import type { Effect, Request } from '../proxy/faults.ts'
import type { ApiName } from '../proxy/frames.ts'
import type { Load } from '../world/load.ts'
import { within } from '../world/within.ts'
import type { Worker, WorkerKind } from '../world/workers.ts'
import type { World } from '../world/world.ts'

// What several tests do to the pipeline.

/** Enough for the partitions that it had before, and those that it has taken over. */
const COMMITS_AFTER_TAKEOVER = 25

/** Whether a request is of a worker of this kind. */
export const isOf =
  (kind: WorkerKind) =>
  ({ clientId }: Request): boolean =>
    clientId.startsWith(`${kind}-`)

export function workerOf(world: World, clientId: string): Worker {
  return world.workers.find(({ name }) => name === clientId)!
}

/** Cuts, loses … the next request of this kind of worker. */
export async function strike(
  world: World,
  kind: WorkerKind,
  on: ApiName,
  effect: Effect['kind'],
): Promise<void> {
  const armed = world.proxy.arm({
    ...{ on, when: isOf(kind), effect: { kind: effect } as Effect },
    onStrike: () => world.note(`${effect} ${on} of ${kind}`),
  })
  await within(`${effect} of ${on} of ${kind}`, armed.done)
}

/** kill -9 at the next such request: before it has come to the broker, or once the broker has answered. */
export async function killAt(
  world: World,
  kind: WorkerKind,
  on: ApiName,
  effect: 'cut-request' | 'lose-answer',
  waitMs = 0,
): Promise<void> {
  const armed = world.proxy.arm({
    ...{ on, when: isOf(kind), effect: { kind: effect } },
    async onStrike({ clientId }) {
      // For what the worker does at the same time.
      if (waitMs > 0) await sleep(waitMs)
      world.note(`kill -9 ${kind} at ${on}, ${effect}`)
      workerOf(world, clientId).kill()
    },
  })
  await within(`a kill of ${kind} at ${on}`, armed.done)
}

/** SIGSTOP once a broker has this request of a worker; answers the worker that stands still. */
export async function pauseAt(world: World, kind: WorkerKind, on: ApiName): Promise<Worker> {
  const paused = Promise.withResolvers<Worker>()
  world.proxy.arm({
    ...{ on, when: isOf(kind), effect: { kind: 'pass' } },
    onStrike({ clientId }) {
      const worker = workerOf(world, clientId)
      world.note(`SIGSTOP ${kind} at ${on}`)
      worker.pause()
      paused.resolve(worker)
    },
  })
  return within(`a stop of ${kind} at ${on}`, paused.promise)
}

/** Resolves when another worker of the kind than this one has committed so often. */
export async function othersCommit(world: World, than: Worker, times: number): Promise<void> {
  const isOther = (request: Request): boolean => isOf(than.kind)(request) && request.clientId !== than.name
  const commits = world.proxy.arm({ on: 'txnOffsetCommit', when: isOther, effect: { kind: 'pass' }, times })
  await within(`${times} commits of others than ${than.name}`, commits.done)
}

/** Resolves when a worker of the kind has committed. */
export async function nextCommit(world: World, kind: WorkerKind): Promise<void> {
  const commit = world.proxy.arm({ on: 'txnOffsetCommit', when: isOf(kind), effect: { kind: 'pass' } })
  await within(`a commit of ${kind}`, commit.done)
}

/**
 * SIGSTOP when a worker has sent the end of a transaction, which comes to the broker only after another worker has taken
 * the partitions over; then it continues.
 */
export async function endLate(world: World, kind: WorkerKind): Promise<void> {
  const late = Promise.withResolvers<Worker>()
  world.proxy.arm({
    ...{ on: 'endTxn', when: isOf(kind), effect: { kind: 'pass' } },
    async onStrike({ clientId }) {
      const worker = workerOf(world, clientId)
      world.note(`SIGSTOP ${kind}, whose end of a transaction comes late`)
      worker.pause()
      const isOther = (request: Request): boolean => isOf(kind)(request) && request.clientId !== clientId
      const takeover = { on: 'initProducerId', when: isOther, effect: { kind: 'pass' } } as const
      await within('a takeover', world.proxy.arm(takeover).done)
      await othersCommit(world, worker, COMMITS_AFTER_TAKEOVER)
      late.resolve(worker)
    },
  })
  const worker = await within(`a late end of ${kind}`, late.promise)
  worker.resume()
}

/** kill -9 of a broker that has said yes to the end of a transaction, and has told nobody yet. */
export async function killBrokerAtCommit(
  world: World,
  kind: WorkerKind,
  node: LocalKafka['nodes'][number],
): Promise<void> {
  const killed = Promise.withResolvers<void>()
  world.proxy.arm({
    ...{ on: 'endTxn', when: isOf(kind), effect: { kind: 'lose-answer' } },
    async onStrike() {
      world.note('kill -9 of a broker behind the end of a transaction')
      await node.kill('SIGKILL')
      killed.resolve()
    },
  })
  await within('a kill of the broker', killed.promise)
}

export interface Handover {
  /** How late the first worker learns of it. Below the time that it waits for an answer. */
  readonly lateMs?: number
  /** How long the new one takes to shut the first one out. */
  readonly slowMs?: number
}

/**
 * A worker joins the only one of its kind; that one learns late that it has lost partitions, and continues with them as
 * long, while the new one is slow between its steps.
 */
export async function handOverLate(
  world: World,
  load: Load,
  kind: WorkerKind,
  { lateMs = 1_500, slowMs = 1_000 }: Handover = {},
): Promise<void> {
  const [first] = world.of(kind)
  world.note(`${kind} hands over late`)
  world.proxy.arm({
    ...{ on: 'syncGroup', when: ({ clientId }) => clientId === first!.name, times: Infinity },
    effect: { kind: 'delay-answer', ms: lateMs },
  })
  const slow = world.proxy.arm({
    ...{
      on: 'initProducerId',
      when: ({ clientId }) => clientId !== first!.name && clientId.startsWith(kind),
    },
    ...{ effect: { kind: 'delay-request', ms: slowMs }, times: 1 },
  })
  await world.add(kind)
  await within('a takeover', slow.done)
  await load.more(60)
  world.proxy.disarm()
}
