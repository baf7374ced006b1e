// Three brokers that replace each other: any one of them may go, in order or not, at any time.
import { afterAll, beforeAll, test } from 'vitest'
import { startProxiedKafka, type ProxiedKafka } from '../world/kafka.ts'
import { within } from '../world/within.ts'
import { isOf } from './inflict.ts'
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

test('kill -9 of coordinators and leaders in the middle of a transaction', async () => {
  await survive({ kafka: kafka.place, workers, workersMayEnd: true }, async (world, load) => {
    for (const [kind, on] of [
      ['enricher', 'endTxn'],
      ['scorer', 'txnOffsetCommit'],
      ['enricher', 'produce'],
    ] as const) {
      let broker = -1
      const armed = world.proxy.arm({
        ...{ on, when: isOf(kind), effect: { kind: 'pass' } },
        async onStrike(request) {
          broker = request.broker
          world.note(`kill -9 of the broker that ${on} of ${kind} goes to`)
          await kafka.server.nodes[broker]!.kill('SIGKILL')
        },
      })
      await within(`a kill at ${on}`, armed.done)
      await load.more(30)
      // Without it: two are enough.
      await world.caughtUp(kind)
      await kafka.server.nodes[broker]!.start()
      await load.more(10)
    }
  })
})
