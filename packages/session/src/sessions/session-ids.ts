import { addSeen, DUPLICATE, hasSeen, type SeenIds } from './seen-events.ts'
import * as record from './session-table.ts'
import type { SessionTable } from './session-table.ts'

/** The event ids that are kept with a session's record. */
export interface SessionIds {
  /** Adds the event id of this hash. False when the session has it already. */
  add(slot: number, eventHash: Uint32Array, logTime: number): boolean
  /** Drops the older ids; the newer ones become the older ones. */
  turn(slot: number, logTime: number): void
  /** The ids, whose blocks `clear` of the table leaves to the caller. */
  get(slot: number): SeenIds
  set(slot: number, ids: SeenIds): void
}

/** `idsMax`: ids that come after it make the session drop the older ones, so that it has twice as many at most. */
export function createSessionIds(table: SessionTable, idsMax: number): SessionIds {
  const { blocks, f64, setF64, u32, setU32, u16, setU16 } = table

  function add(slot: number, eventHash: Uint32Array, logTime: number): boolean {
    const high = eventHash[0]!
    const low = eventHash[1]!
    const before = u32(slot, record.SEEN_BEFORE)
    if (before !== 0 && hasSeen(blocks, before, u16(slot, record.SEEN_BEFORE_COUNT), high, low)) return false
    const count = u16(slot, record.SEEN_COUNT)
    const seen = u32(slot, record.SEEN)
    if (count === idsMax) {
      if (hasSeen(blocks, seen, count, high, low)) return false
      turn(slot, logTime)
      return add(slot, eventHash, logTime)
    }
    const added = addSeen(blocks, seen, count, high, low)
    if (added === DUPLICATE) return false
    setU32(slot, record.SEEN, added)
    setU16(slot, record.SEEN_COUNT, count + 1)
    return true
  }

  function turn(slot: number, logTime: number): void {
    const before = u32(slot, record.SEEN_BEFORE)
    if (before !== 0) blocks.free(before)
    setU32(slot, record.SEEN_BEFORE, u32(slot, record.SEEN))
    setU16(slot, record.SEEN_BEFORE_COUNT, u16(slot, record.SEEN_COUNT))
    setU32(slot, record.SEEN, 0)
    setU16(slot, record.SEEN_COUNT, 0)
    setF64(slot, record.SEEN_SINCE, logTime)
  }

  return {
    add,
    turn,
    get: slot => ({
      seen: u32(slot, record.SEEN),
      count: u16(slot, record.SEEN_COUNT),
      before: u32(slot, record.SEEN_BEFORE),
      beforeCount: u16(slot, record.SEEN_BEFORE_COUNT),
      since: f64(slot, record.SEEN_SINCE),
    }),
    set(slot, { seen, count, before, beforeCount, since }) {
      setU32(slot, record.SEEN, seen)
      setU16(slot, record.SEEN_COUNT, count)
      setU32(slot, record.SEEN_BEFORE, before)
      setU16(slot, record.SEEN_BEFORE_COUNT, beforeCount)
      setF64(slot, record.SEEN_SINCE, since)
    },
  }
}
