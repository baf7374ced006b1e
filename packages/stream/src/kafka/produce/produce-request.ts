import { readInt16, readInt32, readInt64, readString, type ByteReader } from '../protocol/byte-reader.ts'
import type { NumberedBatch, ProducerId } from './sequences.ts'
import { encodeBatch, type Compression } from '../protocol/record-batch.ts'

export interface ProduceRequest {
  readonly producer: ProducerId
  readonly compression: Compression
  /** How long the leader waits for the other replicas. */
  readonly timeoutMs: number
  /** At most one for each partition. */
  readonly batches: readonly NumberedBatch[]
}

/** Version 7 has what is needed (zstd since 7), and holds a batch as brokers store it. */
export const PRODUCE = { apiKey: 0, apiVersion: 7, apiName: 'Produce' }
const ACKS_OF_ALL = -1

/** Returns the body of a produce request, version 3 to 7 of Kafka's protocol. All in-sync replicas acknowledge it. */
export async function encodeProduce({
  producer,
  compression,
  timeoutMs,
  batches,
}: ProduceRequest): Promise<Buffer> {
  const { transactionalId, producerId, producerEpoch } = producer
  const timestamp = Date.now()
  const parts: Buffer[] = [stringOrNull(transactionalId), int16(ACKS_OF_ALL), int32(timeoutMs)]
  const topics = Map.groupBy(batches, ({ topic }) => topic)
  parts.push(int32(topics.size))
  for (const [topic, own] of topics) {
    parts.push(stringOrNull(topic), int32(own.length))
    for (const { partition, firstSequence, records } of own) {
      const encoded = await encodeBatch(
        {
          producerId,
          producerEpoch,
          firstSequence,
          isTransactional: transactionalId !== undefined,
          compression,
          timestamp,
        },
        records,
      )
      parts.push(int32(partition), int32(encoded.length), encoded)
    }
  }
  return Buffer.concat(parts)
}

/** Returns the error of the first partition that has one; 0 when all batches were written. */
export function decodeProduced(bytes: Buffer): number {
  const reader: ByteReader = { bytes, at: 0 }
  for (let topics = readInt32(reader); topics > 0; topics--) {
    readString(reader)
    for (let partitions = readInt32(reader); partitions > 0; partitions--) {
      readInt32(reader)
      const errorCode = readInt16(reader)
      if (errorCode !== 0) return errorCode
      readInt64(reader) // the first offset
      readInt64(reader) // the time of the append
      readInt64(reader) // where the log starts
    }
  }
  return 0
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
