import '@sluicebox/stream/kafka/protocol/mend-kafkajs'
import avro from 'avsc'
import kafkajs from 'kafkajs'
import { schemaText } from '../checker/schemas.ts'

// Node.js does not see all names that this package exports.
const { Kafka, logLevel, Partitioners } = kafkajs

export interface ForeignRecord {
  readonly key: string | null
  readonly value: Buffer | null
  /** Where the record goes; by its key, as all of Kafka's clients do it, unless given. */
  readonly partition?: number
}

/** Writes records past the pipeline, as somebody else's program would. */
export async function append(
  brokers: readonly string[],
  topic: string,
  records: readonly ForeignRecord[],
): Promise<void> {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  try {
    // One at a time, and so none of them is lost in a retry.
    for (const record of records) await producer.send({ topic, messages: [record], acks: -1 })
  } finally {
    await producer.disconnect()
  }
}

/** A record of raw as another version of the collector writes it, under this schema. */
export function rawRecord(schema: string, id: number, visitor: string, body: string): Buffer {
  const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema)
  const defaults = Object.fromEntries(
    (JSON.parse(schema) as { fields: { name: string; default: unknown }[] }).fields.map(each => [
      each.name,
      each.default,
    ]),
  )
  const record = type.toBuffer({
    ...defaults,
    ...{ kind: 'payload', collected_at: Date.now(), collector: 'another-1', request_id: visitor, visitor },
    ...{ path: '/v1/events', content_type: 'application/x-ndjson', body: Buffer.from(body) },
  })
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(id, 1)
  return Buffer.concat([frame, record])
}

/** The schema of raw with other words in it: to readers the same, to a registry another one. */
export function otherRawSchema(doc: string): string {
  return JSON.stringify({ ...(JSON.parse(schemaText('raw')) as object), doc })
}
