import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { serversAvailable } from '../available.ts'
import { startKafka, type LocalKafka } from './kafka.ts'
import { append, client, recordCount, SERVER_START_MS, withAdmin } from '../testing.ts'

describe.skipIf(!(await serversAvailable('kafka')))('three brokers', () => {
  let kafka: LocalKafka

  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 })
  }, SERVER_START_MS)

  afterAll(() => kafka?.stop())

  // While a new leader is chosen, clients are told to come again.
  const patient = () => client(kafka.addresses, { retry: { retries: 30, maxRetryTime: 1000 } })

  const partition = (topic: string) =>
    withAdmin(patient(), async admin => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      return topics[0]?.partitions[0]
    })

  test('replace one that is killed, and take it back', async () => {
    await withAdmin(patient(), async admin => {
      await admin.createTopics({
        topics: [
          {
            topic: 'kept',
            replicationFactor: 3,
            configEntries: [{ name: 'min.insync.replicas', value: '2' }],
          },
        ],
      })
    })
    await append(patient(), 'kept', 'before')
    const { leader: leaderId } = (await partition('kept')) ?? {}
    const leader = kafka.nodes.find(node => node.id === leaderId)
    await leader?.kill('SIGKILL')
    await append(patient(), 'kept', 'meanwhile')
    const chosen = await partition('kept')
    expect(chosen?.leader).not.toBe(leader?.id)

    await leader?.start()
    await vi.waitUntil(async () => (await partition('kept'))?.isr.length === 3, {
      timeout: 60_000,
      interval: 200,
    })
    await append(patient(), 'kept', 'after')
    expect(await recordCount(patient(), 'kept')).toBe(3)
  })

  test('all killed and started together, they have their records', async () => {
    await Promise.all(kafka.nodes.map(node => node.kill('SIGKILL')))
    await Promise.all(kafka.nodes.map(node => node.start()))
    await append(patient(), 'kept', 'again')
    expect(await recordCount(patient(), 'kept')).toBe(4)
  })
})
