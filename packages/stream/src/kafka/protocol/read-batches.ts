import { UnreadableError, type InputRecord } from '../../log.ts'
import { readInt16, readVarBytes, readVarInt, type ByteReader } from './byte-reader.ts'
import { BATCH_RECORDS_MAX, decompress } from './codecs.ts'
import { crc32c } from './crc32c.ts'
import { readMessage } from './message-set.ts'

/** A transaction that ended without effect. The producer's records from this offset up to the mark of the end are not to be seen. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

/** The batches of one partition as a broker sends them, and what it reports about them. */
export interface StoredBatches {
  readonly topic: string
  readonly partition: number
  /** All transactions that began before this offset have ended. The broker may send what was stable a moment later. */
  readonly lastStableOffset: bigint
  readonly batches: Buffer
  readonly aborted: readonly AbortedTransaction[]
}

export interface ReadBatches {
  readonly records: readonly InputRecord[]
  /** The offset to continue at: behind all batches that were read, with the records that no reader sees. */
  readonly next: bigint
}

/** Offset and length, in front of what the length counts. */
const FRAME_BYTES = 12
const MAGIC_AT = 16
const HEAD_BYTES = 61
const CODEC = 0x07
const LOG_APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const NO_PRODUCER = -1n
const ABORT = 0
/** About the most bytes that one call decompresses; the batches beyond are left to the next fetch. The first is always read. */
const UNPACKED_BYTES_PER_READ = 16 * 1024 * 1024

/**
 * Reads the batches of a fetch as a read-committed reader sees them, from offset `from` on. A batch that was cut at the end, as
 * brokers do, is left to the next fetch, and so are batches beyond about 16 MiB decompressed. Rejects with
 * `UnreadableError` when the first batch from `from` on is damaged, too large or of an unknown kind, or when none of the
 * batches reaches `from`; a damaged one further on ends what is returned.
 *
 * What belongs to an aborted transaction is known by the producer: from the first offset that the broker names up to the
 * mark of its end, which is a batch with the control attribute. Keys decide nothing: any client can write any key. See
 * KIP-98 and Kafka's message format, magic 2.
 */
export async function readBatches(
  { topic, partition, lastStableOffset, batches, aborted }: StoredBatches,
  from: bigint,
): Promise<ReadBatches> {
  // Brokers list them in no order that a reader can rely on.
  const begun = [...aborted].sort((a, b) => Number(a.firstOffset - b.firstOffset))
  const aborting = new Set<bigint>()
  const records: InputRecord[] = []
  let next = from
  let after = 0n
  let unpackedBytes = 0
  let at = 0
  while (at + MAGIC_AT < batches.length) {
    const offset = batches.readBigInt64BE(at)
    const end = at + FRAME_BYTES + batches.readInt32BE(at + 8)
    if (end > batches.length || unpackedBytes > UNPACKED_BYTES_PER_READ) break
    try {
      const entry = batches.subarray(at, Math.max(at, end))
      const magic = batches[at + MAGIC_AT]!
      if (magic > 2) throw new Error(`the format of the batch, magic ${magic}, is not known`)
      const read = magic === 2 ? await readBatch(offset, entry) : await readOld(offset, entry)
      // No checksum covers the offset. A batch that follows the one before may lie behind the last stable offset: brokers
      // look that one up first, and send what was appended meanwhile.
      const isNext = offset <= (at === 0 ? from : after)
      if (offset < after || (!isNext && read.lastOffset >= lastStableOffset))
        throw new Error(
          `the batch at offset ${offset} is behind the end of the partition, or does not follow the one before`,
        )
      after = read.lastOffset + 1n
      unpackedBytes += read.unpackedBytes
      if (read.producerId !== NO_PRODUCER)
        while (begun.length > 0 && begun[0]!.firstOffset <= read.lastOffset)
          aborting.add(begun.shift()!.producerId)
      if (read.ends === ABORT) aborting.delete(read.producerId)
      const isVisible = read.ends === undefined && !(read.isTransactional && aborting.has(read.producerId))
      if (isVisible) for (const record of read.records) if (record.position >= from) records.push(record)
      if (read.lastOffset >= next) next = read.lastOffset + 1n
    } catch (error) {
      if (next > from) break
      throw unreadable(error as Error)
    }
    at = end
  }
  if (at === 0 && batches.length > 0) throw unreadable(new Error('the broker sent only a part of the batch'))
  if (at > 0 && next === from) throw unreadable(new Error('the broker sent only batches from before it'))
  return { records, next }

  function unreadable(cause: Error): UnreadableError {
    return new UnreadableError(
      `partition ${partition} of ${topic} can't be read at offset ${from}: ${cause.message}`,
      { cause },
    )
  }
}

