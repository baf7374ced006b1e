import type { ArchiverConfig } from './config.ts'

export type CutRule = Pick<ArchiverConfig, 'windowMs' | 'recordsMax' | 'bytesMax' | 'hourRecordsMin'>

/** The facts of a record that decide where an object ends. */
export interface CutRecord {
  readonly collectedAt: number
  readonly appendedAt: number
  readonly bytes: number
}

/**
 * Where an object ends: a function of its records alone, as the log holds them. No clock takes part, so that
 * an archiver of the same log makes the same objects from the same position.
 */
export interface Cut {
  /** Whether the object ends before this record. An empty object takes any record. */
  isBefore(record: CutRecord): boolean
  add(record: CutRecord): void
  /**
   * Returns whether any record that the log appends at `appendedAt` would end the object. If so, the object may be
   * closed without waiting for such a record: where it ends is settled.
   */
  isSettled(appendedAt: number): boolean
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export function createCut({ windowMs, recordsMax, bytesMax, hourRecordsMin }: CutRule): Cut {
  let records = 0
  let bytes = 0
  let collectedFirst = 0
  let appendedFirst = 0

  /**
   * Only advancing time cuts: collectors' clocks differ, and a record that is a little late must end neither this
   * object nor the next one. A step of a whole day back is another recording.
   */
  function isOtherTime(collectedAt: number): boolean {
    if (index(collectedAt, DAY_MS) > index(collectedFirst, DAY_MS)) return true
    if (collectedAt < collectedFirst - DAY_MS) return true
    return records >= hourRecordsMin && index(collectedAt, HOUR_MS) > index(collectedFirst, HOUR_MS)
  }

  return {
    isBefore(record) {
      if (records === 0) return false
      return (
        records >= recordsMax ||
        bytes + record.bytes > bytesMax ||
        index(record.appendedAt, windowMs) > index(appendedFirst, windowMs) ||
        isOtherTime(record.collectedAt)
      )
    },
    add(record) {
      if (records === 0) {
        collectedFirst = record.collectedAt
        appendedFirst = record.appendedAt
      }
      records++
      bytes += record.bytes
    },
    isSettled: appendedAt => records > 0 && index(appendedAt, windowMs) > index(appendedFirst, windowMs),
  }
}

function index(ms: number, lengthMs: number): number {
  return Math.floor(ms / lengthMs)
}
