import { statfs } from 'node:fs/promises'
import { FencedError, UnwritableError, type OutputRecord } from '../log.ts'
import { partitionOf } from '../partitioner.ts'
import { packBlocks, placeBlock, type Block, type BlockCompression } from './block.ts'
import { partitionState, type Tables } from './tables.ts'

// The only place that changes the tables. One transaction runs at a time. The changes that arrive meanwhile wait and
// share the next one, so that many appends share one flush of the disk; the slower the disk, the more of them share it.
// lmdb begins, commits and flushes on a thread of its own. The event loop only copies the bytes of a group of changes,
// which GROUP_BYTES_MAX bounds to a few milliseconds.

const GROUP_BYTES_MAX = 4 * 1024 * 1024

/** A change to the tables, made in one transaction. */
export interface Change<T> {
  /** The bytes that it writes, to bound the transactions. */
  readonly bytes: number
  /** Runs alone, inside the transaction: it sees everything that any process has committed before. */
  make(): T
}

export interface Writer {
  /** Resolves when the records are on the disk. */
  append(stream: string, records: readonly OutputRecord[]): Promise<void>
  /** Resolves when the change is on the disk. A `FencedError` thrown before it writes rejects this change alone. */
  change<T>(change: Change<T>): Promise<T>
  /** Packs records into blocks by partition, for `place`. Done before the transaction, so that others don't wait. */
  split(stream: string, records: readonly OutputRecord[]): Placement[]
  /** Writes blocks at the end of their partitions. For use inside a change. */
  place(placements: readonly Placement[]): void
  /** Resolves when all accepted changes are on the disk. */
  close(): Promise<void>
}

/** Blocks for the end of one partition. */
export interface Placement {
  readonly stream: string
  readonly partition: number
  readonly blocks: readonly Block[]
}

interface Pending {
  readonly bytes: number
  /** The records of an append are packed together with those of the other appends of the transaction. */
  readonly append?: { readonly stream: string; readonly records: readonly OutputRecord[] }
  make(): void
  done(): void
  fail(error: Error): void
}

export interface WriterParts {
  readonly tables: Tables
  readonly dir: string
  readonly now: () => number
  readonly pendingBytesMax: number
  /** Creates the stream when it is new. Called inside transactions only. */
  readonly ensureStream: (stream: string) => void
  readonly partitions: number
  readonly compression: BlockCompression
  /** Called after each transaction with the streams that got records. */
  readonly onChanged: (streams: ReadonlySet<string>) => void
}

