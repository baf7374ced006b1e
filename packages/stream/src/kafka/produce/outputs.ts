import type { OutputRecord } from '../../log.ts'
import { partitionOf } from '../../partitioner.ts'
import type { Message } from '../protocol/wire.ts'

/** A record that has its place. */
export interface Placed {
  readonly topic: string
  readonly partition: number
  readonly message: Message
  readonly bytes: number
}

/** Records for one partition that go out as one batch. */
export interface Parcel {
  readonly topic: string
  readonly partition: number
  readonly messages: Message[]
}

/** What a record takes beside its key and value, at most: lengths, offsets and times. */
const OVERHEAD_BYTES = 32

/**
 * Settles the partition of each record; it is never left to the client. Throws when a record names a partition that
 * is not there, or is too large.
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
    return { topic, partition, message: { key, value: asBuffer(value) }, bytes }
  })
}

/**
 * Batches that go out one round after the other: in a round at most one for each partition, none larger than
 * `bytesMax`, and the order within each partition is kept.
 */
export function intoRounds(placed: readonly Placed[], bytesMax: number): Parcel[][] {
  const rounds: Parcel[][] = []
  const open = new Map<string, { parcel: Parcel; round: number; bytes: number }>()
  for (const { topic, partition, message, bytes } of placed) {
    const key = `${partition} ${topic}`
    let current = open.get(key)
    if (current === undefined || current.bytes + bytes > bytesMax) {
      const round = current === undefined ? 0 : current.round + 1
      current = { parcel: { topic, partition, messages: [] }, round, bytes: 0 }
      open.set(key, current)
      ;(rounds[round] ??= []).push(current.parcel)
    }
    current.parcel.messages.push(message)
    current.bytes += bytes
  }
  return rounds
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}
