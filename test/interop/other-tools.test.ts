// Goal: whoever knows Kafka and a schema registry can read every stream, with tools that know nothing of us.
import { Kafka, logLevel } from 'kafkajs'
import { STREAMS, type StreamName } from '@sluicebox/event/records'
import { registryConfig } from '@sluicebox/registry/config'
import { openStreamRegistry } from '@sluicebox/registry/stream-registry'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serversAvailable } from '../../infra/local/available.ts'
import { startKafka, type LocalKafka } from '../../infra/local/kafka.ts'
import { startRegistry, type LocalRegistry } from '../../infra/local/registry.ts'
import { json } from '../e2e/sluicebox.ts'
import { otherConsumers, type ReadRecord } from './others.ts'
import { sampleRecords, toNeutral, type AnyRecord, type AvroRecord } from './records.ts'

const RECORDS = 150
const PARTITIONS = 3
const consumers = await otherConsumers()

interface WrittenStream {
  readonly schema: AvroRecord
  readonly schemaId: number
  readonly records: readonly AnyRecord[]
}

describe.skipIf(consumers.length === 0 || !(await serversAvailable()))('records of ours', () => {
  let kafka: LocalKafka
  let registry: LocalRegistry
  const written = new Map<StreamName, WrittenStream>()

  beforeAll(async () => {
    ;[kafka, registry] = await Promise.all([startKafka(), startRegistry()])
    const pushed = await json('schemas', 'push', '--registry', registry.url)
    expect(pushed).toHaveLength(STREAMS.length)
    await writeAll()
  })
  afterAll(() => Promise.all([kafka.stop(), registry.stop()]))

  async function writeAll(): Promise<void> {
    const config = registryConfig.parse({ url: registry.url })
    const streams = await openStreamRegistry(config, { subjectPrefix: '' })
    const client = new Kafka({ brokers: kafka.addresses, logLevel: logLevel.NOTHING })
    const admin = client.admin()
    await admin.connect()
    await admin.createTopics({
      topics: STREAMS.map(topic => ({ topic, numPartitions: PARTITIONS, replicationFactor: 1 })),
    })
    await admin.disconnect()
    const producer = client.producer()
    await producer.connect()
    for (const stream of STREAMS) {
      const { id, text } = await streams.schema(stream)
      const codec = await streams.codec(stream)
      const schema = JSON.parse(text) as AvroRecord
      const records = sampleRecords(schema, RECORDS)
      written.set(stream, { schema, schemaId: id, records })
      const messages = records.map((record, i) => ({
        key: keyOf(i),
        value: Buffer.from(codec.encode(record as never)),
        partition: i % PARTITIONS,
      }))
      await producer.send({ topic: stream, messages, acks: -1 })
    }
    await producer.disconnect()
  }

  test.each(consumers)('are what they were, field by field, to the decoder $decoder', async consumer => {
    const counts = Object.fromEntries(STREAMS.map(stream => [stream, RECORDS]))
    const read = await consumer.read(kafka.addresses, registry.url, counts)
    for (const stream of STREAMS) {
      const { schema, schemaId, records } = written.get(stream) as WrittenStream
      const found = read.filter(({ topic }) => topic === stream)
      expect(found).toHaveLength(RECORDS)
      for (const each of found) {
        const i = indexOf(each)
        expect(each).toEqual({
          topic: stream,
          partition: i % PARTITIONS,
          offset: Math.floor(i / PARTITIONS),
          key: keyOf(i),
          schema_id: schemaId,
          record: toNeutral(records[i], schema),
        })
      }
      expect(new Set(found.map(indexOf)).size).toBe(RECORDS)
    }
  })
})

const keyOf = (i: number): string => `visitor-${i} ☃`

function indexOf({ key }: ReadRecord): number {
  return Number(/^visitor-(\d+) /.exec(key ?? '')?.[1])
}
