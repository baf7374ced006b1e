import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serversAvailable } from '@sluicebox/infra/local/available'
import { startKafka, type LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import { logConfig, type LogConfig } from '../config.ts'
import { openKafkaLog } from './log.ts'
import { checkCluster, createTopics, groupMembers } from './topics.ts'

describe.skipIf(!(await serversAvailable('kafka')))('the topics of a cluster', () => {
  let kafka: LocalKafka
  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(async () => {
    await kafka?.stop()
  })

  let prefixes = 0
  function configOf(settings: object = {}): LogConfig {
    return logConfig.parse({
      kind: 'kafka',
      partitions: 3,
      kafka: { brokers: kafka.addresses, replicas: 1, prefix: `check-${prefixes++}.`, ...settings },
    })
  }

  async function withAdmin<T>(use: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
    const admin = new Kafka({ brokers: kafka.addresses, logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    try {
      return await use(admin)
    } finally {
      await admin.disconnect()
    }
  }

  const messages = (findings: readonly { level: string; message: string }[]): string[] =>
    findings.map(({ level, message }) => `${level}: ${message}`)

  test('makes what is missing and leaves the rest alone', async () => {
    const config = configOf()
    const { prefix } = config.kafka
    expect(await createTopics(config, ['raw'])).toEqual([{ topic: `${prefix}raw`, outcome: 'created' }])
    expect(await createTopics(config, ['raw', 'good'])).toEqual([
      { topic: `${prefix}raw`, outcome: 'was there' },
      { topic: `${prefix}good`, outcome: 'created' },
    ])
    const log = await openKafkaLog({ config: config.kafka })
    expect(await log.partitionCount('good')).toBe(3)
    await log[Symbol.asyncDispose]()
  })

  test('finds nothing but the single copy in what it made itself', async () => {
    const config = configOf()
    await createTopics(config, ['raw'])
    expect(messages(await checkCluster(config, ['raw']))).toEqual([
      `warning: ${config.kafka.prefix}raw has one copy: what was accepted is lost with its broker. Make it three`,
    ])
  })

  test('says which topics are missing and what to do', async () => {
    const config = configOf()
    await createTopics(config, ['raw'])
    expect(messages(await checkCluster(config, ['raw', 'good']))).toContain(
      `error: there is no topic ${config.kafka.prefix}good: make it with \`sluicebox topics create\``,
    )
  })

  test('says what does not fit in topics that others made', async () => {
    const config = configOf()
    const topic = (stream: string): string => `${config.kafka.prefix}${stream}`
    await withAdmin(admin =>
      admin.createTopics({
        topics: [
          {
            topic: topic('raw'),
            numPartitions: 2,
            configEntries: [
              { name: 'cleanup.policy', value: 'compact' },
              { name: 'max.message.bytes', value: '100000' },
              { name: 'min.insync.replicas', value: '2' },
              { name: 'retention.ms', value: '60000' },
              { name: 'compression.type', value: 'snappy' },
            ],
          },
          { topic: topic('good'), numPartitions: 1 },
          { topic: topic('bad'), numPartitions: 3 },
        ],
      }),
    )
    const found = messages(await checkCluster(config, ['raw', 'good', 'bad'])).join('\n')
    for (const expected of [
      /error: \S+raw has cleanup.policy compact/,
      /error: \S+raw takes batches of 100000 bytes/,
      /error: \S+raw has 1 copies and min.insync.replicas 2/,
      /warning: \S+good keeps the times of its writers/,
      /warning: \S+raw deletes records after 1 minutes/,
      /warning: \S+raw has compression.type snappy/,
      /error: \S+good has 1 partitions, and \S+raw has 2: .* --partitions 3\)/,
      /warning: \S+bad has 3 partitions, and \S+raw has 2/,
    ])
      expect(found).toMatch(expected)
  })

  test('refuses more copies than there are brokers', async () => {
    await expect(createTopics(configOf({ replicas: 3 }), ['raw'])).rejects.toThrow(
      'log.kafka.replicas is 3, and the cluster has 1 broker',
    )
  })

  test('says which member has which partition', async () => {
    const config = configOf()
    await createTopics(config, ['raw'])
    const log = await openKafkaLog({ config: config.kafka })
    const stop = new AbortController()
    const all = Promise.withResolvers<void>()
    let count = 0
    const consumed = log.consume(
      { stream: 'raw', group: 'reader', recordsMax: 1, bytesMax: 1, signal: stop.signal },
      async owned => {
        if (++count === 3) all.resolve()
        await owned.next()
      },
    )
    await all.promise
    const owners = await groupMembers(config, 'reader', 'raw')
    expect(owners.map(({ partition }) => partition).sort()).toEqual([0, 1, 2])
    expect(new Set(owners.map(({ owner }) => owner)).size).toBe(1)
    expect(owners[0]!.owner).toMatch(/^sluicebox-.{8}@127\.0\.0\.1$/)
    expect(await groupMembers(config, 'nobody', 'raw')).toEqual([])
    stop.abort()
    await consumed
    await log[Symbol.asyncDispose]()
  })

  test('says that no broker can be reached', async () => {
    const config = configOf({ brokers: ['127.0.0.1:1'] })
    await expect(checkCluster(config, ['raw'])).rejects.toThrow('the brokers 127.0.0.1:1 could not be asked')
    await expect(openKafkaLog({ config: config.kafka })).rejects.toThrow(
      'none of the brokers 127.0.0.1:1 can be reached',
    )
  })
})
