import { NEWER, OLDER, type SessionTable } from './session-table.ts'

/** Closed sessions that could continue, in the order in which they closed. The links are in the sessions' records. */
export interface ClosedList {
  readonly count: number
  /** The slot of the session that closed first, or -1. */
  oldest(): number
  add(slot: number): void
  remove(slot: number): void
  save(): readonly number[]
  restore(numbers: readonly number[]): void
}

export function createClosedList(table: SessionTable): ClosedList {
  // As slot + 1; 0 means none.
  let oldest = 0
  let newest = 0
  let count = 0
  return {
    get count() {
      return count
    },
    oldest: () => oldest - 1,
    add(slot) {
      table.setU32(slot, OLDER, newest)
      table.setU32(slot, NEWER, 0)
      if (newest === 0) oldest = slot + 1
      else table.setU32(newest - 1, NEWER, slot + 1)
      newest = slot + 1
      count++
    },
    remove(slot) {
      const older = table.u32(slot, OLDER)
      const newer = table.u32(slot, NEWER)
      if (older === 0) oldest = newer
      else table.setU32(older - 1, NEWER, newer)
      if (newer === 0) newest = older
      else table.setU32(newer - 1, OLDER, older)
      count--
    },
    save: () => [oldest, newest, count],
    restore(numbers) {
      ;[oldest, newest, count] = numbers as [number, number, number]
    },
  }
}
