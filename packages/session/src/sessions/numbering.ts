import { createKeyIndex, hashWords } from '../memory/key-index.ts'
import type { Identity } from './identity.ts'

// What is left of a session when its features are gone: how far its scores and revisions were numbered, so that a late
// event continues with the next numbers. Entries are forgotten in the order in which they came: a queue, and an index.

/** How far a session was numbered. */
export interface Numbers {
  readonly n: number
  readonly revision: number
}

export interface Numbering {
  /** Remembers the numbers of the session `id` until `forgetAt`; such instants never go back. */
  remember(id: Identity, numbers: Numbers, forgetAt: number): void
  /** The numbers of the session, which are forgotten here by that; undefined if there are none. */
  take(id: Identity): Numbers | undefined
  /** Forgets what is due at `logTime`. */
  forget(logTime: number): void
  readonly size: number
  /** Entries forgotten before their time, for want of room. */
  readonly forgottenEarly: number
  save(): Uint32Array<ArrayBuffer>[]
  restore(parts: readonly Uint32Array<ArrayBuffer>[]): void
}

// An entry: four words of id, n, revision, whether it is a UUID (or 2: taken), one to spare, and a float64 in two words.
const ENTRY_WORDS = 10
const N = 4
const REVISION = 5
const KIND = 6
const FORGET_AT = 8
const IS_HASH = 0
const IS_UUID = 1
const TAKEN = 2
const CHUNK_BITS = 12
const CHUNK_ENTRIES = 1 << CHUNK_BITS

interface Chunk {
  readonly words: Uint32Array<ArrayBuffer>
  readonly doubles: Float64Array
}

/** `entriesMax`: above it the oldest entry makes room. */
export function createNumbering(entriesMax: number): Numbering {
  // Entries are numbered on and on from 0; the queue holds those from `first` up to `end`.
  const chunks = new Map<number, Chunk>()
  let index = createKeyIndex()
  let first = 0
  let end = 0
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

  let sought: Identity | undefined
  function matches(slot: number): boolean {
    const { words } = chunkOf(entryOf(slot))
    const start = startOf(entryOf(slot))
    const id = sought!
    return (
      words[start] === id.words[0] &&
      words[start + 1] === id.words[1] &&
      words[start + 2] === id.words[2] &&
      words[start + 3] === id.words[3] &&
      words[start + KIND] === (id.isUuid ? IS_UUID : IS_HASH)
    )
  }

  function dropFirst(): void {
    const { words } = chunkOf(first)
    const start = startOf(first)
    if (words[start + KIND] !== TAKEN) index.remove(hashOf(words, start), first % SLOTS)
    first++
    if (first % CHUNK_ENTRIES === 0) chunks.delete(first / CHUNK_ENTRIES - 1)
  }

  return {
    get size() {
      return index.size
    },
    get forgottenEarly() {
      return forgottenEarly
    },
    remember(id, { n, revision }, forgetAt) {
      if (end - first >= entriesMax) {
        if (chunkOf(first).words[startOf(first) + KIND] !== TAKEN) forgottenEarly++
        dropFirst()
      }
      const entry = end++
      const i = Math.floor(entry / CHUNK_ENTRIES)
      if (!chunks.has(i)) chunks.set(i, createChunk())
      const { words, doubles } = chunkOf(entry)
      const start = startOf(entry)
      words.set(id.words, start)
      words[start + N] = n
      words[start + REVISION] = revision
      words[start + KIND] = id.isUuid ? IS_UUID : IS_HASH
      doubles[(start + FORGET_AT) / 2] = forgetAt
      index.insert(hashOf(words, start), entry % SLOTS)
    },
    take(id) {
      sought = id
      const hash = hashOf(id.words, 0)
      const slot = index.find(hash, matches)
      if (slot < 0) return undefined
      index.remove(hash, slot)
      const { words } = chunkOf(entryOf(slot))
      const start = startOf(entryOf(slot))
      words[start + KIND] = TAKEN
      return { n: words[start + N]!, revision: words[start + REVISION]! }
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
      end = 0
      for (const part of parts) {
        for (let from = 0; from < part.length; from += ENTRY_WORDS) {
          const entry = end++
          const i = Math.floor(entry / CHUNK_ENTRIES)
          if (!chunks.has(i)) chunks.set(i, createChunk())
          const { words } = chunkOf(entry)
          words.set(part.subarray(from, from + ENTRY_WORDS), startOf(entry))
          if (words[startOf(entry) + KIND] !== TAKEN)
            index.insert(hashOf(words, startOf(entry)), entry % SLOTS)
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
