import { open, type Database, type Key, type RootDatabase } from 'lmdb'

// What the embedded log keeps, as tables of one LMDB environment. Positions are plain numbers in here: 2^53 records
// are enough for one machine.

/** What a partition holds: records `start` to `end` − 1, in blocks of `bytes` altogether. */
export interface PartitionState {
  readonly start: number
  readonly end: number
  readonly bytes: number
}

/** What a group has done on a partition, and who may go on. */
export interface GroupState {
  /** Counts the owners that there have been. Only the latest may commit. */
  readonly epoch: number
  readonly position: number
  /** Whether that owner has left. */
  readonly released: boolean
}

export interface Tables {
  readonly root: RootDatabase<unknown, Key>
  /** [stream, partition, first position] → block. */
  readonly blocks: Database<Buffer, [string, number, number]>
  /** [stream, partition] → state. */
  readonly partitions: Database<PartitionState, [string, number]>
  /** stream → how many partitions it has. */
  readonly streams: Database<number, string>
  /** [group, stream, partition] → state. */
  readonly groups: Database<GroupState, [string, string, number]>
  /** Counts the changes that all processes made. What is read afterwards contains them. */
  changeCount(): number
  /** To be called by each transaction. */
  countChange(): void
}

const FORMAT = 1

/** Opens, or makes, the tables in the folder `dir`. */
export function openTables(dir: string): Tables {
  const root: RootDatabase<unknown, Key> = open({
    path: dir,
    noSubdir: false,
    encoding: 'json',
    maxDbs: 8,
    // A transaction then resolves when it is on the disk, and can't be seen by anybody before: LMDB writes the
    // pages, flushes, writes the page that names them as current, flushes again. With overlapping flushes (the
    // library's default) it is seen first and flushed later. That saves a stage a millisecond or two, but then a
    // reader can act on records that a power failure takes back: the archiver would write an object for positions
    // that get other records afterwards. And a flush that fails is then never reported.
    overlappingSync: false,
    // Transactions are batched by writer.ts. Batching by event turn makes, for each turn, one more promise that
    // nobody can catch when the disk is full.
    eventTurnBatching: false,
  })
  const format = root.get('format')
  if (format !== undefined && format !== FORMAT) {
    void root.close()
    throw new Error(
      `it is in format ${String(format)}, but this version reads format ${FORMAT}; use the version that wrote it`,
    )
  }
  if (format === undefined) root.putSync('format', FORMAT)
  const changeCount = (): number => (root.get('changes') as number | undefined) ?? 0
  return {
    root,
    blocks: root.openDB({ name: 'blocks', encoding: 'binary' }),
    partitions: root.openDB({ name: 'partitions', encoding: 'json' }),
    streams: root.openDB({ name: 'streams', encoding: 'json' }),
    groups: root.openDB({ name: 'groups', encoding: 'json' }),
    // LMDB's own transaction number won't do: it is on the page that names a transaction as current, which can be
    // read while that page is still being flushed, and for so long a reader gets the state before.
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

/** Names become parts of keys. */
export function checkName(what: string, name: string): void {
  if (name === '' || Buffer.byteLength(name) > 200 || /[\u0000-\u001f]/.test(name))
    throw new Error(
      `${JSON.stringify(name)} can't be the name of a ${what}: use 1 to 200 bytes without control characters.`,
    )
}
