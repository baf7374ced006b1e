import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { createByteReader, type ByteReader } from './bytes.ts'

// Record batches as brokers store them (format 2): what was written together, or the mark at which a transaction ended.

export interface StoredRecord {
  readonly offset: bigint
  /** Epoch milliseconds. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

export interface RecordBatch {
  readonly lastOffset: bigint
  readonly producerId: bigint
  readonly isTransactional: boolean
  /** Set where the batch holds not records but the end of a transaction. */
  readonly ends: 'commit' | 'abort' | undefined
  readonly records: readonly StoredRecord[]
}

const HEADER_BYTES = 12
const FORMAT = 2
const COMPRESSION = 0x07
const LOG_APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const GZIP = 1
const ZSTD = 4

/** The batches in what a broker sent; the last one may be cut off, and is left out then. */
export function* readBatches(bytes: Buffer): Generator<RecordBatch> {
  const reader = createByteReader(bytes)
  while (reader.left >= HEADER_BYTES) {
    const baseOffset = reader.int64()
    const length = reader.int32()
    if (reader.left < length) return
    yield readBatch(baseOffset, createByteReader(reader.take(length)))
  }
}

function readBatch(baseOffset: bigint, reader: ByteReader): RecordBatch {
  reader.int32() // the epoch of the leader
  const format = reader.int8()
  if (format !== FORMAT) throw new Error(`a batch at ${baseOffset} has the format ${format}, not ${FORMAT}`)
  reader.int32() // the checksum
  const attributes = reader.int16()
  const lastOffset = baseOffset + BigInt(reader.int32())
  const firstTimestamp = Number(reader.int64())
  const maxTimestamp = Number(reader.int64())
  const producerId = reader.int64()
  reader.int16() // its epoch
  reader.int32() // the first sequence number
  const count = reader.int32()

  const body = createByteReader(decompress(attributes & COMPRESSION, reader.take(reader.left)))
  const records = Array.from({ length: count }, () => readRecord(body, baseOffset, firstTimestamp))
  const isControl = (attributes & CONTROL) !== 0
  return {
    lastOffset,
    producerId,
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
    ends: isControl ? endOf(records[0]?.key) : undefined,
    records: isControl
      ? []
      : (attributes & LOG_APPEND_TIME) === 0
        ? records
        : records.map(record => ({ ...record, timestamp: maxTimestamp })),
  }
}

function readRecord(reader: ByteReader, baseOffset: bigint, firstTimestamp: number): StoredRecord {
  const body = createByteReader(reader.take(reader.varint()))
  body.int8() // attributes, none of them in use
  const timestamp = firstTimestamp + body.varint()
  const offset = baseOffset + BigInt(body.varint())
  return { offset, timestamp, key: bytesOrNull(body), value: bytesOrNull(body) }
}

function bytesOrNull(reader: ByteReader): Buffer | null {
  const bytes = reader.varint()
  return bytes < 0 ? null : reader.take(bytes)
}

/** The key of a mark is its version and its type: 0 for an abort, 1 for a commit. */
function endOf(key: Buffer | null | undefined): 'commit' | 'abort' {
  const type = key?.readInt16BE(2)
  if (type !== 0 && type !== 1) throw new Error(`a transaction ended with ${type ?? 'nothing'}`)
  return type === 1 ? 'commit' : 'abort'
}

function decompress(codec: number, bytes: Buffer): Buffer {
  if (codec === 0) return bytes
  if (codec === GZIP) return gunzipSync(bytes)
  if (codec === ZSTD) return zstdDecompressSync(bytes)
  throw new Error(`a batch is compressed with codec ${codec}, which the pipeline does not write`)
}

export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

export interface Visible {
  readonly records: StoredRecord[]
  /** Records of transactions that were undone. */
  readonly aborted: number
}

/** What a reader of committed records may see of the batches, given the transactions that the broker says were undone. */
export function committedRecords(
  batches: Iterable<RecordBatch>,
  transactions: readonly AbortedTransaction[],
): Visible {
  const upcoming = [...transactions].sort((a, b) => Number(a.firstOffset - b.firstOffset))
  const undone = new Set<bigint>()
  const records: StoredRecord[] = []
  let aborted = 0
  for (const batch of batches) {
    while (upcoming[0] !== undefined && upcoming[0].firstOffset <= batch.lastOffset)
      undone.add(upcoming.shift()!.producerId)
    if (batch.ends === 'abort') undone.delete(batch.producerId)
    else if (batch.isTransactional && undone.has(batch.producerId)) aborted += batch.records.length
    else records.push(...batch.records)
  }
  return { records, aborted }
}
