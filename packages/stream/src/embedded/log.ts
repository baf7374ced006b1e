import { mkdirSync } from 'node:fs'
import type { Log, Skipped } from '../log.ts'
import type { BlockCompression } from './block.ts'
import { createBell } from './bell.ts'
import { checkFolder } from './check-folder.ts'
import { consume } from './consumer.ts'
import { DamagedFileError } from './lmdb-file.ts'
import { readPartition } from './reader.ts'
import { retain, type Retention } from './retention.ts'
import { checkName, openTables, partitionState, type Tables } from './tables.ts'
import { createWriter } from './writer.ts'

export interface EmbeddedLogOptions {
  /** The folder of the log; created when it is missing. Several processes of one machine may use it at once. */
  readonly dir: string
  /** Partitions of each stream; fixed once a stream exists. Default: as many as the log has, and 4 for a new log. */
  readonly partitions?: number
  /** Default: the log keeps everything. */
  readonly retention?: Retention
  /** The clock for `appendedAt` and retention, in epoch milliseconds. */
  readonly now?: () => number
  /** Called when records were deleted before a group had read them. */
  readonly onSkipped?: (skipped: Skipped) => void
  /** Called when retention failed, or when a block can't be read; both are retried. */
  readonly onProblem?: (error: Error) => void
  /** How blocks are stored. Blocks of either kind can be read. Default: zstd. */
  readonly compression?: BlockCompression
  /** How long the check of the file's structure may take at the start. Default: 3 s. */
  readonly checkForMs?: number
  /** How often to check for appends of other processes. Default: 50 ms. */
  readonly pollMs?: number
  /** How often to enforce retention. Default: 10 s. */
  readonly retainMs?: number
  /** The most bytes that wait to be written; an append that exceeds it is rejected. Default: 64 MiB. */
  readonly pendingBytesMax?: number
}

export interface EmbeddedLog extends Log {
  /** Enforces retention now. Returns the number of records deleted. */
  retain(): Promise<number>
}

const PARTITIONS = 4
const POLL_MS = 50
const RETAIN_MS = 10_000
const PENDING_BYTES_MAX = 64 * 1024 * 1024
const CHECK_FOR_MS = 3_000

