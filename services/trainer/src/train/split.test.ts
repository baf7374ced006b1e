import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { testTable, type TestRow } from '../testing/table.ts'
import { rowWeights, splitTable, summarise } from './split.ts'

const session = (id: string, visitor: string, startedAt: number, label = 0): TestRow => ({
  session: id,
  visitor,
  startedAt,
  label,
  features: [0],
})

describe('split', () => {
  test('the newest sessions test, those before validate, all older ones train', () => {
    const table = testTable(Array.from({ length: 10 }, (_, i) => session(`s${i}`, `v${i}`, i)))
    const split = splitTable(table, { testShare: 0.2, validShare: 0.3 })
    expect([...split.train]).toEqual([0, 1, 2, 3, 4])
    expect([...split.valid]).toEqual([5, 6, 7])
    expect([...split.test]).toEqual([8, 9])
    expect(split.sessionsLeftOut).toBe(0)
  })

  test('who comes back in a newer part is taken out of the older ones', () => {
    const table = testTable([
      session('s0', 'returning', 0),
      session('s1', 'once', 1),
      session('s2', 'often', 2),
      session('s3', 'often', 3),
      session('s4', 'returning', 4),
    ])
    const split = splitTable(table, { testShare: 0.2, validShare: 0.2 })
    expect(split).toMatchObject({ sessionsLeftOut: 2 })
    expect([[...split.train], [...split.valid], [...split.test]]).toEqual([[1], [3], [4]])
  })

  test('for any table: no visitor on two sides, no older part newer, and the order of rows plays no part', () => {
    const row = fc.record({ session: fc.nat(30), startedAt: fc.nat(50) })
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 60 }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        (rows, share) => {
          const of = (list: typeof rows) =>
            testTable(list.map(r => session(`s${r.session}`, `v${r.session % 7}`, r.startedAt)))
          const table = of(rows)
          const split = splitTable(table, { testShare: share, validShare: share })
          const visitors = [split.train, split.valid, split.test].map(
            part => new Set(Array.from(part, r => table.visitor.codes[r])),
          )
          for (const [a, b] of [
            [0, 1],
            [0, 2],
            [1, 2],
          ] as const)
            expect(visitors[a]!.intersection(visitors[b]!).size).toBe(0)

          const sides = (list: typeof rows) => {
            const other = of(list)
            const { test: testRows } = splitTable(other, { testShare: share, validShare: share })
            return [
              ...new Set(Array.from(testRows, r => other.session.values[other.session.codes[r]!])),
            ].sort()
          }
          expect(sides([...rows].reverse())).toEqual(sides(rows))
        },
      ),
    )
  })
})

test('rows of a session together weigh as much as a session of one row', () => {
  const table = testTable([
    { session: 'a', label: 0, features: [] },
    { session: 'b', label: 0, features: [], n: 1 },
    { session: 'b', label: 0, features: [], n: 2 },
  ])
  expect([...rowWeights(table, { rowWeight: 'session' })]).toEqual([1, 0.5, 0.5])
  expect([...rowWeights(table, { rowWeight: 'row' })]).toEqual([1, 1, 1])
})

test('a summary counts sessions, not rows', () => {
  const table = testTable([session('a', 'v', 5, 1), session('a', 'v', 5, 1), session('b', 'w', 9)])
  const all = Int32Array.from([0, 1, 2])
  expect(summarise(table, all)).toEqual({ rows: 3, sessions: 2, positives: 1, from: 5, to: 9 })
  expect(summarise(table, new Int32Array(0))).toMatchObject({ rows: 0, from: undefined })
})
