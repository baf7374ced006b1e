// Goal: a program that knows Kafka and a schema registry can read every stream, with tools that know nothing of us.
import { STREAMS, type StreamName } from '@sluicebox/event/records'
import { registryConfig } from '@sluicebox/registry/config'
import { openStreamRegistry } from '@sluicebox/registry/streams/stream-registry'
import { logConfig } from '@sluicebox/stream/config'
import { openKafkaLog } from '@sluicebox/stream/kafka/log'
import { createTopics } from '@sluicebox/stream/kafka/topics'
import type { OutputRecord } from '@sluicebox/stream/log'
import { partitionOf } from '@sluicebox/stream/partitioner'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serversAvailable } from '@sluicebox/infra/local/available'
import { startKafka, type LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import { startRegistry, type LocalRegistry } from '@sluicebox/infra/local/registry'
import { json } from '../e2e/sluicebox.ts'
import { otherConsumers } from './others.ts'
import { sampleRecords, toNeutral, type AnyRecord, type AvroRecord } from './records.ts'

const RECORDS = 150
const PARTITIONS = 3
const consumers = await otherConsumers()

interface WrittenStream {
  readonly schema: AvroRecord
  readonly schemaId: number
  readonly records: readonly AnyRecord[]
}

describe.skipIf(consumers.length === 0 || !(await serversAvailable('kafka', 'registry')))(
  'records of ours',
  () => {
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

    /** As the stages do: raw is appended, the others are committed with the position in raw, some at a time. */
    async function writeAll(): Promise<void> {
      const config = logConfig.parse({
        kind: 'kafka',
        partitions: PARTITIONS,
        kafka: { brokers: kafka.addresses, replicas: 1, inSyncReplicasMin: 1 },
      })
      await createTopics(config, STREAMS)
      const outputs = new Map<StreamName, OutputRecord[]>()
      const schemas = await openStreamRegistry(registryConfig.parse({ url: registry.url }), {
        subjectPrefix: '',
      })
      for (const stream of STREAMS) {
        const { id, text } = await schemas.schema(stream)
        const { encode } = await schemas.codec(stream)
        const schema = JSON.parse(text) as AvroRecord
        const records = sampleRecords(schema, RECORDS)
        written.set(stream, { schema, schemaId: id, records })
        outputs.set(
          stream,
          records.map((record, i) => ({ key: keyOf(i), value: encode(record as never) })),
        )
      }
      const outputsOf = (stream: StreamName, keys: readonly (string | null)[]): OutputRecord[] =>
        keys.map(key => outputs.get(stream)?.[indexOf(key)] as OutputRecord)

      await using log = await openKafkaLog({ config: config.kafka })
      await log.append('raw', outputs.get('raw') ?? [])
      const done = new AbortController()
      let left = RECORDS
      const options = {
        stream: 'raw',
        group: 'copier',
        recordsMax: 20,
        bytesMax: 1_000_000,
        signal: done.signal,
      }
      await log.consume(options, async owned => {
        for (let batch = await owned.next(); batch !== undefined; batch = await owned.next()) {
          const keys = batch.records.map(({ key }) => key)
          const [good, bad, scored] = (['good', 'bad', 'scored'] as const).map(stream =>
            outputsOf(stream, keys),
          )
          await owned.commit({ good: good ?? [], bad: bad ?? [], scored: scored ?? [] }, batch.next)
          left -= keys.length
          if (left === 0) done.abort()
        }
      })
    }

    test.each(consumers)('are what they were, field by field, to the decoder $decoder', async consumer => {
      const counts = Object.fromEntries(STREAMS.map(stream => [stream, RECORDS]))
      const read = await consumer.read(kafka.addresses, registry.url, counts)
      for (const stream of STREAMS) {
        const { schema, schemaId, records } = written.get(stream) as WrittenStream
        const found = read.filter(({ topic }) => topic === stream)
        expect(found).toHaveLength(RECORDS)
        for (const { key, ...each } of found) {
          const i = indexOf(key)
          expect(each).toEqual({
            topic: stream,
            partition: partitionOf(keyOf(i), PARTITIONS),
            schema_id: schemaId,
            record: toNeutral(records[i], schema),
          })
        }
        expect(found.map(({ key }) => key).toSorted()).toEqual(records.map((_, i) => keyOf(i)).toSorted())
      }
    })
  },
)

const keyOf = (i: number): string => `visitor-${i} ☃`

function indexOf(key: string | null): number {
  return Number(/^visitor-(\d+) /.exec(key ?? '')?.[1])
}