/**
 * Opens the log in a folder of this machine. An append resolves when its records are on the disk, and no reader sees a
 * record before that. A commit writes outputs and position in one transaction. Rejects when the folder can't be used,
 * or when the log in it has another number of partitions.
 */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const { dir, now = Date.now } = options
  const tables = await openFolder(dir, options.checkForMs ?? CHECK_FOR_MS)
  let partitions: number
  try {
    partitions = settlePartitions(tables, options)
  } catch (error) {
    await tables.root.close()
    throw error
  }

  const bell = createBell({ pollMs: options.pollMs ?? POLL_MS, changeCount: tables.changeCount })
  const closing = new AbortController()
  const known = new Set<string>()
  const consumers = new Set<Promise<void>>()
  const writer = createWriter({
    tables,
    dir,
    now,
    partitions,
    pendingBytesMax: options.pendingBytesMax ?? PENDING_BYTES_MAX,
    compression: options.compression ?? 'zstd',
    ensureStream,
    onChanged: bell.ring,
  })
  const retention = options.retention
  const retainNow = async (): Promise<number> =>
    retention === undefined ? 0 : retain({ tables, writer, partitions, retention, now })
  let retaining: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    retaining = retaining.then(retainNow).catch((error: Error) => options.onProblem?.(error))
  }, options.retainMs ?? RETAIN_MS)
  timer.unref()

  /** Creates the stream when it is new. For use inside a transaction. */
  function ensureStream(stream: string): void {
    if (known.has(stream)) return
    const count = tables.streams.get(stream)
    if (count === undefined) void tables.streams.put(stream, partitions)
    else if (count !== partitions) throw otherCount(dir, stream, count, partitions)
  }

  function checkStream(stream: string): void {
    if (closing.signal.aborted) throw new Error(`The log in ${dir} is closed. Open it again.`)
    if (!known.has(stream)) checkName('stream', stream)
  }

  return {
    async append(stream, records) {
      checkStream(stream)
      await writer.append(stream, records)
      known.add(stream)
    },

    async partitionCount() {
      return partitions
    },

    async consume(consumeOptions, own) {
      checkStream(consumeOptions.stream)
      checkName('group', consumeOptions.group)
      const signal = AbortSignal.any([consumeOptions.signal, closing.signal])
      const parts = {
        tables,
        writer,
        bell,
        partitions,
        ensureStream,
        onSkipped: options.onSkipped ?? (() => {}),
        onProblem: options.onProblem ?? (() => {}),
      }
      const consumer = consume(parts, { ...consumeOptions, signal }, own)
      consumers.add(consumer)
      try {
        await consumer
      } finally {
        consumers.delete(consumer)
      }
    },

    async read(stream, partition, from, limits) {
      checkStream(stream)
      await new Promise(resolve => setImmediate(resolve))
      return readPartition(tables, stream, partition, Number(from), limits)
    },

    async bounds(stream) {
      checkStream(stream)
      tables.root.resetReadTxn()
      return Array.from({ length: partitions }, (_, partition) => {
        const { start, end } = partitionState(tables, stream, partition)
        return { start: BigInt(start), end: BigInt(end) }
      })
    },

    async committed(group, stream) {
      checkStream(stream)
      tables.root.resetReadTxn()
      return Array.from({ length: partitions }, (_, partition) =>
        BigInt(
          tables.groups.get([group, stream, partition])?.position ??
            partitionState(tables, stream, partition).start,
        ),
      )
    },

    async changed(stream, signal) {
      checkStream(stream)
      await bell.wait(stream, AbortSignal.any([signal, closing.signal]))
    },

    retain: retainNow,

    async [Symbol.asyncDispose]() {
      if (closing.signal.aborted) return
      closing.abort(new Error(`The log in ${dir} was closed.`))
      clearInterval(timer)
      await Promise.allSettled(consumers)
      await retaining
      await writer.close()
      bell.close()
      await tables.root.close()
    },
  }
}

async function openFolder(dir: string, checkForMs: number): Promise<Tables> {
  try {
    mkdirSync(dir, { recursive: true })
    // What the native reader does with a damaged file is not bounded.
    await checkFolder(dir, { forMs: checkForMs })
    return openTables(dir)
  } catch (cause) {
    if (cause instanceof DamagedFileError) throw damagedLog(dir, cause)
    throw new Error(
      `The log in ${dir} could not be opened: ${(cause as Error).message}. Name a folder that this process can write, on a local disk with free space.`,
      { cause },
    )
  }
}

/** The log can't be used, and what it holds is not deleted: every command says the same until it was salvaged or replaced. */
function damagedLog(dir: string, cause: Error): Error {
  return new Error(
    `The log in ${dir} is damaged: ${cause.message}. Nothing was changed. The archive has what the archiver had read. "sluicebox log verify" lists what the log still holds, "sluicebox log salvage" copies it to another folder.`,
    { cause },
  )
}

/** Returns the number of partitions that all streams of this log have. */
function settlePartitions(tables: Tables, { dir, partitions }: EmbeddedLogOptions): number {
  if (partitions !== undefined && !(Number.isInteger(partitions) && partitions >= 1 && partitions <= 1024))
    throw new RangeError(`A log has 1 to 1024 partitions, not ${partitions}.`)
  const streams = [...tables.streams.getRange()]
  const count = partitions ?? streams[0]?.value ?? PARTITIONS
  for (const { key, value } of streams) if (value !== count) throw otherCount(dir, key, value, count)
  return count
}

function otherCount(dir: string, stream: string, count: number, wanted: number): Error {
  return new Error(
    `Stream ${stream} in ${dir} has ${count} partitions, and the log was opened for ${wanted}. The number is fixed when a stream is created, because it decides the partition of each key. Open the log with ${count} partitions, or start with an empty folder.`,
  )
}