export function createWriter(parts: WriterParts): Writer {
  const { tables, partitions } = parts
  const queue: Pending[] = []
  let queuedBytes = 0
  let pump: Promise<void> | undefined
  let touched = new Set<string>()

  function enqueue(pending: Pending): void {
    queue.push(pending)
    queuedBytes += pending.bytes
    pump ??= run()
  }

  async function run(): Promise<void> {
    // Changes of the same turn of the event loop share the first transaction.
    await Promise.resolve()
    while (queue.length > 0) await commit(takeGroup())
    pump = undefined
  }

  function takeGroup(): Pending[] {
    let count = 0
    let bytes = 0
    while (count < queue.length && (count === 0 || bytes + queue[count]!.bytes <= GROUP_BYTES_MAX))
      bytes += queue[count++]!.bytes
    queuedBytes -= bytes
    return queue.splice(0, count)
  }

  async function commit(group: readonly Pending[]): Promise<void> {
    const refused = new Map<Pending, FencedError>()
    touched = new Set()
    try {
      const placements = packAppends(group)
      // A child transaction, because lmdb undoes only that when its callback throws.
      await tables.root.childTransaction(() => {
        tables.countChange()
        place(placements)
        for (const pending of group) {
          try {
            pending.make()
          } catch (error) {
            if (!(error instanceof FencedError)) throw error
            refused.set(pending, error)
          }
        }
      })
    } catch (error) {
      const failure = await explain(error as Error)
      for (const pending of group) pending.fail(failure)
      return
    }
    parts.onChanged(touched)
    for (const pending of group) {
      const refusal = refused.get(pending)
      if (refusal === undefined) pending.done()
      else pending.fail(refusal)
    }
  }

  /** Packs the records of all appends of a group, in order, into as few blocks as possible. */
  function packAppends(group: readonly Pending[]): Placement[] {
    const byStream = new Map<string, OutputRecord[]>()
    for (const { append } of group) {
      if (append === undefined) continue
      const records = byStream.get(append.stream)
      if (records === undefined) byStream.set(append.stream, [...append.records])
      else for (const record of append.records) records.push(record)
    }
    return [...byStream].flatMap(([stream, records]) => split(stream, records))
  }

  function split(stream: string, records: readonly OutputRecord[]): Placement[] {
    const appendedAt = parts.now()
    const byPartition = new Map<number, OutputRecord[]>()
    for (const record of records) {
      const partition = record.partition ?? partitionOf(record.key, partitions)
      const those = byPartition.get(partition)
      if (those === undefined) byPartition.set(partition, [record])
      else those.push(record)
    }
    return [...byPartition].map(([partition, those]) => ({
      stream,
      partition,
      blocks: packBlocks(those, { stream, partition, appendedAt, compression: parts.compression }),
    }))
  }

  function place(placements: readonly Placement[]): void {
    for (const { stream, partition, blocks } of placements) {
      parts.ensureStream(stream)
      touched.add(stream)
      // Read inside the transaction: another process may have appended since the last append of this one.
      const before = partitionState(tables, stream, partition)
      let { end, bytes } = before
      for (const block of blocks) {
        placeBlock(block, end)
        void tables.blocks.put([stream, partition, end], block.bytes)
        end += block.count
        bytes += block.bytes.length
      }
      void tables.partitions.put([stream, partition], { start: before.start, end, bytes })
    }
  }

  async function explain(error: Error & { commitError?: Promise<never> }): Promise<Error> {
    // lmdb gives the cause of its rejection in another promise.
    const cause = await (error.commitError ?? Promise.resolve(error)).catch((reason: Error) => reason)
    const free = await statfs(parts.dir).then(
      ({ bavail, bsize, ffree }) =>
        ` ${Math.floor((bavail * bsize) / 1_048_576)} MiB are free there${ffree === 0 ? ', and not one file more can be made' : ''}.`,
      () => '',
    )
    const message = `The log in ${parts.dir} could not be written: ${cause.message}.${free} Nothing of this transaction was kept. Make room or repair the disk, then retry.`
    // The error number of the system: a full disk is EIO here, since lmdb writes several pages in one call.
    return 'code' in cause && typeof cause.code === 'number'
      ? new UnwritableError(message, { cause })
      : new Error(message, { cause })
  }

  return {
    split,
    place,
    async append(stream, records) {
      for (const { partition } of records)
        if (partition !== undefined && !(partition >= 0 && partition < partitions))
          throw new RangeError(`Stream ${stream} has partitions 0 to ${partitions - 1}, not ${partition}.`)
      const chunks = chunk(records)
      const bytes = chunks.reduce((sum, part) => sum + part.bytes, 0)
      if (queuedBytes > 0 && queuedBytes + bytes > parts.pendingBytesMax)
        throw new Error(
          `The log in ${parts.dir} is behind: ${queuedBytes} bytes wait to be written, and the limit is ${parts.pendingBytesMax}. Nothing was appended. Retry later.`,
        )
      await new Promise<void>((resolve, reject) => {
        let left = chunks.length
        for (const part of chunks)
          enqueue({
            bytes: part.bytes,
            append: { stream, records: part.records },
            make() {},
            done() {
              if (--left === 0) resolve()
            },
            fail: reject,
          })
        if (left === 0) resolve()
      })
    },
    change(change) {
      return new Promise((resolve, reject) => {
        let result!: Awaited<ReturnType<typeof change.make>>
        enqueue({
          bytes: change.bytes,
          make() {
            result = change.make() as typeof result
          },
          done: () => resolve(result),
          fail: reject,
        })
      })
    },
    async close() {
      while (pump !== undefined) await pump
    },
  }
}

const RECORD_OVERHEAD_BYTES = 64

/** Cuts a large append into several transactions, so that none blocks the event loop for long. */
function chunk(records: readonly OutputRecord[]): { records: readonly OutputRecord[]; bytes: number }[] {
  const chunks: { records: readonly OutputRecord[]; bytes: number }[] = []
  let from = 0
  let bytes = 0
  for (let index = 0; index < records.length; index++) {
    const { key, value } = records[index]!
    const recordBytes = RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + value.length
    if (index > from && bytes + recordBytes > GROUP_BYTES_MAX) {
      chunks.push({ records: records.slice(from, index), bytes })
      from = index
      bytes = 0
    }
    bytes += recordBytes
  }
  if (from < records.length) chunks.push({ records: from === 0 ? records : records.slice(from), bytes })
  return chunks
}
