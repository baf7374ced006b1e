import { describe, expect, test } from 'vitest'
import { blankBad, blankGood, blankRaw } from './blank.ts'
import { asCollectedTime } from './instants.ts'
import type { BadRecord, GoodRecord, RawRecord } from './records.ts'

// The compiler refuses a blank that lacks a field: each has the type of a whole record. Seen here as well, so that a
// cast can't hide one.
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never
const wholeRaw: Same<keyof ReturnType<typeof blankRaw>, keyof RawRecord> = true
const wholeGood: Same<keyof ReturnType<typeof blankGood>, keyof GoodRecord> = true
const wholeBad: Same<keyof ReturnType<typeof blankBad>, keyof BadRecord> = true

describe('a blank record', () => {
  test('has every field of its stream', () => {
    expect([wholeRaw, wholeGood, wholeBad]).toEqual([true, true, true])
    for (const blank of [blankRaw(), blankGood(), blankBad()])
      expect(Object.values(blank)).not.toContain(undefined)
  })

  test('takes changes, and is not changed by them', () => {
    const collected_at = asCollectedTime(5)
    expect(blankGood({ collected_at, action: 'search' })).toMatchObject({ collected_at: 5, action: 'search' })
    expect(blankGood()).toMatchObject({ collected_at: 0, action: 'custom' })
  })
})
