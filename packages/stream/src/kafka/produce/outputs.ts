import type { OutputRecord } from '../../log.ts'
import { partitionOf } from '../../partitioner.ts'
import type { WireRecord } from '../protocol/wire.ts'

/** A record whose topic and partition are settled. */
export interface Placed {
  readonly topic: string
  readonly partition: number
  readonly record: WireRecord
  readonly bytes: number
}

/** Records for one partition that are sent as one batch. */
export interface RecordBatch {
  readonly topic: string
  readonly partition: number
  readonly records: WireRecord[]
}

/** Bytes that a record takes at most in addition to its key and value: lengths, offsets and times. */
const OVERHEAD_BYTES = 32

/**
 * Settles the partition of each record: the one that the record names, or the one of its key. Kafka's client never
 * chooses it. Throws when a record names a partition that does not exist, or is larger than `bytesMax`.
 */
export function place(
  topic: string,
  records: readonly OutputRecord[],
  partitionCount: number,
  bytesMax: number,
): Placed[] {
  return records.map(({ key, value, partition: named }) => {
    const partition = named ?? partitionOf(key, partitionCount)
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitionCount)
      throw new RangeError(
        `${topic} has ${partitionCount} partitions, and a record is for partition ${partition}`,
      )
    const bytes = OVERHEAD_BYTES + (key === null ? 0 : Buffer.byteLength(key)) + value.length
    if (bytes > bytesMax)
      throw new RangeError(
        `a record for ${topic} takes ${bytes} bytes, and log.kafka.recordBytesMax is ${bytesMax}: raise it, and the topic's max.message.bytes`,
      )
    return { topic, partition, record: { key, value: asBuffer(value) }, bytes }
  })
}

/**
 * Groups records into batches of at most `bytesMax`, and batches into requests that the caller sends one after another.
 * A request holds at most one batch for each partition. The order of the records within each partition is kept.
 */
export function intoRequests(placed: readonly Placed[], bytesMax: number): RecordBatch[][] {
  const requests: RecordBatch[][] = []
  const open = new Map<string, { batch: RecordBatch; request: number; bytes: number }>()
  for (const { topic, partition, record, bytes } of placed) {
    const key = `${partition} ${topic}`
    let current = open.get(key)
    if (current === undefined || current.bytes + bytes > bytesMax) {
      const request = current === undefined ? 0 : current.request + 1
      current = { batch: { topic, partition, records: [] }, request, bytes: 0 }
      open.set(key, current)
      ;(requests[request] ??= []).push(current.batch)
    }
    current.batch.records.push(record)
    current.bytes += bytes
  }
  return requests
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}
