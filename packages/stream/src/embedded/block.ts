import { crc32, zstdCompressSync, zstdDecompressSync, constants } from 'node:zlib'
import type { InputRecord, OutputRecord } from '../log.ts'

// Records are stored in blocks: one entry of the database holds up to BLOCK_BYTES of records that were appended
// together. Compared with one entry for each record, that halves the file, whose pages fit only three records of 1 KB
// each, and triples the rate. A block names its place and carries checksums, so that whatever a disk does to it is
// found when it is read, and so that a block can be found in a file whose structure is lost. Little-endian:
//
//   magic (4 bytes) · form (uint8: 0 plain, 1 zstd, 2 lost) · length of the stream's name (uint8) · 0xffff (uint16) ·
//   appendedAt (double) · first position (double) · partition (uint32) · records (uint32) · bytes of the body as stored
//   (uint32) · bytes of the body (uint32) · CRC-32 of the body as stored (uint32) · CRC-32 of the header (uint32) ·
//   name of the stream · body
//
// The body, for each record: length of the key + 1, or 0 without a key (uint32) · length of the value (uint32) · key ·
// value. Earlier versions wrote a shorter header, without checksums: appendedAt (double) · records (uint32). The two
// bytes 0xffff tell them apart: they would make that instant no number.

export const MAGIC = Buffer.from('SLBK', 'latin1')

/** The size at which a block is full. A read that starts inside a block passes over at most this many bytes. */
const BLOCK_BYTES = 64 * 1024
/** The largest body that a header may claim: the largest record, with room to spare. */
const BODY_BYTES_MAX = 256 * 1024 * 1024
const HEADER_BYTES = 48
const FORMER_HEADER_BYTES = 12
const MARK = 0xffff
const RECORD_HEADER_BYTES = 8
/** Smaller bodies are not compressed: it would save less than it costs. */
const COMPRESSED_BYTES_MIN = 512
/** The share of its bytes that a body must save to be stored compressed. */
const SAVED_SHARE_MIN = 0.1
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

export type BlockCompression = 'none' | 'zstd'

/** A block that is ready to be placed. */
export interface Block {
  readonly bytes: Buffer
  readonly count: number
}

/** Where a block belongs: the position is the one of its first record. */
export interface BlockPlace {
  readonly stream: string
  readonly partition: number
  readonly first: number
}

/** How the records are stored. `lost`: the block takes the place of records that a damaged log had. */
export type BlockForm = 'plain' | 'zstd' | 'lost'

const FORMS: readonly BlockForm[] = ['plain', 'zstd', 'lost']

/** What a block says of itself. */
export interface BlockHeader {
  readonly appendedAt: number
  readonly count: number
  /** Undefined in blocks of earlier versions. */
  readonly place: BlockPlace | undefined
  readonly form: BlockForm
  readonly bodyAt: number
  readonly storedBytes: number
  readonly bodyBytes: number
  readonly bodyCrc: number | undefined
}

/** A block is not what was written. The message says in what. */
export class DamagedBlockError extends Error {}

export interface PackOptions {
  readonly stream: string
  readonly partition: number
  readonly appendedAt: number
  readonly compression: BlockCompression
}

/** Packs records, in order, into as few blocks as their sizes allow. `placeBlock` completes each. */
export function packBlocks(records: readonly OutputRecord[], options: PackOptions): Block[] {
  const blocks: Block[] = []
  const keyBytes: number[] = []
  let from = 0
  let bytes = 0
  for (let index = 0; index < records.length; index++) {
    const { key, value } = records[index]!
    const length = key === null ? 0 : Buffer.byteLength(key)
    const recordBytes = RECORD_HEADER_BYTES + length + value.length
    if (index > from && bytes + recordBytes > BLOCK_BYTES) {
      blocks.push(pack(records, keyBytes, from, index, bytes, options))
      from = index
      bytes = 0
    }
    keyBytes.push(length)
    bytes += recordBytes
  }
  if (from < records.length) blocks.push(pack(records, keyBytes, from, records.length, bytes, options))
  return blocks
}

