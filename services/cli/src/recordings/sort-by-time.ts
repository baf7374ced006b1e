import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { decodeText, linesOf } from './text.ts'

/** An entry to sort: an event of a recording before its order among events of the same instant is known. */
export interface Entry {
  readonly timeMs: number
  /** Number of the file that it comes from. */
  readonly file: number
  readonly visitor: string
  /** Digest of the row, to make an id of; empty for an event that has one. */
  readonly digest: string
  /** The event as a line of JSON. */
  readonly json: string
}

export interface SortedEntries extends AsyncDisposable {
  readonly count: number
  /** In order of time; entries of one instant in the order in which they came. May be read several times. */
  read(): AsyncGenerator<Entry>
}

/** Characters of the entries that are sorted in memory at once. */
const RUN_CHARS_MAX = 16 * 1024 * 1024
/** Approximate characters that an entry takes besides its text. */
const ENTRY_CHARS = 200
const BLOCK_CHARS = 256 * 1024

/**
 * Sorts entries by time in bounded memory: more than fit are sorted part by part, each part in a file of a temporary
 * folder (`TMPDIR`), and merged as they are read. The folder is removed with the result.
 */
export async function sortByTime(
  entries: AsyncIterable<Entry>,
  runCharsMax = RUN_CHARS_MAX,
): Promise<SortedEntries> {
  const runs: Runs = { dir: undefined, paths: [] }
  let held: Entry[] = []
  let chars = 0
  let count = 0
  const remove = async (): Promise<void> => {
    if (runs.dir !== undefined) await rm(runs.dir, { recursive: true, force: true })
  }
  try {
    for await (const entry of entries) {
      held.push(entry)
      count++
      chars += ENTRY_CHARS + entry.json.length
      if (chars < runCharsMax) continue
      await writeRun(runs, held.sort(byTime))
      held = []
      chars = 0
    }
  } catch (error) {
    await remove()
    throw error
  }
  held.sort(byTime)
  return {
    count,
    read: () => merge([...runs.paths.map(readRun), inMemory(held)]),
    [Symbol.asyncDispose]: remove,
  }
}

/** The parts that are in files. */
interface Runs {
  dir: string | undefined
  readonly paths: string[]
}

/** The sort is stable, so entries of one instant keep their order. */
const byTime = (a: Entry, b: Entry): number => a.timeMs - b.timeMs

/** Writes a run into a file of the temporary folder, which the first one makes. */
async function writeRun(runs: Runs, entries: readonly Entry[]): Promise<void> {
  try {
    runs.dir ??= await mkdtemp(join(tmpdir(), 'sluicebox-sort-'))
    const path = join(runs.dir, String(runs.paths.length))
    await pipeline(Readable.from(blocksOf(entries)), createWriteStream(path, { mode: 0o600 }))
    runs.paths.push(path)
  } catch (cause) {
    throw new Error(
      `the rows could not be sorted in ${runs.dir ?? tmpdir()}: ${(cause as Error).message}. Nothing is written to the log. Make room there, or name another folder by TMPDIR`,
      { cause },
    )
  }
}

function* blocksOf(entries: readonly Entry[]): Generator<string> {
  let block = ''
  for (const { timeMs, file, digest, visitor, json } of entries) {
    // JSON has neither tabs nor line ends outside of its escapes.
    block += `${timeMs}\t${file}\t${digest}\t${JSON.stringify(visitor)}\t${json}\n`
    if (block.length < BLOCK_CHARS) continue
    yield block
    block = ''
  }
  yield block
}

async function* readRun(path: string): AsyncGenerator<Entry> {
  for await (const line of linesOf(
    decodeText(createReadStream(path, { highWaterMark: BLOCK_CHARS }), 'utf-8'),
  )) {
    const [timeMs, file, digest, visitor, json] = line.split('\t') as [string, string, string, string, string]
    yield { timeMs: Number(timeMs), file: Number(file), digest, visitor: JSON.parse(visitor) as string, json }
  }
}

async function* inMemory(entries: readonly Entry[]): AsyncGenerator<Entry> {
  yield* entries
}

interface Head {
  readonly run: AsyncGenerator<Entry>
  /** Earlier runs hold earlier rows. */
  readonly number: number
  entry: Entry
}

/** Merges sorted runs. Of one instant, the entries of an earlier run come first. */
async function* merge(runs: readonly AsyncGenerator<Entry>[]): AsyncGenerator<Entry> {
  /** Sorted: the next entry is the first head's. */
  const heads: Head[] = []
  try {
    for (const [number, run] of runs.entries()) {
      const { value, done } = await run.next()
      if (done !== true) insert(heads, { run, number, entry: value })
    }
    for (let head = heads.shift(); head !== undefined; head = heads.shift()) {
      yield head.entry
      const { value, done } = await head.run.next()
      if (done === true) continue
      head.entry = value
      insert(heads, head)
    }
  } finally {
    for (const run of runs) await run.return(undefined)
  }
}

function insert(heads: Head[], head: Head): void {
  const isBefore = (other: Head): boolean =>
    head.entry.timeMs < other.entry.timeMs ||
    (head.entry.timeMs === other.entry.timeMs && head.number < other.number)
  const at = heads.findIndex(isBefore)
  heads.splice(at < 0 ? heads.length : at, 0, head)
}
