import {
  readBytes,
  readInt16,
  readInt32,
  readInt64,
  readString,
  take,
  type ByteReader,
} from './byte-reader.ts'
import type { AbortedTransaction, StoredBatches } from './read-batches.ts'
import { errorOf, send, type Broker } from './wire.ts'

/** The request for one topic on one broker. */
export interface FetchRequest {
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    readonly offset: bigint
    readonly bytesMax: number
  }[]
  /** How long the broker waits until it has a byte to send. */
  readonly waitMsMax: number
  readonly bytesMax: number
}

export interface FetchedPartition extends StoredBatches {
  /** 0 without an error; `errorOf` gives the meaning of the other codes. */
  readonly errorCode: number
}

/** Version 11 has what is needed (zstd since 10) and is spoken by every broker from 2.3 on. */
const FETCH = { apiKey: 1, apiVersion: 11, apiName: 'Fetch' }
const READ_COMMITTED = 1

/**
 * Fetches batches of several partitions up to the last stable offset. An error of one partition is in its part of the
 * response: it does not keep the others from being read. Rejects when the broker refuses the request as a whole.
 */
export async function fetchBatches(broker: Broker, request: FetchRequest): Promise<FetchedPartition[]> {
  const { errorCode, partitions } = await send(broker, FETCH, encodeFetch(request), decodeFetched)
  if (errorCode !== 0) throw errorOf(errorCode)
  return partitions
}

const CONSUMER = -1
const NO_SESSION = 0
const NO_EPOCH = -1
const UNKNOWN_EPOCH = -1
const UNKNOWN_OFFSET = -1n
/** Bytes of a partition in the request. */
const PARTITION_BYTES = 28

function encodeFetch({ topic, partitions, waitMsMax, bytesMax }: FetchRequest): Buffer {
  const name = Buffer.from(topic)
  const bytes = Buffer.alloc(25 + 4 + 2 + name.length + 4 + partitions.length * PARTITION_BYTES + 4 + 2)
  let at = 0
  at = bytes.writeInt32BE(CONSUMER, at)
  at = bytes.writeInt32BE(waitMsMax, at)
  at = bytes.writeInt32BE(1, at)
  at = bytes.writeInt32BE(bytesMax, at)
  at = bytes.writeInt8(READ_COMMITTED, at)
  at = bytes.writeInt32BE(NO_SESSION, at)
  at = bytes.writeInt32BE(NO_EPOCH, at)
  at = bytes.writeInt32BE(1, at)
  at = bytes.writeInt16BE(name.length, at)
  at += name.copy(bytes, at)
  at = bytes.writeInt32BE(partitions.length, at)
  for (const { partition, offset, bytesMax: partitionBytesMax } of partitions) {
    at = bytes.writeInt32BE(partition, at)
    at = bytes.writeInt32BE(UNKNOWN_EPOCH, at)
    at = bytes.writeBigInt64BE(offset, at)
    at = bytes.writeBigInt64BE(UNKNOWN_OFFSET, at)
    at = bytes.writeInt32BE(partitionBytesMax, at)
  }
  // No topic of a fetch session is forgotten, and no rack is named: both fields are zero.
  return bytes
}

/** Exported for its test. */
export function decodeFetched(bytes: Buffer): {
  errorCode: number
  /** Milliseconds for which the broker asks for no further request; kafkajs keeps to it. */
  clientSideThrottleTime: number
  partitions: FetchedPartition[]
} {
  const reader: ByteReader = { bytes, at: 0 }
  const clientSideThrottleTime = readInt32(reader)
  const errorCode = readInt16(reader)
  readInt32(reader)
  const partitions: FetchedPartition[] = []
  for (let topics = readInt32(reader); topics > 0; topics--) {
    const topic = readString(reader)
    for (let left = readInt32(reader); left > 0; left--) partitions.push(decodePartition(topic, reader))
  }
  return { errorCode, clientSideThrottleTime, partitions }
}

function decodePartition(topic: string, reader: ByteReader): FetchedPartition {
  const partition = readInt32(reader)
  const errorCode = readInt16(reader)
  readInt64(reader) // the high watermark
  const lastStableOffset = readInt64(reader)
  readInt64(reader) // where the log starts
  const aborted: AbortedTransaction[] = []
  for (let left = readInt32(reader); left > 0; left--)
    aborted.push({ producerId: readInt64(reader), firstOffset: readInt64(reader) })
  readInt32(reader) // a replica nearer by
  return {
    topic,
    partition,
    errorCode,
    lastStableOffset,
    aborted,
    batches: readBytes(reader) ?? take(reader, 0),
  }
}
