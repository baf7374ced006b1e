// Networks that are worse than broken: one worker that reaches nobody while all others do, answers that come late, requests
// that come twice.
import { expect, test } from 'vitest'
import type { Request } from '../proxy/faults.ts'
import { within } from '../world/within.ts'
import { isOf } from './inflict.ts'
import { survive } from './survive.ts'

test('a black hole around one worker: the others take over', async () => {
  await survive({ workers: { enricher: 2, scorer: 2 } }, async (world, load) => {
    const isLost = ({ clientId }: Request): boolean => clientId === 'enricher-1' || clientId === 'scorer-1'
    world.note('black hole around an enricher and a scorer')
    world.proxy.arm({ effect: { kind: 'black-hole' }, when: isLost, times: Infinity })
    await load.more(10)
    await world.caughtUp('enricher')
    await world.caughtUp('scorer')
    world.proxy.disarm()
    for (const clientId of ['enricher-1', 'scorer-1']) world.proxy.cutConnections({ clientId })
    await load.more(20)
  })
})

test('answers that come late, and requests that come twice', async () => {
  const { report } = await survive({}, async (world, load) => {
    for (const kind of ['enricher', 'scorer'] as const)
      for (const on of ['produce', 'txnOffsetCommit', 'endTxn'] as const) {
        world.note(`${on} of ${kind} answered late`)
        const effect = { kind: 'delay-answer', ms: 700 } as const
        const armed = world.proxy.arm({ on, effect, when: isOf(kind), times: 2 })
        await within(`late answers to ${on}`, armed.done)
        await load.more(5)
      }
    for (const kind of ['collector', 'enricher', 'scorer'] as const) {
      world.note(`produce of ${kind} repeated`)
      const armed = world.proxy.arm({
        on: 'produce',
        effect: { kind: 'repeat' },
        when: isOf(kind),
        times: 10,
      })
      await within('repeats', armed.done)
      await load.more(5)
    }
  })
  // The brokers know a repeat when they see one.
  expect(report.raw.duplicatesUnexplained).toBe(0)
})
