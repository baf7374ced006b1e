import type { InputRecord, OutputRecord } from '../log.ts'

// Records are stored in blocks: one entry of the database holds up to BLOCK_BYTES of records that were appended
// together. Compared with one entry for each record, that halves the file, whose pages fit only three records of 1 KB
// each, and triples the rate. The layout of a block, little-endian:
//
//   appendedAt (double) · count (uint32) · then for each record: length of the key + 1, or 0 without a key (uint32) ·
//   length of the value (uint32) · key · value

/** The size at which a block is full. A read that starts inside a block passes over at most this many bytes. */
const BLOCK_BYTES = 64 * 1024
const HEADER_BYTES = 12
const RECORD_HEADER_BYTES = 8

export interface Block {
  readonly bytes: Buffer
  readonly count: number
}

/** Packs records, in order, into as few blocks as their sizes allow. */
export function packBlocks(records: readonly OutputRecord[], appendedAt: number): Block[] {
  const blocks: Block[] = []
  const keyBytes: number[] = []
  let from = 0
  let bytes = HEADER_BYTES
  for (let index = 0; index < records.length; index++) {
    const { key, value } = records[index]!
    const length = key === null ? 0 : Buffer.byteLength(key)
    const recordBytes = RECORD_HEADER_BYTES + length + value.length
    if (index > from && bytes + recordBytes > BLOCK_BYTES) {
      blocks.push(pack(records, keyBytes, from, index, bytes, appendedAt))
      from = index
      bytes = HEADER_BYTES
    }
    keyBytes.push(length)
    bytes += recordBytes
  }
  if (from < records.length) blocks.push(pack(records, keyBytes, from, records.length, bytes, appendedAt))
  return blocks
}

function pack(
  records: readonly OutputRecord[],
  keyBytes: readonly number[],
  from: number,
  to: number,
  bytes: number,
  appendedAt: number,
): Block {
  const block = Buffer.allocUnsafe(bytes)
  block.writeDoubleLE(appendedAt, 0)
  block.writeUInt32LE(to - from, 8)
  let at = HEADER_BYTES
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
  return { bytes: block, count: to - from }
}

/** Returns when the records of a block were appended, in epoch milliseconds. */
export function appendedAtOf(block: Buffer): number {
  return block.readDoubleLE(0)
}

/** Returns the number of records in a block. */
export function countOf(block: Buffer): number {
  return block.readUInt32LE(8)
}

/** The room that is left in a read. A read always takes the first record, so that a large one can't block a reader. */
export interface Room {
  records: number
  bytes: number
}

/**
 * Adds records of a block to `into`, from position `from` on, while there is room; `first` is the position of the
 * block's first record. The values are views of `block`. Returns whether the end of the block was reached.
 */
export function readBlock(
  block: Buffer,
  first: number,
  from: number,
  into: InputRecord[],
  room: Room,
): boolean {
  const appendedAt = appendedAtOf(block)
  const end = first + countOf(block)
  let at = HEADER_BYTES
  for (let position = first; position < end; position++) {
    const keyField = block.readUInt32LE(at)
    const keyBytes = keyField === 0 ? 0 : keyField - 1
    const valueBytes = block.readUInt32LE(at + 4)
    const keyAt = at + RECORD_HEADER_BYTES
    const valueAt = keyAt + keyBytes
    at = valueAt + valueBytes
    if (position < from) continue
    if (into.length > 0 && (room.records <= 0 || room.bytes < keyBytes + valueBytes)) return false
    room.records--
    room.bytes -= keyBytes + valueBytes
    into.push({
      key: keyField === 0 ? null : block.toString('utf8', keyAt, valueAt),
      value: block.subarray(valueAt, at),
      position: BigInt(position),
      appendedAt,
    })
  }
  return true
}
