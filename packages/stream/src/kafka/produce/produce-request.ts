import type { NumberedParcel, ProducerId } from './sequences.ts'
import { encodeBatch } from '../protocol/record-batch.ts'

export interface ProduceRequest {
  readonly producer: ProducerId
  readonly compression: 'none' | 'gzip'
  /** How long the leader waits for the other replicas. */
  readonly timeoutMs: number
  readonly parcels: readonly NumberedParcel[]
}

const ACKS_OF_ALL = -1

/** The body of a produce request, version 3 to 7 of Kafka's protocol: acknowledged by all in-sync replicas. */
export async function encodeProduce({
  producer,
  compression,
  timeoutMs,
  parcels,
}: ProduceRequest): Promise<Buffer> {
  const { transactionalId, producerId, producerEpoch } = producer
  const timestamp = Date.now()
  const parts: Buffer[] = [stringOrNull(transactionalId), int16(ACKS_OF_ALL), int32(timeoutMs)]
  const topics = Map.groupBy(parcels, ({ topic }) => topic)
  parts.push(int32(topics.size))
  for (const [topic, own] of topics) {
    parts.push(stringOrNull(topic), int32(own.length))
    for (const { partition, firstSequence, messages } of own) {
      const batch = await encodeBatch(
        {
          producerId,
          producerEpoch,
          firstSequence,
          isTransactional: transactionalId !== undefined,
          compression,
          timestamp,
        },
        messages,
      )
      parts.push(int32(partition), int32(batch.length), batch)
    }
  }
  return Buffer.concat(parts)
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return bytes
}

function stringOrNull(text: string | undefined): Buffer {
  return text === undefined ? int16(-1) : Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)])
}
