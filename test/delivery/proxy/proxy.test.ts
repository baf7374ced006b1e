import { expect, onTestFinished, test } from 'vitest'
import { startProxy, type KafkaProxy } from './proxy.ts'
import {
  connectTo,
  requestFrame,
  startFakeBroker,
  type FakeBroker,
  type FakeClient,
} from './testing/fake-broker.ts'

interface Setup {
  readonly proxy: KafkaProxy
  readonly broker: FakeBroker
  connect(): Promise<FakeClient>
}

async function setup(): Promise<Setup> {
  const broker = await startFakeBroker()
  const proxy = await startProxy({ ports: [0] })
  proxy.pointTo([broker.address])
  onTestFinished(async () => {
    await proxy[Symbol.asyncDispose]()
    await broker[Symbol.asyncDispose]()
  })
  return {
    proxy,
    broker,
    async connect() {
      const client = await connectTo(proxy.addresses[0]!)
      onTestFinished(() => client.close())
      return client
    },
  }
}

test('without faults everything passes, and the end of a connection too', async () => {
  const { broker, connect } = await setup()
  const client = await connect()
  for (const id of [1, 2, 3]) client.send(requestFrame({ api: 'produce', id }))
  expect([await client.next(), await client.next(), await client.next()]).toEqual([1, 2, 3])
  client.close()
  const other = await connect()
  other.send(requestFrame({ api: 'fetch', id: 4 }))
  expect(await other.next()).toBe(4)
  expect(broker.got).toEqual([1, 2, 3, 4])
  await expect.poll(() => broker.ended).toBe(1)
})

test('a client that comes before the brokers are known waits for them', async () => {
  const broker = await startFakeBroker()
  const proxy = await startProxy({ ports: [0] })
  onTestFinished(async () => {
    await proxy[Symbol.asyncDispose]()
    await broker[Symbol.asyncDispose]()
  })
  const client = await connectTo(proxy.addresses[0]!)
  client.send(requestFrame({ api: 'metadata', id: 1 }))
  proxy.pointTo([broker.address])
  expect(await client.next()).toBe(1)
})

test('cut-request: the broker has not got it, and the connection is gone', async () => {
  const { proxy, broker, connect } = await setup()
  const armed = proxy.arm({ on: 'endTxn', effect: { kind: 'cut-request' } })
  const client = await connect()
  client.send(requestFrame({ api: 'produce', id: 1 }))
  expect(await client.next()).toBe(1)
  client.send(requestFrame({ api: 'endTxn', id: 2 }))
  expect(await client.next()).toBe('closed')
  await armed.done
  const again = await connect()
  again.send(requestFrame({ api: 'endTxn', id: 3 }))
  expect(await again.next()).toBe(3)
  expect(broker.got).toEqual([1, 3])
  expect(proxy.counts()).toEqual({ 'cut-request endTxn': 1 })
})

test('lose-answer: the broker has done it, and the client never hears', async () => {
  const { proxy, broker, connect } = await setup()
  proxy.arm({ on: 'endTxn', effect: { kind: 'lose-answer' } })
  const client = await connect()
  client.send(requestFrame({ api: 'produce', id: 1 }))
  client.send(requestFrame({ api: 'endTxn', id: 2 }))
  expect([await client.next(), await client.next()]).toEqual([1, 'closed'])
  expect(broker.got).toEqual([1, 2])
})

test('black-hole: the connection stays, and nothing passes, while others continue', async () => {
  const { proxy, broker, connect } = await setup()
  proxy.arm({ effect: { kind: 'black-hole' }, when: ({ clientId }) => clientId === 'a' })
  const [a, b] = [await connect(), await connect()]
  a.send(requestFrame({ api: 'fetch', clientId: 'a', id: 1 }))
  a.send(requestFrame({ api: 'fetch', clientId: 'a', id: 2 }))
  b.send(requestFrame({ api: 'fetch', clientId: 'b', id: 3 }))
  expect(await b.next()).toBe(3)
  expect(broker.got).toEqual([3])
  expect(proxy.cutConnections({ clientId: 'a' })).toBe(1)
  expect(await a.next()).toBe('closed')
})

