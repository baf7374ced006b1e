import { promisify } from 'node:util'
import { gunzip as gunzipCallback, zstdDecompress as zstdCallback } from 'node:zlib'
import { decompressFrame } from 'lz4-napi'
import { uncompress } from 'snappy'

const gunzip = promisify(gunzipCallback)
const zstd = promisify(zstdCallback)

/**
 * The most bytes that a batch may have after decompression. A batch that declares more is refused before memory is
 * allocated.
 */
export const UNPACKED_BYTES_MAX = 256 * 1024 * 1024

/**
 * The most records of one batch, which is librdkafka's limit too. A record of seven bytes takes some hundred in memory,
 * so that the limit on decompressed bytes does not bound what a batch takes.
 */
export const BATCH_RECORDS_MAX = 1_000_000

/**
 * Decompresses the records of a batch. `codec` is the number that the lowest three bits of the attributes have. Rejects
 * with the reason when the bytes are damaged, the codec is unknown, or more than `UNPACKED_BYTES_MAX` would come out.
 */
export async function decompress(codec: number, bytes: Buffer): Promise<Buffer> {
  switch (codec) {
    case 0:
      return bytes
    case 1:
      return gunzip(bytes, { maxOutputLength: UNPACKED_BYTES_MAX })
    case 2:
      return unsnap(bytes)
    case 3:
      checkSize(lz4BytesMax(bytes))
      return decompressFrame(bytes)
    case 4:
      return zstd(bytes, { maxOutputLength: UNPACKED_BYTES_MAX })
    default:
      throw new Error(`compression codec ${codec} is not known`)
  }
}

function checkSize(bytes: number): void {
  if (bytes > UNPACKED_BYTES_MAX)
    throw new Error(`it may take ${bytes} bytes decompressed, more than ${UNPACKED_BYTES_MAX}`)
}

/** Java's clients put blocks of Snappy into a frame of their own; others send one block. */
const SNAPPY_FRAME = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const SNAPPY_HEAD_BYTES = 16

async function unsnap(bytes: Buffer): Promise<Buffer> {
  const blocks: Buffer[] = []
  if (!bytes.subarray(0, SNAPPY_FRAME.length).equals(SNAPPY_FRAME)) blocks.push(bytes)
  else
    for (let at = SNAPPY_HEAD_BYTES; at < bytes.length;) {
      const length = bytes.readUInt32BE(at)
      if (at + 4 + length > bytes.length) throw new Error('a block of Snappy is cut')
      blocks.push(bytes.subarray(at + 4, at + 4 + length))
      at += 4 + length
    }
  checkSize(blocks.reduce((sum, block) => sum + snappyBytes(block), 0))
  return Buffer.concat((await Promise.all(blocks.map(block => uncompress(block)))) as Buffer[])
}

/** A block of Snappy begins with its size decompressed: seven bits a byte, the lowest first. */
function snappyBytes(block: Buffer): number {
  let size = 0
  for (let at = 0; at < 5 && at < block.length; at++) {
    const byte = block[at]!
    size += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return size
  }
  throw new Error('a block of Snappy has no size')
}

const LZ4_MAGIC = 0x184d2204
const STORED = 0x80000000

/**
 * The most bytes that an LZ4 frame can hold: the number of its blocks times the block size in its header. A second frame
 * behind the first is refused: Kafka's clients write one, and the library would decompress them all. See the LZ4 frame
 * format, version 1.6.
 */
function lz4BytesMax(bytes: Buffer): number {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== LZ4_MAGIC) throw new Error('it is not an LZ4 frame')
  const flags = bytes[4]!
  const blockBytesMax = 2 ** (8 + 2 * ((bytes[5]! >> 4) & 7))
  const checksumBytes = flags & 0x10 ? 4 : 0
  let at = 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0)
  for (let blocks = 0; at + 4 <= bytes.length; blocks++) {
    const size = bytes.readUInt32LE(at)
    at += 4
    if (size === 0) {
      if (at + (flags & 0x04 ? 4 : 0) !== bytes.length) throw new Error('more follows behind an LZ4 frame')
      return blocks * blockBytesMax
    }
    at += (size & ~STORED) + checksumBytes
  }
  throw new Error('an LZ4 frame is cut')
}
