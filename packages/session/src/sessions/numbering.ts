import type { Blocks } from '../memory/blocks.ts'
import { createKeyIndex, hashWords } from '../memory/key-index.ts'
import { freeSeenIds, hasSeen, NO_SEEN_IDS, type SeenIds } from './seen-events.ts'

// What is left of a session when its features are gone: how far its scores and revisions were numbered, so that a late
// event continues with the next numbers, and the ids of its events, so that a late copy counts for nothing. Entries are
// forgotten in the order in which they came: a queue, and an index.

/** How far a session was numbered. */
export interface Numbers {
  readonly n: number
  readonly revision: number
}

export interface Remembered extends Numbers {
  /** The caller's from now on. */
  readonly ids: SeenIds
}

/** Sessions are named by 128 bits: see `hashSession`. */
export interface Numbering {
  /**
   * Remembers a session, which is not remembered so far, until `forgetAt`; such instants never go back. The blocks of
   * `ids` are the numbering's from then on.
   */
  remember(session: Uint32Array, numbers: Numbers, ids: SeenIds, forgetAt: number): void
  /** Whether the session is remembered, with the event id of this hash. */
  hasEvent(session: Uint32Array, high: number, low: number): boolean
  /** Returns what is remembered of the session, and forgets it here; undefined if nothing is remembered. */
  take(session: Uint32Array): Remembered | undefined
  /** Forgets what is due at `logTime`. */
  forget(logTime: number): void
  readonly size: number
  /** Event ids that are remembered. */
  readonly idCount: number
  /** Entries that were forgotten, or lost their event ids, before their time, for want of room. */
  readonly forgottenEarly: number
  save(): Uint32Array<ArrayBuffer>[]
  /** Restores what was saved; the blocks have to be restored already. */
  restore(parts: readonly Uint32Array<ArrayBuffer>[]): void
}

// An entry: four words of session, n, revision, whether it was taken, two counts of ids of 16 bits, two blocks of ids,
// and two float64.
const ENTRY_WORDS = 14
const N = 4
const REVISION = 5
const TAKEN = 6
const COUNTS = 7
const SEEN = 8
const SEEN_BEFORE = 9
const FORGET_AT = 10
const SINCE = 12
const CHUNK_BITS = 12
const CHUNK_ENTRIES = 1 << CHUNK_BITS

interface Chunk {
  readonly words: Uint32Array<ArrayBuffer>
  readonly doubles: Float64Array
}

export interface NumberingParts {
  /** Where the event ids are. */
  readonly blocks: Blocks
  /** Above it the oldest entry makes room. */
  readonly entriesMax: number
  /** Event ids of all entries together; above it the oldest entries lose theirs. */
  readonly idsMax: number
}

