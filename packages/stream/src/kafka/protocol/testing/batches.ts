// Batches and messages as brokers store them, written for tests in every format and codec.
import { crc32 } from 'node:zlib'
import { compressFrameSync } from 'lz4-napi'
import { compressSync } from 'snappy'
import { crc32c } from '../crc32c.ts'
import { encodeBatch, HEAD_BYTES, type BatchHead } from '../record-batch.ts'

export const HEAD: BatchHead = {
  producerId: '-1',
  producerEpoch: 0,
  firstSequence: 0,
  isTransactional: false,
  compression: 'none',
  timestamp: 1_795_200_000_000,
}
/** The key that the mark of an aborted transaction has, which any client can give to a record of its own. */
export const KEY_OF_AN_ABORT = '\0\0\0\0'

export interface Sent {
  readonly key: string | null
  readonly value: Buffer
}

export const sent = (...keys: (string | null)[]): Sent[] =>
  keys.map(key => ({ key, value: Buffer.from(`of ${key}`) }))

/** A batch as the broker stores it at an offset. */
export async function batchAt(
  offset: bigint,
  records: readonly Sent[],
  head: Partial<BatchHead> = {},
): Promise<Buffer> {
  const batch = await encodeBatch({ ...HEAD, ...head }, records)
  batch.writeBigInt64BE(offset, 0)
  return batch
}

/** The same batch with another value in its head, and the checksum that belongs to it. */
export function changed(batch: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(batch)
  change(copy)
  copy.writeInt32BE(copy.length - 12, 8)
  copy.writeUInt32BE(crc32c(copy, 21), 17)
  return copy
}

const CONTROL = 0x20
export const setAttributes = (copy: Buffer, bits: number): number =>
  copy.writeInt16BE(copy.readInt16BE(21) | bits, 21)

export async function endAt(offset: bigint, producerId: string, end: 'abort' | 'commit'): Promise<Buffer> {
  const key = end === 'abort' ? KEY_OF_AN_ABORT : '\0\0\0\u0001'
  const batch = await batchAt(offset, [{ key, value: Buffer.alloc(6) }], {
    producerId,
    isTransactional: true,
  })
  return changed(batch, copy => setAttributes(copy, CONTROL))
}

/** The batch with its records compressed by another library. */
export function recoded(batch: Buffer, codec: number, compress: (bytes: Buffer) => Buffer): Buffer {
  const compressed = compress(batch.subarray(HEAD_BYTES))
  return changed(Buffer.concat([batch.subarray(0, HEAD_BYTES), compressed]), copy =>
    setAttributes(copy, codec),
  )
}

export const snappy = (bytes: Buffer): Buffer => compressSync(bytes as Buffer<ArrayBuffer>)
export const lz4 = (bytes: Buffer): Buffer => compressFrameSync(bytes as Buffer<ArrayBuffer>)

/** The frame that Java's clients put around Snappy: blocks of at most 32 KiB, each with its length. */
export function javaSnappy(bytes: Buffer): Buffer {
  const parts = [Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])]
  for (let at = 0; at < bytes.length; at += 200) {
    const block = snappy(bytes.subarray(at, at + 200))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(block.length)
    parts.push(length, Buffer.from(block))
  }
  return Buffer.concat(parts)
}

/** A message of magic 0 or 1, with offset and size in front. */
export function message(
  magic: 0 | 1,
  offset: bigint,
  key: string | null,
  value: Buffer,
  attributes = 0,
): Buffer {
  const head = Buffer.alloc(magic === 0 ? 6 : 14)
  head[4] = magic
  head[5] = attributes
  if (magic === 1) head.writeBigInt64BE(1_700_000_000_000n, 6)
  const keyBytes = key === null ? Buffer.alloc(0) : Buffer.from(key)
  const lengths = [Buffer.alloc(4), Buffer.alloc(4)] as const
  lengths[0].writeInt32BE(key === null ? -1 : keyBytes.length)
  lengths[1].writeInt32BE(value.length)
  const bytes = Buffer.concat([head, lengths[0], keyBytes, lengths[1], value])
  bytes.writeUInt32BE(crc32(bytes.subarray(4)), 0)
  const entry = Buffer.alloc(12)
  entry.writeBigInt64BE(offset, 0)
  entry.writeInt32BE(bytes.length, 8)
  return Buffer.concat([entry, bytes])
}

/** The same message with other fields, and the checksum that belongs to them. */
export function changedMessage(entry: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(entry)
  change(copy)
  copy.writeInt32BE(copy.length - 12, 8)
  copy.writeUInt32BE(crc32(copy.subarray(16)), 12)
  return copy
}
