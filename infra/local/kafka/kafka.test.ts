import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { serversAvailable } from '../available.ts'
import { KAFKA_VERSIONS, startKafka, type KafkaVersion, type LocalKafka } from './kafka.ts'
import { append, canConnect, client, isAlive, recordCount, SERVER_START_MS, withAdmin } from '../testing.ts'

const available = await serversAvailable('kafka')

describe.skipIf(!available).each<[KafkaVersion]>(KAFKA_VERSIONS.map(version => [version]))(
  'one broker of Kafka %s',
  version => {
    let kafka: LocalKafka

    beforeAll(async () => {
      kafka = await startKafka({
        version,
        settings: { 'message.max.bytes': 54_321 },
        advertised: () => 'broker.test:1234',
      })
    }, SERVER_START_MS)

    afterAll(() => kafka?.stop())

    const direct = () => client(kafka.directAddresses)

    test('serves at once: topics can be made and written', async () => {
      await withAdmin(direct(), async admin => {
        await admin.createTopics({ topics: [{ topic: 'served', numPartitions: 2 }] })
      })
      await append(direct(), 'served', 'first')
      expect(await recordCount(direct(), 'served')).toBe(1)
    })

    test('is the version that was asked for', () => {
      const log = readFileSync(kafka.nodes[0]?.logFile as string, 'utf8')
      expect(/Kafka version: (\S+)/.exec(log)?.[1]).toBe(version)
    })

    test('makes no topic by accident', async () => {
      await expect(append(direct(), 'mistyped', 'lost')).rejects.toThrow('does not host this topic')
    })

    test('takes the settings that were given', async () => {
      const type = 4 as const
      const { resources } = await withAdmin(direct(), admin =>
        admin.describeConfigs({ includeSynonyms: false, resources: [{ type, name: '1' }] }),
      )
      const settings = Object.fromEntries(
        resources[0]?.configEntries.map(entry => [entry.configName, entry.configValue]) ?? [],
      )
      expect(settings).toMatchObject({
        'message.max.bytes': '54321',
        'auto.create.topics.enable': 'false',
        'group.initial.rebalance.delay.ms': '0',
      })
    })

    test('tells clients the address of the proxy before it, and goes past it on the second way in', async () => {
      const told = (addresses: string[]) =>
        withAdmin(client(addresses), async admin => (await admin.describeCluster()).brokers)
      // A client continues with the address that it is told, which nobody serves here.
      await expect(told(kafka.addresses)).rejects.toThrow(/broker\.test/)
      const [host, port] = kafka.directAddresses[0]?.split(':') as [string, string]
      expect(await told(kafka.directAddresses)).toEqual([{ nodeId: 1, host, port: Number(port) }])
    })

    test('killed and started again, it has its address and its records', async () => {
      const [node] = kafka.nodes
      await withAdmin(direct(), async admin => {
        await admin.createTopics({ topics: [{ topic: 'kept' }] })
      })
      await append(direct(), 'kept', 'before')
      const before = node?.pid as number
      await node?.kill('SIGKILL')
      expect([isAlive(before), node?.running, await canConnect(node?.address as string)]).toEqual([
        false,
        false,
        false,
      ])
      await node?.start()
      expect(node?.pid).not.toBe(before)
      await append(direct(), 'kept', 'after')
      expect(await recordCount(direct(), 'kept')).toBe(2)
      await expect(node?.start()).rejects.toThrow('runs already')
    })

    test('halted, it can still be ended in good order', async () => {
      const [node] = kafka.nodes
      const { pid } = node as { pid: number }
      await node?.kill('SIGSTOP')
      await node?.stop()
      expect(isAlive(pid)).toBe(false)
      await node?.start()
      expect(await recordCount(direct(), 'kept')).toBe(2)
    })

    test('stopped, it leaves no process and no folder', async () => {
      const [node] = kafka.nodes
      const { pid, logFile } = node as { pid: number; logFile: string }
      expect(existsSync(dirname(logFile))).toBe(true)
      await kafka.stop()
      expect([isAlive(pid), existsSync(dirname(logFile))]).toEqual([false, false])
    })
  },
)

describe.skipIf(!available)('a broker that can not start', () => {
  test('a setting that makes no sense', async () => {
    await expect(startKafka({ settings: { 'num.io.threads': 'many' } })).rejects.toThrow(
      /data folder of Kafka node 1 can't be prepared:[^]*Invalid value many/,
    )
  })

  test('one that dies at its start: the message has the end of its log', async () => {
    await expect(startKafka({ settings: { 'authorizer.class.name': 'no.such.Class' } })).rejects.toThrow(
      /^Kafka node 1 at 127\.0\.0\.1:\d+ ended while it started\. The end of its log:\n[^]*no\.such\.Class/,
    )
  })

  test('a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await expect(startKafka({ port })).rejects.toThrow(`Port ${port} of 127.0.0.1 is taken`)
  })
})
