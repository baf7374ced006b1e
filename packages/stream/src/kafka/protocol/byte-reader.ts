/** Reads the protocol's types one after the other. Throws a `RangeError` where the bytes end too early. */
export interface ByteReader {
  readonly bytes: Buffer
  at: number
}

export function readInt8(reader: ByteReader): number {
  return reader.bytes.readInt8((reader.at += 1) - 1)
}

export function readInt16(reader: ByteReader): number {
  return reader.bytes.readInt16BE((reader.at += 2) - 2)
}

export function readInt32(reader: ByteReader): number {
  return reader.bytes.readInt32BE((reader.at += 4) - 4)
}

export function readInt64(reader: ByteReader): bigint {
  return reader.bytes.readBigInt64BE((reader.at += 8) - 8)
}

/** Text that has its length in front of it, in two bytes. */
export function readString(reader: ByteReader): string {
  return take(reader, readInt16(reader)).toString()
}

/** Bytes that have their length in front of them, in four bytes; null for a length below zero. */
export function readBytes(reader: ByteReader): Buffer | null {
  const length = readInt32(reader)
  return length < 0 ? null : take(reader, length)
}

/** Bytes that have their length in front of them as a zigzag number of variable length; null for a length below zero. */
export function readVarBytes(reader: ByteReader): Buffer | null {
  const length = readVarInt(reader)
  return length < 0 ? null : take(reader, length)
}

/** Zigzag, then seven bits a byte, the lowest first; at most ten bytes. Exact up to 2^53. */
export function readVarInt(reader: ByteReader): number {
  let value = 0
  for (let index = 0, unit = 1; index < 10; index++, unit *= 128) {
    const byte = reader.bytes[reader.at++]
    if (byte === undefined) throw new RangeError('the bytes end in a number')
    value += (byte & 0x7f) * unit
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  throw new RangeError('a number of variable length does not end')
}

/** The next bytes, without a copy. */
export function take(reader: ByteReader, length: number): Buffer {
  const { bytes, at } = reader
  if (length < 0 || at + length > bytes.length)
    throw new RangeError(`${length} bytes are announced, and ${bytes.length - at} are left`)
  reader.at += length
  return bytes.subarray(at, at + length)
}