function pack(
  records: readonly OutputRecord[],
  keyBytes: readonly number[],
  from: number,
  to: number,
  bodyBytes: number,
  { stream, partition, appendedAt, compression }: PackOptions,
): Block {
  const bodyAt = HEADER_BYTES + Buffer.byteLength(stream)
  let block = Buffer.allocUnsafe(bodyAt + bodyBytes)
  let at = bodyAt
  for (let index = from; index < to; index++) {
    const { key, value } = records[index]!
    const length = keyBytes[index]!
    block.writeUInt32LE(key === null ? 0 : length + 1, at)
    block.writeUInt32LE(value.length, at + 4)
    at += RECORD_HEADER_BYTES
    if (key !== null) block.write(key, at, length, 'utf8')
    block.set(value, at + length)
    at += length + value.length
  }
  const small = compression === 'zstd' ? compressed(block.subarray(bodyAt)) : undefined
  if (small !== undefined) {
    block = block.subarray(0, bodyAt + small.length)
    block.set(small, bodyAt)
  }
  const form = small === undefined ? 'plain' : 'zstd'
  const count = to - from
  writeHeader(block, { stream, partition, appendedAt, form, count, bodyAt, bodyBytes })
  return { bytes: block, count }
}

/** Returns a block that takes the place of records that are lost. */
export function lostBlock({ stream, partition, first }: BlockPlace, count: number): Buffer {
  const bodyAt = HEADER_BYTES + Buffer.byteLength(stream)
  const bytes = Buffer.alloc(bodyAt)
  writeHeader(bytes, { stream, partition, appendedAt: 0, form: 'lost', count, bodyAt, bodyBytes: 0 })
  placeBlock({ bytes, count }, first)
  return bytes
}

interface HeaderFields extends Omit<BlockPlace, 'first'> {
  readonly appendedAt: number
  readonly form: BlockForm
  readonly count: number
  readonly bodyAt: number
  readonly bodyBytes: number
}

/** Writes all of the header but the position and the checksum over it. The body is in its place. */
function writeHeader(
  block: Buffer,
  { stream, partition, appendedAt, form, count, bodyAt, bodyBytes }: HeaderFields,
): void {
  const body = block.subarray(bodyAt)
  block.set(MAGIC, 0)
  block.writeUInt8(FORMS.indexOf(form), 4)
  block.writeUInt8(bodyAt - HEADER_BYTES, 5)
  block.writeUInt16LE(MARK, 6)
  block.writeDoubleLE(appendedAt, 8)
  block.writeUInt32LE(partition, 24)
  block.writeUInt32LE(count, 28)
  block.writeUInt32LE(body.length, 32)
  block.writeUInt32LE(bodyBytes, 36)
  block.writeUInt32LE(crc32(body), 40)
  block.write(stream, HEADER_BYTES, 'utf8')
}

/** Returns the compressed body, or undefined when that saves too little. */
function compressed(body: Buffer): Buffer | undefined {
  if (body.length < COMPRESSED_BYTES_MIN) return undefined
  const small = zstdCompressSync(body, ZSTD)
  return small.length <= body.length * (1 - SAVED_SHARE_MIN) ? small : undefined
}

/** Writes the position of its first record into a block, which is known only in the transaction that stores it. */
export function placeBlock({ bytes }: Block, first: number): void {
  bytes.writeDoubleLE(first, 16)
  bytes.writeUInt32LE(headerCrcOf(bytes, bytes.readUInt8(5)), 44)
}

/** The checksum of the header: of all but itself. */
function headerCrcOf(block: Buffer, nameBytes: number): number {
  return crc32(block.subarray(HEADER_BYTES, HEADER_BYTES + nameBytes), crc32(block.subarray(0, 44)))
}

/** Reads the header of a block. Throws a `DamagedBlockError`. Other bytes may follow the block. */
export function readHeader(block: Buffer): BlockHeader {
  if (block.length < FORMER_HEADER_BYTES) throw new DamagedBlockError(`it has ${block.length} bytes`)
  if (block.readUInt16LE(6) !== MARK) return readFormerHeader(block)
  const nameBytes = block.readUInt8(5)
  if (!block.subarray(0, 4).equals(MAGIC) || block.length < HEADER_BYTES + nameBytes)
    throw new DamagedBlockError('its header is not one')
  if (block.readUInt32LE(44) !== headerCrcOf(block, nameBytes))
    throw new DamagedBlockError('the checksum of its header does not match')
  return {
    appendedAt: block.readDoubleLE(8),
    count: block.readUInt32LE(28),
    place: {
      stream: block.toString('utf8', HEADER_BYTES, HEADER_BYTES + nameBytes),
      partition: block.readUInt32LE(24),
      first: block.readDoubleLE(16),
    },
    form: formOf(block),
    bodyAt: HEADER_BYTES + nameBytes,
    storedBytes: block.readUInt32LE(32),
    bodyBytes: block.readUInt32LE(36),
    bodyCrc: block.readUInt32LE(40),
  }
}

