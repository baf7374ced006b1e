import { checkPlace, readHeader } from './block.ts'
import { blockOf } from './reader.ts'
import { partitionState, type PartitionState, type Tables } from './tables.ts'
import type { Writer } from './writer.ts'

/** Bounds of what a stream keeps. With both, records that exceed either one are deleted. */
export interface Retention {
  /** Records older than this are deleted, once the groups of `heldBy` have read them. */
  readonly ageMs?: number
  /** While all partitions of a stream together are larger than this, the oldest records are deleted, read or not. */
  readonly bytesMax?: number
  /** Groups for which records are kept beyond their age. One that has never read a stream does not hold it. */
  readonly heldBy?: readonly string[]
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
 * Deletes the records that exceed the retention of any stream, from the head, in whole blocks. What a group that holds
 * records has not read is deleted only for its size: a clock that jumps, or an archiver that is down for longer than
 * the age, loses nothing while there is room. Returns the number of records deleted.
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
  const readTo = heads.map(({ partition }) => readToOf(tables, stream, partition, retention.heldBy ?? []))
  const isTooOld = ({ block, partition }: Head): boolean =>
    block !== undefined && block.appendedAt < oldestKept && block.first + block.count <= readTo[partition]!
  let bytes = heads.reduce((sum, head) => sum + head.state.bytes, 0)
  let records = 0
  let blocks = 0
  for (; blocks < SLICE_BLOCKS; blocks++) {
    const oldest = oldestOf(bytes > bytesMax ? heads : heads.filter(isTooOld))
    if (oldest?.block === undefined) break
    const { block, partition, state } = oldest
    void tables.blocks.remove([stream, partition, block.first])
    oldest.state = { start: block.first + block.count, end: state.end, bytes: state.bytes - block.bytes }
    oldest.block = headBlock(tables, stream, partition, oldest.state.start, state.end)
    bytes -= block.bytes
    records += block.count
  }
  if (records > 0) for (const head of heads) void tables.partitions.put([stream, head.partition], head.state)
  return { records, done: blocks < SLICE_BLOCKS }
}

/** The position below which every group that holds records of a partition has read. */
function readToOf(tables: Tables, stream: string, partition: number, groups: readonly string[]): number {
  return Math.min(
    ...groups.map(group => tables.groups.get([group, stream, partition])?.position ?? Infinity),
    Infinity,
  )
}

function oldestOf(heads: readonly Head[]): Head | undefined {
  return heads.reduce<Head | undefined>(
    (a, b) => ((b.block?.appendedAt ?? Infinity) < (a?.block?.appendedAt ?? Infinity) ? b : a),
    undefined,
  )
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
