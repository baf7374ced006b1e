import type { GoodRecord } from '@sluicebox/event/records'
import { expect, test } from 'vitest'
import { eachColumnOnce, type Columns } from './columns.ts'

type Others = Exclude<keyof GoodRecord, 'language' | 'timezone'>
const language = (good: Columns<'language'>): void => void (good.language = 'en')
const timezone = (good: Columns<'timezone'>): void => void (good.timezone = 'UTC')
const both = (good: Columns<'language' | 'timezone'>): void => void (good.language = good.timezone)
const others = (_good: Columns<Others>): void => {}

// What must not compile is checked by the compiler: an error that is expected and missing is an error.
test('setters that set each column once are a list', () => {
  expect(eachColumnOnce([others, language, timezone])).toEqual([others, language, timezone])
  expect(eachColumnOnce([both, others]).length).toBe(2)
})

test('a column that no function sets does not compile', () => {
  // @ts-expect-error: timezone is not set
  expect(eachColumnOnce([others, language]).length).toBe(2)
})

test('a column that two functions set does not compile', () => {
  // @ts-expect-error: language is set twice
  expect(eachColumnOnce([others, language, both]).length).toBe(3)
})

test('a function sets no column but its own', () => {
  // @ts-expect-error: timezone is a column of another function
  const stray = (good: Columns<'language'>): void => void (good.timezone = 'UTC')
  expect(stray).toBeTypeOf('function')
})
