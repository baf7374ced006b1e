// The primitives of Kafka's protocol, as far as the checker speaks it: all of them in the oldest encoding, which every
// broker still takes.

export interface ByteReader {
  readonly left: number
  int8(): number
  int16(): number
  int32(): number
  int64(): bigint
  /** Zigzag, seven bits a byte. */
  varint(): number
  text(): string
  textOrNull(): string | null
  /** The next bytes, as a view. */
  take(bytes: number): Buffer
  array<T>(read: () => T): T[]
}

export function createByteReader(buffer: Buffer): ByteReader {
  let at = 0
  function advance(bytes: number): number {
    if (at + bytes > buffer.length)
      throw new RangeError(`${bytes} bytes are wanted, ${buffer.length - at} left`)
    at += bytes
    return at - bytes
  }
  const reader: ByteReader = {
    get left() {
      return buffer.length - at
    },
    int8: () => buffer.readInt8(advance(1)),
    int16: () => buffer.readInt16BE(advance(2)),
    int32: () => buffer.readInt32BE(advance(4)),
    int64: () => buffer.readBigInt64BE(advance(8)),
    varint() {
      let value = 0n
      for (let shift = 0n; ; shift += 7n) {
        const byte = buffer[advance(1)]!
        value |= BigInt(byte & 0x7f) << shift
        if (byte < 0x80) return Number((value >> 1n) ^ -(value & 1n))
      }
    },
    text: () => reader.take(reader.int16()).toString(),
    textOrNull() {
      const bytes = reader.int16()
      return bytes < 0 ? null : reader.take(bytes).toString()
    },
    take(bytes) {
      const from = advance(bytes)
      return buffer.subarray(from, from + bytes)
    },
    array: read => Array.from({ length: Math.max(0, reader.int32()) }, read),
  }
  return reader
}

export const int8 = (value: number): Buffer => Buffer.of(value)

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

export function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([int16(bytes.length), bytes])
}

export function array<T>(values: readonly T[], write: (value: T) => Buffer): Buffer {
  return Buffer.concat([int32(values.length), ...values.map(write)])
}
