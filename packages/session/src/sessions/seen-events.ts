import type { BlockRef, Blocks } from '../memory/blocks.ts'

// The event ids that a session has seen, as 64 bits of hash each, in one block that is exchanged for a larger one as
// the session grows: a list while it is short, a hash table from there on.

/** Answer of `addSeen`: the id was there already. */
export const DUPLICATE = -1

/** More ids than this are looked up by hash; a short list is faster to read through. */
const LIST_MAX = 16
const LIST_STEP = 2
const ID_BYTES = 8

/**
 * Adds the id with the hash (high, low) to the `count` ids in `ref` (0: no block yet). Answers the block that holds
 * them now, or `DUPLICATE`. Two ids of a session with the same 64 bits count as one: at 10,000 events that happens
 * once in 3 × 10¹¹ sessions.
 */
export function addSeen(
  blocks: Blocks,
  ref: BlockRef,
  count: number,
  high: number,
  low: number,
): BlockRef | typeof DUPLICATE {
  // (0, 0) marks an empty place.
  const first = high === 0 && low === 0 ? 1 : high
  if (ref === 0) {
    const block = blocks.allocate(LIST_STEP * ID_BYTES)
    put(blocks, block, 0, first, low)
    return block
  }
  const words = blocks.words(ref)
  const start = blocks.start(ref)
  const capacity = blocks.wordCount(ref) / 2
  if (capacity <= LIST_MAX) {
    for (let i = start; i < start + 2 * count; i += 2)
      if (words[i] === first && words[i + 1] === low) return DUPLICATE
    if (count < capacity) {
      put(blocks, ref, count, first, low)
      return ref
    }
  } else {
    const place = findPlace(words, start, capacity, first, low)
    if (place < 0) return DUPLICATE
    if (4 * (count + 1) <= 3 * capacity) {
      put(blocks, ref, place, first, low)
      return ref
    }
  }
  const block = move(blocks, ref, capacity)
  const moved = blocks.wordCount(block) / 2
  const place =
    moved <= LIST_MAX ? count : findPlace(blocks.words(block), blocks.start(block), moved, first, low)
  put(blocks, block, place, first, low)
  return block
}

/** Whether the id with the hash (high, low) is among the `count` ids in `ref` (0: no block). */
export function hasSeen(blocks: Blocks, ref: BlockRef, count: number, high: number, low: number): boolean {
  if (ref === 0) return false
  const first = high === 0 && low === 0 ? 1 : high
  const words = blocks.words(ref)
  const start = blocks.start(ref)
  const capacity = blocks.wordCount(ref) / 2
  if (capacity > LIST_MAX) return findPlace(words, start, capacity, first, low) < 0
  for (let i = start; i < start + 2 * count; i += 2)
    if (words[i] === first && words[i + 1] === low) return true
  return false
}

/**
 * The ids that a session has seen, in two blocks: those since log time `since`, and those before. When the newer block
 * is full, or old enough, the older one is freed and the newer one takes its place: so ids are forgotten, at the
 * cost of two blocks instead of an order among ids.
 */
export interface SeenIds {
  readonly seen: BlockRef
  readonly count: number
  readonly before: BlockRef
  readonly beforeCount: number
  readonly since: number
}

export const NO_SEEN_IDS: SeenIds = { seen: 0, count: 0, before: 0, beforeCount: 0, since: -Infinity }

export function freeSeenIds(blocks: Blocks, { seen, before }: Pick<SeenIds, 'seen' | 'before'>): void {
  if (seen !== 0) blocks.free(seen)
  if (before !== 0) blocks.free(before)
}

/** The ids of `ref` in a larger block; `ref` is free then. A list grows by little, so that short ones take little. */
function move(blocks: Blocks, ref: BlockRef, capacity: number): BlockRef {
  const wanted = capacity < LIST_MAX ? capacity + LIST_STEP : 2 * capacity
  const block = blocks.allocate(wanted * ID_BYTES)
  const from = blocks.words(ref)
  const fromStart = blocks.start(ref)
  const to = blocks.words(block)
  const toStart = blocks.start(block)
  const toCapacity = blocks.wordCount(block) / 2
  to.fill(0, toStart, toStart + 2 * toCapacity)
  for (let i = 0; i < capacity; i++) {
    const high = from[fromStart + 2 * i]!
    const low = from[fromStart + 2 * i + 1]!
    if (high === 0 && low === 0) continue
    const place = toCapacity <= LIST_MAX ? i : findPlace(to, toStart, toCapacity, high, low)
    to[toStart + 2 * place] = high
    to[toStart + 2 * place + 1] = low
  }
  blocks.free(ref)
  return block
}

/** The empty place for an id in a hash table, or -1 when the id is there. */
function findPlace(words: Uint32Array, start: number, capacity: number, high: number, low: number): number {
  const mask = capacity - 1
  for (let place = low & mask; ; place = (place + 1) & mask) {
    const at = start + 2 * place
    if (words[at] === 0 && words[at + 1] === 0) return place
    if (words[at] === high && words[at + 1] === low) return -1
  }
}

function put(blocks: Blocks, ref: BlockRef, place: number, high: number, low: number): void {
  const words = blocks.words(ref)
  const at = blocks.start(ref) + 2 * place
  words[at] = high
  words[at + 1] = low
}
