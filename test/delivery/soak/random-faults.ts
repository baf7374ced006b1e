import { setTimeout as sleep } from 'node:timers/promises'
import type { LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import type { Effect } from '../proxy/faults.ts'
import type { ApiName } from '../proxy/frames.ts'
import { isOf, workerOf } from '../faults/inflict.ts'
import { KINDS } from '../world/workers.ts'
import type { World } from '../world/world.ts'

// Faults as chance has them: most are kills, at any instant or at a step of a commit; some are worse.

export interface Chaos {
  /** Does the next thing. Answers how many workers it has killed. */
  next(): Promise<number>
  /** Sets right what is still wrong. */
  mend(): Promise<void>
}

const STEPS: readonly ApiName[] = ['addPartitionsToTxn', 'produce', 'txnOffsetCommit', 'endTxn']
const EFFECTS: readonly Effect[] = [
  { kind: 'lose-answer' },
  { kind: 'cut-request' },
  { kind: 'delay-answer', ms: 1_200 },
  { kind: 'repeat' },
]
/** Longer than the session timeout of the workers. */
const PAUSE_MS = 3_500
const BROKER_AWAY_MS = 4_000
/** A fault that is aimed at a request is given up when there is none for so long. */
const STRIKE_WITHIN_MS = 3_000

export function createChaos(world: World, kafka: LocalKafka): Chaos {
  const { random, proxy } = world
  const mending = new Set<Promise<void>>()
  let brokerAway = false

  function later(ms: number, work: () => Promise<void> | void): void {
    const done = sleep(ms)
      .then(work)
      .finally(() => mending.delete(done))
    mending.add(done)
  }

  function kill(): number {
    const kind = random.pick(KINDS)
    if (world.of(kind).length === 0 || !random.pick(world.of(kind)).kill()) return 0
    world.note(`kill -9 ${kind}`)
    return 1
  }

  async function killAtStep(): Promise<number> {
    const [kind, on] = [random.pick(['enricher', 'scorer', 'archiver'] as const), random.pick(STEPS)]
    const effect = random.pick(['cut-request', 'lose-answer'] as const)
    let kills = 0
    const armed = proxy.arm({
      ...{ on, when: isOf(kind), effect: { kind: effect } },
      onStrike({ clientId }) {
        if (!workerOf(world, clientId).kill()) return
        kills++
        world.note(`kill -9 ${kind} at ${on}`)
      },
    })
    await Promise.race([armed.done, sleep(STRIKE_WITHIN_MS)])
    armed.disarm()
    return kills
  }

  function pause(): number {
    const kind = random.pick(KINDS.filter(each => world.of(each).length > 0))
    const worker = random.pick(world.of(kind))
    world.note(`SIGSTOP ${kind}`)
    worker.pause()
    later(PAUSE_MS, worker.resume)
    return 0
  }

  function disturb(): number {
    const kind = random.pick(['collector', 'enricher', 'scorer'] as const)
    const on =
      kind === 'collector'
        ? 'produce'
        : random.pick([...STEPS, 'initProducerId', 'heartbeat', 'fetch'] as const)
    const armed = proxy.arm({
      on,
      when: isOf(kind),
      effect: random.pick(EFFECTS),
      times: 1 + random.below(3),
    })
    later(STRIKE_WITHIN_MS, armed.disarm)
    return 0
  }

  function isolate(): number {
    const { name, kind } = random.pick(world.workers)
    world.note(`black hole around ${kind}`)
    const hole = proxy.arm({
      ...{ when: ({ clientId }) => clientId === name, times: Infinity },
      effect: { kind: 'black-hole' },
    })
    later(PAUSE_MS, () => {
      hole.disarm()
      proxy.cutConnections({ clientId: name })
    })
    return 0
  }

  async function killBroker(): Promise<number> {
    if (kafka.nodes.length < 3 || brokerAway) return kill()
    const node = random.pick(kafka.nodes)
    brokerAway = true
    world.note('kill -9 broker')
    await node.kill('SIGKILL')
    later(BROKER_AWAY_MS, async () => {
      await node.start()
      brokerAway = false
    })
    return 0
  }

  return {
    async next() {
      const die = random.next()
      if (die < 0.5) return kill()
      if (die < 0.75) return killAtStep()
      if (die < 0.9) return disturb()
      if (die < 0.95) return pause()
      if (die < 0.98) return isolate()
      return killBroker()
    },
    async mend() {
      proxy.disarm()
      while (mending.size > 0) await Promise.all(mending)
      proxy.cutConnections()
    },
  }
}