export function createNumbering({ blocks, entriesMax, idsMax }: NumberingParts): Numbering {
  // Entries are numbered on and on from 0; the queue holds those from `first` up to `end`. Only those from `firstWithIds`
  // on have event ids.
  const chunks = new Map<number, Chunk>()
  let index = createKeyIndex()
  let first = 0
  let firstWithIds = 0
  let end = 0
  let idCount = 0
  let forgottenEarly = 0

  const chunkOf = (entry: number): Chunk => chunks.get(Math.floor(entry / CHUNK_ENTRIES))!
  const startOf = (entry: number): number => (entry % CHUNK_ENTRIES) * ENTRY_WORDS
  const hashOf = (words: Uint32Array, start: number): number => hashWords(words, start, 0x51)

  // Slots of the index are 32 bits, entries are numbered on forever: the queue is always shorter than 2³¹.
  const SLOTS = 2 ** 31
  const entryOf = (slot: number): number => {
    const entry = first - (first % SLOTS) + slot
    return entry >= first ? entry : entry + SLOTS
  }

  let sought: Uint32Array | undefined
  function matches(slot: number): boolean {
    const { words } = chunkOf(entryOf(slot))
    const start = startOf(entryOf(slot))
    const session = sought!
    return (
      words[start] === session[0] &&
      words[start + 1] === session[1] &&
      words[start + 2] === session[2] &&
      words[start + 3] === session[3]
    )
  }

  /** The slot of the session, or -1. */
  function find(session: Uint32Array): number {
    sought = session
    return index.find(hashOf(session, 0), matches)
  }

  function isTaken(entry: number): boolean {
    return chunkOf(entry).words[startOf(entry) + TAKEN] !== 0
  }

  function idsOf(entry: number): SeenIds {
    const { words, doubles } = chunkOf(entry)
    const start = startOf(entry)
    const counts = words[start + COUNTS]!
    return {
      seen: words[start + SEEN]!,
      count: counts & 0xffff,
      before: words[start + SEEN_BEFORE]!,
      beforeCount: counts >>> 16,
      since: doubles[(start + SINCE) / 2]!,
    }
  }

  function countOf({ count, beforeCount }: SeenIds): number {
    return count + beforeCount
  }

  /** Makes `ids` those of the entry. The blocks that it had before are not freed. */
  function setIds(entry: number, ids: SeenIds): void {
    const { words, doubles } = chunkOf(entry)
    const start = startOf(entry)
    idCount += countOf(ids) - countOf(idsOf(entry))
    words[start + SEEN] = ids.seen
    words[start + SEEN_BEFORE] = ids.before
    words[start + COUNTS] = ids.count | (ids.beforeCount << 16)
    doubles[(start + SINCE) / 2] = ids.since
  }

  function dropIds(entry: number): void {
    freeSeenIds(blocks, idsOf(entry))
    setIds(entry, NO_SEEN_IDS)
  }

  function dropFirst(): void {
    dropIds(first)
    if (!isTaken(first)) index.remove(hashOf(chunkOf(first).words, startOf(first)), first % SLOTS)
    first++
    if (first % CHUNK_ENTRIES === 0) chunks.delete(first / CHUNK_ENTRIES - 1)
  }

  function add(): number {
    const entry = end++
    const i = Math.floor(entry / CHUNK_ENTRIES)
    if (!chunks.has(i)) chunks.set(i, createChunk())
    return entry
  }

  return {
    get size() {
      return index.size
    },
    get idCount() {
      return idCount
    },
    get forgottenEarly() {
      return forgottenEarly
    },
    remember(session, { n, revision }, ids, forgetAt) {
      if (end - first >= entriesMax) {
        if (!isTaken(first)) forgottenEarly++
        dropFirst()
      }
      const entry = add()
      const { words, doubles } = chunkOf(entry)
      const start = startOf(entry)
      words.set(session, start)
      words[start + N] = n
      words[start + REVISION] = revision
      doubles[(start + FORGET_AT) / 2] = forgetAt
      setIds(entry, ids)
      index.insert(hashOf(words, start), entry % SLOTS)
      for (firstWithIds = Math.max(first, firstWithIds); idCount > idsMax; firstWithIds++) {
        if (countOf(idsOf(firstWithIds)) === 0) continue
        forgottenEarly++
        dropIds(firstWithIds)
      }
    },
    hasEvent(session, high, low) {
      const slot = find(session)
      if (slot < 0) return false
      const { seen, count, before, beforeCount } = idsOf(entryOf(slot))
      return hasSeen(blocks, seen, count, high, low) || hasSeen(blocks, before, beforeCount, high, low)
    },
    take(session) {
      const slot = find(session)
      if (slot < 0) return undefined
      index.remove(hashOf(session, 0), slot)
      const entry = entryOf(slot)
      const { words } = chunkOf(entry)
      const start = startOf(entry)
      const ids = idsOf(entry)
      words[start + TAKEN] = 1
      setIds(entry, NO_SEEN_IDS)
      return { n: words[start + N]!, revision: words[start + REVISION]!, ids }
    },
    forget(logTime) {
      while (first < end && chunkOf(first).doubles[(startOf(first) + FORGET_AT) / 2]! <= logTime) dropFirst()
    },
    save() {
      const parts = [Uint32Array.of(end - first)]
      for (let entry = first; entry < end;) {
        const next = Math.min(end, (Math.floor(entry / CHUNK_ENTRIES) + 1) * CHUNK_ENTRIES)
        const start = startOf(entry)
        parts.push(chunkOf(entry).words.subarray(start, start + (next - entry) * ENTRY_WORDS))
        entry = next
      }
      return parts
    },
    restore([counts, ...parts]) {
      chunks.clear()
      index = createKeyIndex()
      first = 0
      firstWithIds = 0
      end = 0
      idCount = 0
      for (const part of parts) {
        for (let from = 0; from < part.length; from += ENTRY_WORDS) {
          const entry = add()
          const { words } = chunkOf(entry)
          words.set(part.subarray(from, from + ENTRY_WORDS), startOf(entry))
          idCount += countOf(idsOf(entry))
          if (!isTaken(entry)) index.insert(hashOf(words, startOf(entry)), entry % SLOTS)
        }
      }
      if (end !== counts![0]) throw new Error(`the numbering holds ${end} entries, not ${counts![0]}`)
    },
  }
}

function createChunk(): Chunk {
  const words = new Uint32Array(CHUNK_ENTRIES * ENTRY_WORDS)
  return { words, doubles: new Float64Array(words.buffer) }
}
