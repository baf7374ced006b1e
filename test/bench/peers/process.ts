// A process of a peer: `collector`, `enricher` or `scorer`, given its brokers, the prefix of its topics, and whether it
// commits in transactions. It says when it is up, starts on request, and sends its CPU time when asked.
import { Kafka, logLevel, type Message } from 'kafkajs'
import { startPeerCollector } from './collector.ts'
import { enrichPeer } from './enricher.ts'
import { scorePeer } from './scorer.ts'

const [kind, brokers, prefix, guarantee] = process.argv.slice(2) as [string, string, string, string]
const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })

interface Step {
  readonly input: string
  readonly output: string
  readonly group: string
  readonly make: (value: Buffer) => Buffer | string
}

const STEPS: Readonly<Record<string, Step>> = {
  enricher: {
    input: 'collected',
    output: 'good',
    group: 'enricher-collected',
    make: value => enrichPeer(value.toString()),
  },
  scorer: { input: 'good', output: 'scored', group: 'scorer-good', make: scorePeer },
}

/** A batch of one partition at a time: made, sent, and its offset committed. */
async function runStep({ input, output, group, make }: Step): Promise<void> {
  const groupId = `${prefix}${group}`
  const isTransactional = guarantee === 'transactions'
  const producer = kafka.producer({
    idempotent: isTransactional,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    ...(isTransactional && { transactionalId: `${groupId}-${process.pid}` }),
  })
  const consumer = kafka.consumer({ groupId, readUncommitted: false, maxWaitTimeInMs: 50 })
  await Promise.all([producer.connect(), consumer.connect()])
  await consumer.subscribe({ topic: `${prefix}${input}`, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, heartbeat }) => {
      const messages: Message[] = []
      for (const { key, value } of batch.messages)
        if (value !== null) messages.push({ key, value: make(value) })
      const topic = `${prefix}${output}`
      const offset = String(BigInt(batch.lastOffset()) + 1n)
      const topics = [{ topic: batch.topic, partitions: [{ partition: batch.partition, offset }] }]
      if (isTransactional) {
        const transaction = await producer.transaction()
        await transaction.send({ topic, acks: -1, messages })
        await transaction.sendOffsets({ consumerGroupId: groupId, topics })
        await transaction.commit()
      } else {
        await producer.send({ topic, acks: -1, messages })
        await consumer.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset }])
      }
      await heartbeat()
    },
  })
}

/** Returns the port, where there is one. */
async function start(): Promise<number | undefined> {
  if (kind === 'collector') return startPeerCollector(kafka, `${prefix}collected`)
  await runStep(STEPS[kind]!)
  return undefined
}

process.on('message', message => {
  if (message === 'start') void start().then(port => process.send?.({ port }))
  else {
    const { user, system } = process.cpuUsage()
    process.send?.({ cpuSeconds: (user + system) / 1e6 })
  }
})
process.send?.('there')
