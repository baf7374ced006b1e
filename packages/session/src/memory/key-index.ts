// From a key to the slot that holds it: open addressing over typed arrays, cut into many small tables by the first
// bits of the hash. Each grows by itself, so that no insertion ever moves more than a thousandth of all entries; one
// big table (or a Map) would block for a tenth of a second when it grows at a million keys.

export interface KeyIndex {
  /** The slot with this hash that `matches`, or -1. */
  find(hash: number, matches: (slot: number) => boolean): number
  /** Adds a slot; the caller knows that its key is not there yet. */
  insert(hash: number, slot: number): void
  /** Removes the entry of a slot that is there. */
  remove(hash: number, slot: number): void
  readonly size: number
}

const TABLE_BITS = 10
const CAPACITY_MIN = 8

/** Entries of two words: the hash, and the slot + 1 (0: empty). */
interface Table {
  entries: Uint32Array
  mask: number
  size: number
}

export function createKeyIndex(): KeyIndex {
  const tables = Array.from({ length: 1 << TABLE_BITS }, (): Table | undefined => undefined)
  let size = 0

  function tableOf(hash: number): Table {
    const i = hash >>> (32 - TABLE_BITS)
    return (tables[i] ??= { entries: new Uint32Array(2 * CAPACITY_MIN), mask: CAPACITY_MIN - 1, size: 0 })
  }

  return {
    get size() {
      return size
    },
    find(hash, matches) {
      const table = tables[hash >>> (32 - TABLE_BITS)]
      if (table === undefined) return -1
      const { entries, mask } = table
      for (let i = hash & mask; ; i = (i + 1) & mask) {
        const entry = entries[2 * i + 1]!
        if (entry === 0) return -1
        if (entries[2 * i] === hash && matches(entry - 1)) return entry - 1
      }
    },
    insert(hash, slot) {
      const table = tableOf(hash)
      if (4 * (table.size + 1) > 3 * (table.mask + 1)) grow(table)
      put(table, hash, slot)
      table.size++
      size++
    },
    remove(hash, slot) {
      const table = tableOf(hash)
      const { entries, mask } = table
      let hole = hash & mask
      while (entries[2 * hole + 1] !== slot + 1) {
        if (entries[2 * hole + 1] === 0) throw new Error(`slot ${slot} is not in the index`)
        hole = (hole + 1) & mask
      }
      // Entries behind the hole move up if they may: so a search never stops too early, and nothing has to be marked.
      for (let i = (hole + 1) & mask; entries[2 * i + 1] !== 0; i = (i + 1) & mask) {
        const home = entries[2 * i]! & mask
        if (((i - home) & mask) >= ((i - hole) & mask)) {
          entries[2 * hole] = entries[2 * i]!
          entries[2 * hole + 1] = entries[2 * i + 1]!
          hole = i
        }
      }
      entries[2 * hole + 1] = 0
      table.size--
      size--
    },
  }
}

function grow(table: Table): void {
  const { entries } = table
  table.mask = 2 * table.mask + 1
  table.entries = new Uint32Array(2 * (table.mask + 1))
  for (let i = 0; i < entries.length; i += 2)
    if (entries[i + 1] !== 0) put(table, entries[i]!, entries[i + 1]! - 1)
}

function put({ entries, mask }: Table, hash: number, slot: number): void {
  let i = hash & mask
  while (entries[2 * i + 1] !== 0) i = (i + 1) & mask
  entries[2 * i] = hash
  entries[2 * i + 1] = slot + 1
}

/** 32 bits of hash of a key of four words, to look it up by. */
export function hashWords(words: Uint32Array, start: number, salt: number): number {
  let hash = salt
  for (let i = start; i < start + 4; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x9e3779b1)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  return hash >>> 0
}
