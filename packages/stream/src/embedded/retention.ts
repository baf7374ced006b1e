import { checkPlace, readHeader } from './block.ts'
import { blockOf } from './reader.ts'
import { partitionState, type PartitionState, type Tables } from './tables.ts'
import type { Writer } from './writer.ts'

/** Bounds of what a stream keeps. With both, records that exceed either one are deleted. */
export interface Retention {
  /** Records older than this are deleted. */
  readonly ageMs?: number
  /** While all partitions of a stream together are larger than this, the oldest records are deleted. */
  readonly bytesMax?: number
}

/** Blocks deleted in one transaction, which then takes a few milliseconds. */
const SLICE_BLOCKS = 256

interface Head {
  readonly partition: number
  state: PartitionState
  /** The oldest block, unless the partition is empty. */
  block:
    | { readonly first: number; readonly count: number; readonly bytes: number; readonly appendedAt: number }
    | undefined
}

export interface RetentionParts {
  readonly tables: Tables
  readonly writer: Writer
  readonly partitions: number
  readonly retention: Retention
  readonly now: () => number
}

/**
 * Deletes the records that exceed the retention of any stream, from the head, in whole blocks. Only age and size count,
 * as on other logs: a record is deleted whether or not each group has read it. Returns the number of records deleted.
 */
export async function retain(parts: RetentionParts): Promise<number> {
  const { tables, writer } = parts
  tables.root.resetReadTxn()
  let deleted = 0
  for (const stream of [...tables.streams.getKeys()]) {
    for (;;) {
      const slice = await writer.change({ bytes: 0, make: () => retainSlice(parts, stream) })
      deleted += slice.records
      if (slice.done) break
    }
  }
  return deleted
}

function retainSlice(
  { tables, partitions, retention, now }: RetentionParts,
  stream: string,
): { records: number; done: boolean } {
  const heads = Array.from({ length: partitions }, (_, partition): Head => {
    const state = partitionState(tables, stream, partition)
    return { partition, state, block: headBlock(tables, stream, partition, state.start, state.end) }
  })
  const bytesMax = retention.bytesMax ?? Infinity
  const oldestKept = retention.ageMs === undefined ? -Infinity : now() - retention.ageMs
  let bytes = heads.reduce((sum, head) => sum + head.state.bytes, 0)
  let records = 0
  let blocks = 0
  for (; blocks < SLICE_BLOCKS; blocks++) {
    const oldest = heads.reduce((a, b) =>
      (b.block?.appendedAt ?? Infinity) < (a.block?.appendedAt ?? Infinity) ? b : a,
    )
    const { block, partition, state } = oldest
    if (block === undefined || (bytes <= bytesMax && block.appendedAt >= oldestKept)) break
    void tables.blocks.remove([stream, partition, block.first])
    oldest.state = { start: block.first + block.count, end: state.end, bytes: state.bytes - block.bytes }
    oldest.block = headBlock(tables, stream, partition, oldest.state.start, state.end)
    bytes -= block.bytes
    records += block.count
  }
  if (records > 0) for (const head of heads) void tables.partitions.put([stream, head.partition], head.state)
  return { records, done: blocks < SLICE_BLOCKS }
}

function headBlock(
  tables: Tables,
  stream: string,
  partition: number,
  first: number,
  end: number,
): Head['block'] {
  if (first >= end) return undefined
  const place = { stream, partition, first }
  const block = blockOf(tables, place)
  const header = readHeader(block)
  checkPlace(header, place)
  return { first, count: header.count, bytes: block.length, appendedAt: header.appendedAt }
}
