import { open, type Database, type Key, type RootDatabase } from 'lmdb'

// The data of the embedded log, as tables of one LMDB environment. Positions are plain numbers here: 2^53 records are
// enough for one machine.

/** What a partition holds: the records at `start` to `end` − 1, in blocks of `bytes` in total. */
export interface PartitionState {
  readonly start: number
  readonly end: number
  readonly bytes: number
}

/** The position that a group has committed of a partition, and who owns the partition. */
export interface GroupState {
  /** Counts the owners that the partition has had. Only the latest may commit. */
  readonly epoch: number
  readonly position: number
  /** Whether the latest owner has left. */
  readonly released: boolean
}

export interface Tables {
  /** The folder, for messages. */
  readonly dir: string
  readonly root: RootDatabase<unknown, Key>
  /** [stream, partition, first position] → block */
  readonly blocks: Database<Buffer, [string, number, number]>
  /** [stream, partition] → state */
  readonly partitions: Database<PartitionState, [string, number]>
  /** stream → number of partitions */
  readonly streams: Database<number, string>
  /** [group, stream, partition] → state */
  readonly groups: Database<GroupState, [string, string, number]>
  /** Counts the changes that all processes have made. Later reads contain them. */
  changeCount(): number
  /** Each transaction calls this. */
  countChange(): void
}

/** Format 1 had blocks without checksums. They are read, and new ones are written beside them. */
const FORMAT = 2
const FORMATS = [1, FORMAT]

/** Opens the tables in the folder `dir`; creates them when they are missing. Throws when they have another format. */
export function openTables(dir: string): Tables {
  const root: RootDatabase<unknown, Key> = open({
    path: dir,
    noSubdir: false,
    encoding: 'json',
    maxDbs: 8,
    // With this, a transaction resolves when it is on the disk, and no reader sees it before: LMDB writes the pages,
    // flushes, writes the page that names them as current, and flushes again. With overlapping flushes, the library's
    // default, readers see a transaction before its flush. That saves a stage a millisecond or two. But then a reader
    // can act on records that a power failure removes: the archiver would write an object for positions that later get
    // other records. And a flush that fails is never reported.
    overlappingSync: false,
    // writer.ts groups changes into transactions. Batching by event turn creates one more promise for each turn, and no
    // code can catch its rejection when the disk is full.
    eventTurnBatching: false,
  })
  const format = root.get('format')
  if (format !== undefined && !FORMATS.includes(format as number)) {
    void root.close()
    throw new Error(
      `it is in format ${String(format)}, but this version of Sluicebox reads formats up to ${FORMAT}; use the version that wrote it`,
    )
  }
  if (format !== FORMAT) root.putSync('format', FORMAT)
  const changeCount = (): number => (root.get('changes') as number | undefined) ?? 0
  return {
    dir,
    root,
    blocks: root.openDB({ name: 'blocks', encoding: 'binary' }),
    partitions: root.openDB({ name: 'partitions', encoding: 'json' }),
    streams: root.openDB({ name: 'streams', encoding: 'json' }),
    groups: root.openDB({ name: 'groups', encoding: 'json' }),
    // LMDB's own transaction number can't serve here: it is on the page that names a transaction as current. The number
    // can be read while that page is being flushed, and until the flush is done a reader gets the state before the
    // transaction.
    changeCount() {
      root.resetReadTxn()
      return changeCount()
    },
    countChange: () => void root.put('changes', changeCount() + 1),
  }
}

const EMPTY: PartitionState = { start: 0, end: 0, bytes: 0 }

export function partitionState(tables: Tables, stream: string, partition: number): PartitionState {
  return tables.partitions.get([stream, partition]) ?? EMPTY
}

/** Throws when `name` can't be part of a key. */
export function checkName(what: string, name: string): void {
  if (name === '' || Buffer.byteLength(name) > 200 || /[\u0000-\u001f]/.test(name))
    throw new Error(
      `${JSON.stringify(name)} can't be the name of a ${what}. Use 1 to 200 bytes without control characters.`,
    )
}
