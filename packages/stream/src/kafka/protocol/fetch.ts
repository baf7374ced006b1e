import {
  readBytes,
  readInt16,
  readInt32,
  readInt64,
  readString,
  take,
  type ByteReader,
} from './byte-reader.ts'
import { UnreadableError } from '../../log.ts'
import type { AbortedTransaction, StoredBatches } from './read-batches.ts'
import { errorOf } from './errors.ts'
import { send, type Broker } from './wire.ts'

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
 * response: it does not keep the others from being read. Rejects when the broker refuses the request as a whole, and with
 * `UnreadableError` when its response is damaged.
 */
export async function fetchBatches(broker: Broker, request: FetchRequest): Promise<FetchedPartition[]> {
  const decode = (response: Buffer) => decodeFetched(response, request)
  const { errorCode, partitions } = await send(broker, FETCH, encodeFetch(request), decode)
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

export interface Fetched {
  readonly errorCode: number
  /** Those that were asked for, each at most once; none while the broker throttles this client. */
  readonly partitions: FetchedPartition[]
}

/** Reads the response to a request. Throws an `UnreadableError` when it is not one. */
export function decodeFetched(bytes: Buffer, request: FetchRequest): Fetched {
  try {
    const fetched = decode(bytes)
    checkAnswers(fetched, request)
    return fetched
  } catch (cause) {
    const numbers = request.partitions.map(({ partition }) => partition).join(', ')
    throw new UnreadableError(
      `the broker's response to a fetch of ${request.topic} (partitions ${numbers}) can't be read: ${(cause as Error).message}`,
      { cause },
    )
  }
}

function checkAnswers({ partitions }: Fetched, request: FetchRequest): void {
  const left = new Set(request.partitions.map(({ partition }) => partition))
  for (const { topic, partition } of partitions)
    if (topic !== request.topic || !left.delete(partition))
      throw new Error(`it holds partition ${partition} of ${topic}, which was not asked for or comes twice`)
}

function decode(bytes: Buffer): Fetched {
  const reader: ByteReader = { bytes, at: 0 }
  readInt32(reader) // how long the broker throttles this client, which it does by itself
  const errorCode = readInt16(reader)
  readInt32(reader)
  const partitions: FetchedPartition[] = []
  for (let topics = readInt32(reader); topics > 0; topics--) {
    const topic = readString(reader)
    for (let left = readInt32(reader); left > 0; left--) partitions.push(decodePartition(topic, reader))
  }
  if (reader.at !== bytes.length) throw new Error(`${bytes.length - reader.at} bytes are left over`)
  return { errorCode, partitions }
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
