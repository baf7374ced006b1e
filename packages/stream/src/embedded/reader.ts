import type { Batch, InputRecord, ReadLimits } from '../log.ts'
import { countOf, readBlock, type Room } from './block.ts'
import { partitionState, type Tables } from './tables.ts'

/** Returns records of a partition from position `from` on, or from the first one kept when `from` was deleted. */
export function readPartition(
  tables: Tables,
  stream: string,
  partition: number,
  from: number,
  limits: ReadLimits,
): Batch {
  // lmdb reads the state of its last read for a moment longer; this read must see what was appended since.
  tables.root.resetReadTxn()
  const { start, end } = partitionState(tables, stream, partition)
  const records: InputRecord[] = []
  let at = Math.max(from, start)
  if (at < end && limits.recordsMax > 0) {
    const room: Room = { records: limits.recordsMax, bytes: limits.bytesMax }
    let first = blockAt(tables, stream, partition, at)
    while (first < end) {
      const block = tables.blocks.getBinary([stream, partition, first]) as Buffer | undefined
      if (block === undefined)
        throw new Error(
          `The log has no block at position ${first} of stream ${stream}, partition ${partition}, which should hold positions ${start} to ${end - 1}. Its files are damaged. Restore them from a copy, or start with an empty folder.`,
        )
      const whole = readBlock(block, first, at, records, room)
      if (!whole || room.records <= 0 || room.bytes <= 0) break
      first += countOf(block)
    }
    at += records.length
  }
  return { stream, partition, records, next: BigInt(at) }
}

/** Returns the first position of the block that holds position `at`. */
function blockAt(tables: Tables, stream: string, partition: number, at: number): number {
  // A reader that continues where it stopped is at the start of a block most of the time.
  if (tables.blocks.doesExist([stream, partition, at])) return at
  const [key] = tables.blocks.getKeys({
    start: [stream, partition, at],
    end: [stream, partition, -1],
    reverse: true,
    limit: 1,
  })
  return key === undefined ? at : key[2]
}
