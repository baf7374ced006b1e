// Networks that are worse than broken: one worker that reaches nobody while all others do, answers that come late, requests
// that come twice.
import { expect, test } from 'vitest'
import { within } from '../world/within.ts'
import { survive } from './survive.ts'

test.each(['enricher', 'scorer'] as const)('a black hole around one %s: the other takes over', async kind => {
  await survive({ workers: { [kind]: 2 } }, async (world, load) => {
    const clientId = `${kind}-1`
    world.note(`black hole around ${kind}`)
    world.proxy.arm({
      effect: { kind: 'black-hole' },
      when: request => request.clientId === clientId,
      times: Infinity,
    })
    await load.more(10)
    await world.caughtUp(kind)
    world.proxy.disarm()
    world.proxy.cutConnections({ clientId })
    await load.more(20)
  })
})

test('late answers', async () => {
  const { report } = await survive({}, async (world, load) => {
    for (const kind of ['enricher', 'scorer'])
      for (const on of ['produce', 'txnOffsetCommit', 'endTxn'] as const) {
        world.note(`${on} of ${kind} answered late`)
        const armed = world.proxy.arm({
          on,
          effect: { kind: 'delay-answer', ms: 700 },
          when: ({ clientId }) => clientId.startsWith(kind),
          times: 2,
        })
        await within(`late answers to ${on}`, armed.done)
        await load.more(5)
      }
  })
  // Late is not lost: nobody had to begin anew.
  expect(report.abortedRecords).toBe(0)
})

test('requests that come twice', async () => {
  const { report } = await survive({}, async (world, load) => {
    for (const kind of ['collector', 'enricher', 'scorer']) {
      world.note(`produce of ${kind} repeated`)
      const armed = world.proxy.arm({
        on: 'produce',
        effect: { kind: 'repeat' },
        when: ({ clientId }) => clientId.startsWith(kind),
        times: 10,
      })
      await within('repeats', armed.done)
      await load.more(5)
    }
  })
  expect(report.raw.duplicatesExplained + report.raw.duplicatesUnexplained).toBe(0)
})