function formOf(block: Buffer): BlockForm {
  const form = FORMS[block.readUInt8(4)]
  if (form === undefined) throw new DamagedBlockError('it is stored in a form that is not known')
  return form
}

function readFormerHeader(block: Buffer): BlockHeader {
  const [appendedAt, count] = [block.readDoubleLE(0), block.readUInt32LE(8)]
  const bodyBytes = block.length - FORMER_HEADER_BYTES
  if (!(appendedAt >= 0) || count === 0 || count > bodyBytes / RECORD_HEADER_BYTES)
    throw new DamagedBlockError('its header is not one')
  return {
    appendedAt,
    count,
    place: undefined,
    form: 'plain',
    bodyAt: FORMER_HEADER_BYTES,
    storedBytes: bodyBytes,
    bodyBytes,
    bodyCrc: undefined,
  }
}

/** Returns the body of a block after checking it. Throws a `DamagedBlockError`. */
export function bodyOf(block: Buffer, header: BlockHeader): Buffer {
  const { bodyAt, storedBytes, bodyBytes, bodyCrc, form } = header
  if (block.length < bodyAt + storedBytes) throw new DamagedBlockError('it is cut off')
  const stored = block.subarray(bodyAt, bodyAt + storedBytes)
  if (bodyCrc !== undefined && crc32(stored) !== bodyCrc)
    throw new DamagedBlockError('the checksum of its records does not match')
  if (form !== 'zstd') return stored
  if (bodyBytes > BODY_BYTES_MAX) throw new DamagedBlockError(`it claims to hold ${bodyBytes} bytes`)
  try {
    const body = zstdDecompressSync(stored, { maxOutputLength: Math.max(1, bodyBytes) })
    if (body.length === bodyBytes) return body
  } catch (error) {
    throw new DamagedBlockError(`it can't be decompressed: ${(error as Error).message}`, { cause: error })
  }
  throw new DamagedBlockError('it is shorter than its header says')
}

/** The room that is left in a read. A read always takes the first record, so that a large one can't block a reader. */
export interface Room {
  records: number
  bytes: number
}

/**
 * Adds records of a block to `into`, from position `from` on, while there is room; `place` is where the block was found.
 * The values are views of `block`, or of its decompressed body. Returns how many positions the block covers, whether
 * its end was reached, and whether its records are lost. Throws a `DamagedBlockError` when the block is not what was written to this place.
 */
export function readBlock(
  block: Buffer,
  place: BlockPlace,
  from: number,
  into: InputRecord[],
  room: Room,
): { readonly count: number; readonly isWhole: boolean; readonly isLost: boolean } {
  const header = readHeader(block)
  checkPlace(header, place)
  const body = bodyOf(block, header)
  const { appendedAt, count } = header
  if (header.form === 'lost') return { count, isWhole: true, isLost: true }
  const end = place.first + count
  let at = 0
  for (let position = place.first; position < end; position++) {
    if (at + RECORD_HEADER_BYTES > body.length) throw new DamagedBlockError('its records are cut off')
    const keyField = body.readUInt32LE(at)
    const keyBytes = keyField === 0 ? 0 : keyField - 1
    const valueBytes = body.readUInt32LE(at + 4)
    const keyAt = at + RECORD_HEADER_BYTES
    const valueAt = keyAt + keyBytes
    at = valueAt + valueBytes
    if (at > body.length) throw new DamagedBlockError('its records are cut off')
    if (position < from) continue
    if (into.length > 0 && (room.records <= 0 || room.bytes < keyBytes + valueBytes))
      return { count, isWhole: false, isLost: false }
    room.records--
    room.bytes -= keyBytes + valueBytes
    into.push({
      key: keyField === 0 ? null : body.toString('utf8', keyAt, valueAt),
      value: body.subarray(valueAt, at),
      position: BigInt(position),
      appendedAt,
    })
  }
  return { count, isWhole: true, isLost: false }
}

/** Throws a `DamagedBlockError` when the block says that it belongs somewhere else. */
export function checkPlace({ place: own }: BlockHeader, { stream, partition, first }: BlockPlace): void {
  if (own !== undefined && (own.stream !== stream || own.partition !== partition || own.first !== first))
    throw new DamagedBlockError(
      `it belongs to position ${own.first} of stream ${own.stream}, partition ${own.partition}`,
    )
}
