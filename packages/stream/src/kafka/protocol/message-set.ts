import { crc32 } from 'node:zlib'
import type { InputRecord } from '../../log.ts'
import { readBytes, readInt32, readInt64, readInt8, type ByteReader } from './byte-reader.ts'
import { decompress } from './codecs.ts'

const CODEC = 0x07
const LOG_APPEND_TIME = 0x08

/**
 * Reads one message of magic 0 or 1, the formats from before Kafka 0.11, which brokers still hand out as they were
 * written. `bytes` are the message from its checksum on. A compressed one holds others, and its offset is that of the last.
 */
export async function readMessage(offset: bigint, bytes: Buffer): Promise<InputRecord[]> {
  const reader: ByteReader = { bytes, at: 0 }
  const checksum = readInt32(reader) >>> 0
  if (crc32(bytes.subarray(4)) !== checksum) throw new Error('the checksum of a message does not match')
  const magic = readInt8(reader)
  const attributes = readInt8(reader)
  const timestamp = magic === 0 ? -1 : Number(readInt64(reader))
  const key = readBytes(reader)
  const value = readBytes(reader)
  const codec = attributes & CODEC
  if (codec === 0)
    return [{ key: key?.toString() ?? null, value: value ?? EMPTY, position: offset, appendedAt: timestamp }]
  const inner = await readAll(await decompress(codec, value ?? EMPTY))
  // From magic 1 on, the offsets within count from the first message.
  const shift = magic === 0 ? 0n : offset - (inner.at(-1)?.position ?? offset)
  return inner.map(record => ({
    ...record,
    position: record.position + shift,
    appendedAt: attributes & LOG_APPEND_TIME ? timestamp : record.appendedAt,
  }))
}

const EMPTY = Buffer.alloc(0)
/** Offset and size, in front of each message. */
const ENTRY_HEAD_BYTES = 12

async function readAll(bytes: Buffer): Promise<InputRecord[]> {
  const records: InputRecord[] = []
  const reader: ByteReader = { bytes, at: 0 }
  while (reader.at + ENTRY_HEAD_BYTES <= bytes.length) {
    const offset = readInt64(reader)
    const message = readBytes(reader)
    if (message === null) throw new Error('a message within has no size')
    if (((message[5] ?? 0) & CODEC) !== 0) throw new Error('a compressed message holds a compressed one')
    records.push(...(await readMessage(offset, message)))
  }
  return records
}
