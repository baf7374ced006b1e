import { crc32 } from 'node:zlib'
import type { InputRecord } from '../../log.ts'
import { readBytes, readInt32, readInt64, readInt8, type ByteReader } from './byte-reader.ts'
import { BATCH_RECORDS_MAX, decompress } from './codecs.ts'

const CODEC = 0x07
const LOG_APPEND_TIME = 0x08

export interface ReadMessage {
  readonly records: readonly InputRecord[]
  /** Bytes of the message after decompression. */
  readonly unpackedBytes: number
}

/**
 * Reads one message of magic 0 or 1, the formats from before Kafka 0.11, which brokers still hand out as they were
 * written. `bytes` are the message from its checksum on. A compressed one holds others, and its offset is that of the last.
 */
export async function readMessage(offset: bigint, bytes: Buffer): Promise<ReadMessage> {
  const { magic, attributes, timestamp, key, value } = readFields(bytes)
  const codec = attributes & CODEC
  if (codec === 0)
    return { records: [{ key, value, position: offset, appendedAt: timestamp }], unpackedBytes: value.length }
  const unpacked = await decompress(codec, value)
  const inner = readInner(unpacked, magic)
  // From magic 1 on, the offsets within count from the first message.
  const shift = magic === 0 ? 0n : offset - (inner.at(-1)?.position ?? offset)
  const records = inner.map(record => ({
    ...record,
    position: record.position + shift,
    appendedAt: attributes & LOG_APPEND_TIME ? timestamp : record.appendedAt,
  }))
  let before = -1n
  for (const { position } of records) {
    if (position <= before || position > offset)
      throw new Error(
        `a message within has the offset ${position}, which is not between ${before} and ${offset}`,
      )
    before = position
  }
  return { records, unpackedBytes: unpacked.length }
}

function readFields(bytes: Buffer) {
  const reader: ByteReader = { bytes, at: 0 }
  const checksum = readInt32(reader) >>> 0
  if (crc32(bytes.subarray(4)) !== checksum) throw new Error('the checksum of a message does not match')
  const magic = readInt8(reader)
  const attributes = readInt8(reader)
  const timestamp = magic === 0 ? -1 : Number(readInt64(reader))
  const key = readBytes(reader)?.toString() ?? null
  const value = readBytes(reader) ?? EMPTY
  if (reader.at !== bytes.length) throw new Error('a message holds more than its fields')
  return { magic, attributes, timestamp, key, value }
}

const EMPTY = Buffer.alloc(0)

/** Reads the messages within a compressed one. They have its magic, and no others within. */
function readInner(bytes: Buffer, outerMagic: number): InputRecord[] {
  const records: InputRecord[] = []
  const reader: ByteReader = { bytes, at: 0 }
  while (reader.at < bytes.length) {
    const position = readInt64(reader)
    const message = readBytes(reader)
    if (message === null) throw new Error('a message within has no size')
    const { magic, attributes, timestamp, key, value } = readFields(message)
    if (magic !== outerMagic) throw new Error(`a message of magic ${outerMagic} holds one of magic ${magic}`)
    if ((attributes & CODEC) !== 0) throw new Error('a compressed message holds a compressed one')
    if (records.length === BATCH_RECORDS_MAX)
      throw new Error(`a compressed message holds more than ${BATCH_RECORDS_MAX} others`)
    records.push({ key, value, position, appendedAt: timestamp })
  }
  return records
}
