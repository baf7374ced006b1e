import { promisify } from 'node:util'
import { constants, gzip as gzipCallback, zstdCompress as zstdCallback } from 'node:zlib'
import { crc32c } from './crc32c.ts'
import type { WireRecord } from './wire.ts'

const gzip = promisify(gzipCallback)
const zstd = promisify(zstdCallback)

export type Compression = 'none' | 'gzip' | 'zstd'

/** The fields of the head of a batch that its writer chooses. */
export interface BatchHead {
  readonly producerId: string
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly isTransactional: boolean
  readonly compression: Compression
  /** Epoch milliseconds, the same for all records of the batch. */
  readonly timestamp: number
}

/** Length of the head, from the first offset to the count of records. */
export const HEAD_BYTES = 61
/** Bytes that a record takes at most in addition to its key and value. */
const RECORD_BYTES = 32

/**
 * Returns a batch of records as brokers store it: magic 2 of Kafka's message format. It is written into one buffer:
 * clients make several for each record, which costs more than all the rest of their work.
 */
export async function encodeBatch(head: BatchHead, records: readonly WireRecord[]): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(HEAD_BYTES + sizeMax(records))
  const end = writeRecords(buffer, HEAD_BYTES, records)
  if (head.compression === 'none') return writeHead(buffer.subarray(0, end), head, records.length)
  const compressed = await compress(head.compression, buffer.subarray(HEAD_BYTES, end))
  return writeHead(Buffer.concat([buffer.subarray(0, HEAD_BYTES), compressed]), head, records.length)
}

/** The fastest level: the next ones save little more of small events, and cost twice the time. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

function compress(compression: 'gzip' | 'zstd', bytes: Buffer): Promise<Buffer> {
  return compression === 'gzip' ? gzip(bytes) : zstd(bytes, ZSTD)
}

function sizeMax(records: readonly WireRecord[]): number {
  let bytes = 0
  // UTF-8 takes at most three bytes for each UTF-16 unit.
  for (const { key, value } of records) bytes += RECORD_BYTES + value.length + 3 * (key?.length ?? 0)
  return bytes
}

const COMPRESSION = { none: 0, gzip: 1, zstd: 4 } as const
const TRANSACTIONAL = 16
/** The checksum covers the batch from this byte on. */
const CHECKED_FROM = 21

function writeHead(batch: Buffer, head: BatchHead, count: number): Buffer {
  const { producerId, producerEpoch, firstSequence, isTransactional, compression, timestamp } = head
  batch.writeBigInt64BE(0n, 0)
  // The length counts from the byte behind this field.
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(COMPRESSION[compression] | (isTransactional ? TRANSACTIONAL : 0), 21)
  batch.writeInt32BE(count - 1, 23)
  batch.writeBigInt64BE(BigInt(timestamp), 27)
  batch.writeBigInt64BE(BigInt(timestamp), 35)
  batch.writeBigInt64BE(BigInt(producerId), 43)
  batch.writeInt16BE(producerEpoch, 51)
  batch.writeInt32BE(firstSequence, 53)
  batch.writeInt32BE(count, 57)
  batch.writeUInt32BE(crc32c(batch, CHECKED_FROM), 17)
  return batch
}

function writeRecords(into: Buffer, from: number, records: readonly WireRecord[]): number {
  let at = from
  for (let index = 0; index < records.length; index++) {
    const { key, value } = records[index]!
    const keyBytes = key === null ? 0 : Buffer.byteLength(key)
    const length =
      3 + // attributes, time, no headers
      sizeOfVarInt(index) +
      sizeOfVarInt(key === null ? -1 : keyBytes) +
      keyBytes +
      sizeOfVarInt(value.length) +
      value.length
    at = writeVarInt(into, at, length)
    into[at++] = 0
    into[at++] = 0
    at = writeVarInt(into, at, index)
    at = writeVarInt(into, at, key === null ? -1 : keyBytes)
    if (key !== null) at += into.write(key, at, keyBytes, 'utf8')
    at = writeVarInt(into, at, value.length)
    into.set(value, at)
    at += value.length
    into[at++] = 0
  }
  return at
}

/** Zigzag, then seven bits a byte, the lowest first. */
function writeVarInt(into: Buffer, from: number, value: number): number {
  let at = from
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  while (rest > 0x7f) {
    into[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  into[at++] = rest
  return at
}

function sizeOfVarInt(value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  let bytes = 1
  while (rest > 0x7f) {
    bytes++
    rest >>>= 7
  }
  return bytes
}