interface ReadBatch {
  readonly lastOffset: bigint
  readonly producerId: bigint
  readonly isTransactional: boolean
  /** Set for the mark of a transaction's end: how it ended, 0 without effect, 1 with. */
  readonly ends: number | undefined
  readonly unpackedBytes: number
  readonly records: readonly InputRecord[]
}

async function readOld(offset: bigint, entry: Buffer): Promise<ReadBatch> {
  const { records, unpackedBytes } = await readMessage(offset, entry.subarray(FRAME_BYTES))
  return {
    lastOffset: offset,
    producerId: NO_PRODUCER,
    isTransactional: false,
    ends: undefined,
    unpackedBytes,
    records,
  }
}

async function readBatch(offset: bigint, batch: Buffer): Promise<ReadBatch> {
  if (batch.length < HEAD_BYTES) throw new Error(`the batch has ${batch.length} bytes, less than its head`)
  if (crc32c(batch, CHECKED_FROM) !== batch.readUInt32BE(17))
    throw new Error('the checksum of the batch does not match')
  const attributes = batch.readInt16BE(21)
  const head = {
    lastOffset: offset + BigInt(batch.readInt32BE(23)),
    producerId: batch.readBigInt64BE(43),
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
  }
  const count = batch.readInt32BE(57)
  if (count < 0 || count > BATCH_RECORDS_MAX)
    throw new Error(`the batch announces ${count} records; it may have up to ${BATCH_RECORDS_MAX}`)
  const bytes = await decompress(attributes & CODEC, batch.subarray(HEAD_BYTES))
  const reader: ByteReader = { bytes, at: 0 }
  const unpackedBytes = bytes.length
  if (attributes & CONTROL) return { ...head, ends: readEnd(reader), unpackedBytes, records: [] }
  const first = Number(batch.readBigInt64BE(27))
  const appended = attributes & LOG_APPEND_TIME ? Number(batch.readBigInt64BE(35)) : undefined
  const records: InputRecord[] = []
  let before = offset - 1n
  for (let index = 0; index < count; index++) {
    const end = readVarInt(reader) + reader.at
    reader.at++
    const appendedAt = first + readVarInt(reader)
    const position = offset + BigInt(readVarInt(reader))
    const key = readVarBytes(reader)
    const value = readVarBytes(reader)
    if (reader.at >= end || end > bytes.length) throw new Error('a record does not fit its length')
    if (position <= before || position > head.lastOffset)
      throw new Error(
        `a record has the offset ${position}, which is not between ${before} and ${head.lastOffset}`,
      )
    before = position
    // Headers follow, which nothing here reads.
    reader.at = end
    records.push({
      key: key === null ? null : key.toString(),
      value: value ?? EMPTY,
      position,
      appendedAt: appended ?? appendedAt,
    })
  }
  if (reader.at !== bytes.length) throw new Error('the batch holds more than its records')
  return { ...head, ends: undefined, unpackedBytes, records }
}

/** The checksum covers a batch from this byte on. */
const CHECKED_FROM = 21
const EMPTY = new Uint8Array(0)

/** The key of the one record of a control batch: version, then 0 for an abort and 1 for a commit. */
function readEnd(reader: ByteReader): number {
  readVarInt(reader)
  reader.at++
  readVarInt(reader)
  readVarInt(reader)
  const key = readVarBytes(reader)
  if (key === null) throw new Error("the mark of a transaction's end has no key")
  const keyReader: ByteReader = { bytes: key, at: 2 }
  return readInt16(keyReader)
}
