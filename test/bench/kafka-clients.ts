// What is possible without us on the same broker: kafkajs as it comes, and Kafka's own load generator.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { logConfig } from '@sluicebox/stream/config'
import { openKafkaLog } from '@sluicebox/stream/kafka/log'
import { createTopics } from '@sluicebox/stream/kafka/topics'
import { Kafka, logLevel } from 'kafkajs'
import { prepareKafka, type LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import type { Row } from './row.ts'

const MESSAGE_BYTES = 1000
const BATCH = 500
const MESSAGES = 100_000
const PARTITIONS = 4
const PERF_MESSAGES = 300_000

/** Messages of 1,000 bytes, a batch of 500 at a time, acknowledged by all in-sync replicas. */
export async function benchClients(kafka: LocalKafka): Promise<Row[]> {
  const config = logConfig.parse({
    kind: 'kafka',
    partitions: PARTITIONS,
    kafka: { brokers: kafka.addresses, prefix: 'bench-clients.', replicas: 1 },
  })
  await createTopics(config, ['kafkajs', 'ours', 'perf'])
  const value = randomBytes(MESSAGE_BYTES)
  const client = new Kafka({ brokers: kafka.addresses, logLevel: logLevel.NOTHING })

  const producer = client.producer()
  await producer.connect()
  const kafkajsRate = await rateOf(async () => {
    for (let sent = 0; sent < MESSAGES; sent += BATCH)
      await producer.send({
        topic: 'bench-clients.kafkajs',
        messages: Array.from({ length: BATCH }, (_, i) => ({ value, partition: i % PARTITIONS })),
      })
  })
  await producer.disconnect()

  const consumer = client.consumer({ groupId: 'bench-clients' })
  await consumer.connect()
  await consumer.subscribe({ topic: 'bench-clients.kafkajs', fromBeginning: true })
  const consumeRate = await rateOf(
    () =>
      new Promise<void>((resolve, reject) => {
        let seen = 0
        consumer
          .run({
            eachBatch: ({ batch }) => {
              seen += batch.messages.length
              if (seen >= MESSAGES) resolve()
              return Promise.resolve()
            },
          })
          .catch(reject)
      }),
  )
  await consumer.disconnect()

  await using log = await openKafkaLog({ config: config.kafka })
  const oursRate = await rateOf(async () => {
    for (let sent = 0; sent < MESSAGES; sent += BATCH)
      await log.append(
        'ours',
        Array.from({ length: BATCH }, (_, i) => ({ key: null, value, partition: i % PARTITIONS })),
      )
  })

  return [
    { name: 'kafkajs alone, produce', value: kafkajsRate, unit: 'messages/CPU-s' },
    { name: 'kafkajs alone, consume', value: consumeRate, unit: 'messages/CPU-s' },
    {
      name: 'our append over its connections',
      value: oursRate,
      unit: 'messages/CPU-s',
      reference: { name: 'kafkajs', value: kafkajsRate },
    },
    { name: 'kafka-producer-perf-test', value: await perfTest(kafka), unit: 'messages/s' },
  ]
}

/** Messages per second of this process's CPU time. */
async function rateOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return MESSAGES / ((user + system) / 1e6)
}

async function perfTest(kafka: LocalKafka): Promise<number> {
  const { files } = await prepareKafka({ compile: 'full' })
  const { stdout } = await promisify(execFile)('java', [
    ...['-Xmx256m', '-cp', join(files, '*'), 'org.apache.kafka.tools.ProducerPerformance'],
    ...['--topic', 'bench-clients.perf', '--num-records', String(PERF_MESSAGES)],
    ...['--record-size', String(MESSAGE_BYTES), '--throughput', '-1'],
    ...['--producer-props', `bootstrap.servers=${kafka.addresses.join()}`, 'acks=all'],
  ])
  const rate = Number(/([\d.]+) records\/sec.*50th/s.exec(stdout.trim().split('\n').at(-1) ?? '')?.[1])
  if (!(rate > 0)) throw new Error(`kafka-producer-perf-test said: ${stdout}`)
  return rate
}
