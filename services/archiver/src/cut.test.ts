import { describe, expect, test } from 'vitest'
import { createCut, type Cut, type CutRecord, type CutRule } from './cut.ts'

const RULE = { windowMs: 300_000, recordsMax: 1000, bytesMax: 10_000, hourRecordsMin: 10 }
const NOON = Date.UTC(2026, 10, 20, 12)
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

describe('an object ends', () => {
  test.each([
    { before: 'no record, when it is empty', records: 0, next: {}, ends: false },
    { before: 'a record like those before', records: 1, next: {}, ends: false },
    { before: 'the record after its last one', records: 1000, next: {}, ends: true },
    { before: 'no record that fits exactly', records: 9, next: { bytes: 9_100 }, ends: false },
    { before: 'a record that does not fit', records: 9, next: { bytes: 9_101 }, ends: true },
    {
      before: 'no record appended in the same window',
      records: 1,
      next: { appendedAt: NOON + 299_999 },
      ends: false,
    },
    {
      before: 'a record appended in the next window',
      records: 1,
      next: { appendedAt: NOON + 300_000 },
      ends: true,
    },
    { before: 'no record appended earlier', records: 1, next: { appendedAt: NOON - 1 }, ends: false },
    {
      before: 'the next hour, when it is large',
      records: 10,
      next: { collectedAt: NOON + HOUR_MS },
      ends: true,
    },
    {
      before: 'no next hour, when it is small',
      records: 9,
      next: { collectedAt: NOON + HOUR_MS },
      ends: false,
    },
    {
      before: 'the next day, however small',
      records: 1,
      next: { collectedAt: NOON + 12 * HOUR_MS },
      ends: true,
    },
    {
      before: 'no record collected late',
      records: 10,
      next: { collectedAt: NOON - 23 * HOUR_MS },
      ends: false,
    },
    {
      before: 'a record of a day before',
      records: 1,
      next: { collectedAt: NOON - 24 * HOUR_MS - 1 },
      ends: true,
    },
  ])('before $before', ({ records, next, ends }) => {
    const cut = createCut(RULE)
    const bytes = records === 1000 ? 1 : 100
    for (let i = 0; i < records; i++) cut.add(record({ bytes }))
    expect(cut.isBefore(record({ bytes, ...next }))).toBe(ends)
  })

  test('only once when two collectors disagree about the hour', () => {
    const collected = Array.from({ length: 200 }, (_, i) => NOON + (i % 2 === 0 ? i : -i))
    expect(lengths(collected.map(collectedAt => record({ collectedAt, bytes: 1 })))).toEqual([200])
  })

  test('in a few places for a recording of a month that is imported at once', () => {
    const sparse = Array.from({ length: 720 }, (_, hour) =>
      record({ collectedAt: NOON + hour * HOUR_MS, bytes: 1 }),
    )
    expect(lengths(sparse, { ...RULE, hourRecordsMin: 500 })).toHaveLength(31)
  })

  test('every window for a live site, at whatever rate', () => {
    const live = Array.from({ length: 120 }, (_, i) => {
      const appendedAt = NOON + i * MINUTE_MS
      return record({ appendedAt, collectedAt: appendedAt - 20 })
    })
    expect(lengths(live)).toEqual(Array.from({ length: 24 }, () => 5))
  })
})

test('the end of an open object is settled once the log would append into the next window', () => {
  const cut = createCut(RULE)
  expect(cut.isSettled(NOON + HOUR_MS)).toBe(false)
  cut.add(record({ appendedAt: NOON + 1 }))
  expect(cut.isSettled(NOON + 299_999)).toBe(false)
  expect(cut.isSettled(NOON + 300_000)).toBe(true)
})

/** How many records each object has. */
function lengths(records: readonly CutRecord[], rule: CutRule = RULE): number[] {
  const found: number[] = []
  let cut: Cut | undefined
  for (const each of records) {
    if (cut === undefined || cut.isBefore(each)) {
      cut = createCut(rule)
      found.push(0)
    }
    cut.add(each)
    found[found.length - 1] = (found.at(-1) ?? 0) + 1
  }
  return found
}

function record(fields: Partial<CutRecord>): CutRecord {
  return { collectedAt: NOON, appendedAt: NOON, bytes: 100, ...fields }
}
