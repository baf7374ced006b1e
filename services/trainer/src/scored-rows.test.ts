import { expect, test } from 'vitest'
import { scoredRows } from './scored-rows.ts'
import { testTable } from './testing/table.ts'

const table = testTable([
  { session: 'a', label: 0, features: [1], deviceType: 'mobile' },
  { session: 'b', label: 1, features: [2], deviceType: 'desktop' },
  { session: 'b', n: 2, label: 1, features: [3], deviceType: 'desktop' },
])
const scores = { score: Float64Array.of(-1, 0, 1), probability: Float64Array.of(0.2, 0.5, 0.7) }

test('rows are picked with their scores', () => {
  const rows = scoredRows(table, Int32Array.of(2, 0), scores)
  expect([...rows.score]).toEqual([1, -1])
  expect([...rows.probability]).toEqual([0.7, 0.2])
  expect([...rows.label]).toEqual([1, 0])
  expect([...rows.n]).toEqual([2, 1])
  expect(rows.session[0]).not.toBe(rows.session[1])
})

test('a column slices only rows that differ in it', () => {
  expect(Object.keys(scoredRows(table, Int32Array.of(0, 1), scores).slices!)).toEqual(['device_type'])
  expect(Object.keys(scoredRows(table, Int32Array.of(1, 2), scores).slices!)).toEqual([])
})
