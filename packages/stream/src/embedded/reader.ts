import { UnreadableError, type Batch, type InputRecord, type ReadLimits } from '../log.ts'
import { DamagedBlockError, readBlock, type BlockPlace, type Room } from './block.ts'
import { partitionState, type Tables } from './tables.ts'

/**
 * Returns records of a partition from position `from` on, or from the first one kept when `from` was deleted. Positions
 * whose records are lost are passed over, between two batches. Throws an `UnreadableError` when the first block from
 * there on is damaged or missing; the records before it are returned first.
 */
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
  let next = Math.max(from, start)
  if (next < end && limits.recordsMax > 0) {
    const room: Room = { records: limits.recordsMax, bytes: limits.bytesMax }
    let first = blockAt(tables, stream, partition, next)
    while (first < end) {
      const place = { stream, partition, first }
      const taken = records.length
      try {
        const { count, isWhole, isLost } = readBlock(blockOf(tables, place), place, next, records, room)
        if (isLost && taken > 0) break
        next = isLost ? first + count : next + records.length - taken
        if (!isWhole || room.records <= 0 || room.bytes <= 0) break
        first += count
      } catch (error) {
        if (!(error instanceof DamagedBlockError)) throw error
        if (taken === 0) throw unreadable(tables.dir, place, Math.max(next, first), error)
        // What is whole is handed out first; the next read begins with the damage.
        records.splice(taken)
        break
      }
    }
  }
  return { stream, partition, records, next: BigInt(next) }
}

/** Returns the bytes of a block. Throws a `DamagedBlockError` when there is none at the position. */
export function blockOf(tables: Tables, { stream, partition, first }: BlockPlace): Buffer {
  const block = tables.blocks.getBinary([stream, partition, first]) as Buffer | undefined
  if (block === undefined) throw new DamagedBlockError('there is none')
  return block
}

function unreadable(dir: string, { stream, partition, first }: BlockPlace, at: number, cause: Error): Error {
  return new UnreadableError(
    `partition ${partition} of ${stream} can't be read at position ${at}: the block at ${first} of the log in ${dir} is damaged, ${cause.message}. Everything before it is whole. "sluicebox log verify" lists what is damaged, "sluicebox log salvage" copies what is whole to another folder.`,
    { cause },
  )
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