test.each([['delay-request'], ['delay-answer']] as const)('%s: it comes, and in order', async kind => {
  const { proxy, broker, connect } = await setup()
  proxy.arm({ on: 'produce', effect: { kind, ms: 20 } })
  const client = await connect()
  client.send(requestFrame({ api: 'produce', id: 1 }))
  client.send(requestFrame({ api: 'fetch', id: 2 }))
  expect([await client.next(), await client.next()]).toEqual([1, 2])
  expect(broker.got).toEqual([1, 2])
  expect(proxy.counts()).toEqual({ [`${kind} produce`]: 1 })
})

test('repeat: the broker gets it twice, the client one answer', async () => {
  const { proxy, broker, connect } = await setup()
  proxy.arm({ on: 'produce', effect: { kind: 'repeat' } })
  const client = await connect()
  client.send(requestFrame({ api: 'produce', id: 1 }))
  client.send(requestFrame({ api: 'produce', id: 2 }))
  expect([await client.next(), await client.next()]).toEqual([1, 2])
  expect(broker.got).toEqual([1, 1, 2])
})

test('a fault strikes after as many as it skips, as often as it says, and not once it is disarmed', async () => {
  const { proxy, connect } = await setup()
  const armed = proxy.arm({ on: ['fetch', 'produce'], effect: { kind: 'pass' }, skip: 1, times: 2 })
  const client = await connect()
  const send = async (id: number): Promise<void> => {
    client.send(requestFrame({ api: 'produce', id }))
    await client.next()
  }
  await send(1)
  expect(armed.struck).toBe(0)
  await send(2)
  await send(3)
  await send(4)
  expect(armed.struck).toBe(2)
  const other = proxy.arm({ effect: { kind: 'cut-request' } })
  other.disarm()
  await send(5)
  proxy.arm({ effect: { kind: 'cut-request' } })
  proxy.disarm()
  await send(6)
})

test('what is done when a fault strikes is done before the request continues, or after the broker has answered', async () => {
  const { proxy, broker, connect } = await setup()
  const seen: string[] = []
  const note = (name: string) => () => void seen.push(`${name}: the broker has ${broker.got.join()}`)
  proxy.arm({ on: 'produce', effect: { kind: 'pass' }, onStrike: note('before') })
  proxy.arm({ on: 'endTxn', effect: { kind: 'lose-answer' }, onStrike: note('after') })
  const client = await connect()
  client.send(requestFrame({ api: 'produce', id: 1 }))
  await client.next()
  client.send(requestFrame({ api: 'endTxn', id: 2 }))
  await client.next()
  expect(seen).toEqual(['before: the broker has ', 'after: the broker has 1,2'])
})

test('a fault may ask what the request speaks of', async () => {
  const { proxy, broker, connect } = await setup()
  proxy.arm({ on: 'produce', when: request => request.mentions('shop.bad'), effect: { kind: 'cut-request' } })
  const client = await connect()
  client.send(requestFrame({ api: 'produce', id: 1, body: 'shop.good' }))
  expect(await client.next()).toBe(1)
  client.send(requestFrame({ api: 'produce', id: 2, body: 'shop.bad' }))
  expect(await client.next()).toBe('closed')
  expect(broker.got).toEqual([1])
})

test('while a broker is away its clients are refused, as without a proxy', async () => {
  const { proxy, broker, connect } = await setup()
  const client = await connect()
  client.send(requestFrame({ api: 'fetch', id: 1 }))
  expect(await client.next()).toBe(1)
  const { address } = broker
  await broker[Symbol.asyncDispose]()
  expect(await client.next()).toBe('closed')
  await expect.poll(() => connect().catch(error => error.code)).toBe('ECONNREFUSED')

  const again = await startFakeBroker(Number(address.split(':')[1]))
  onTestFinished(() => again[Symbol.asyncDispose]())
  await expect.poll(() => connect().catch(() => undefined)).toBeDefined()
  const other = await connectTo(proxy.addresses[0]!)
  onTestFinished(() => other.close())
  other.send(requestFrame({ api: 'fetch', id: 2 }))
  expect(await other.next()).toBe(2)
})
