// Three brokers that stand in for each other: any one of them may go, in order or not, at any time.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Request } from '../proxy/faults.ts'
import { startProxiedKafka, type ProxiedKafka } from '../world/kafka.ts'
import { within } from '../world/within.ts'
import { survive } from './survive.ts'

let kafka: ProxiedKafka
beforeAll(async () => {
  kafka = await startProxiedKafka(3)
})
afterAll(() => kafka[Symbol.asyncDispose]())

const workers = { enricher: 2, scorer: 2 }

test('a rolling restart of the brokers', async () => {
  await survive({ kafka: kafka.place, workers, workersMayEnd: true }, async (world, load) => {
    for (const node of kafka.server.nodes) {
      world.note(`restart of broker ${node.id}`)
      await node.stop()
      await load.more(30)
      await node.start()
      await load.more(30)
    }
    await world.caughtUp('scorer')
  })
})

test.each([
  ['the transaction coordinator', 'endTxn'],
  ['the group coordinator', 'txnOffsetCommit'],
  ['the leader that outputs go to', 'produce'],
] as const)('kill -9 of %s in the middle of a transaction', async (_, on) => {
  await survive({ kafka: kafka.place, workers, workersMayEnd: true }, async (world, load) => {
    for (const kind of ['enricher', 'scorer'] as const) {
      let broker = -1
      const kill = async (request: Request): Promise<void> => {
        broker = request.broker
        world.note(`kill -9 of the broker that ${on} of ${kind} goes to`)
        await kafka.server.nodes[broker]!.kill('SIGKILL')
      }
      const when = ({ clientId }: Request): boolean => clientId.startsWith(kind)
      const armed = world.proxy.arm({ on, when, effect: { kind: 'pass' }, onStrike: kill })
      await within(`a kill at ${on}`, armed.done)
      await load.more(30)
      await world.caughtUp(kind)
      await kafka.server.nodes[broker]!.start()
      await load.more(10)
    }
  })
  expect(kafka.server.nodes).toHaveLength(3)
})
