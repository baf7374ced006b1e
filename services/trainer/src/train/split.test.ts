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

const byTime = { splitBy: 'time', testShare: 0.25, validShare: 0.2 } as const

describe('split', () => {
  test('the newest sessions test, and the visitors of the older ones train or validate', () => {
    const table = testTable(Array.from({ length: 1_000 }, (_, i) => session(`s${i}`, `v${i}`, i)))
    const split = splitTable(table, byTime)
    expect([...split.test]).toEqual(Array.from({ length: 250 }, (_, i) => 750 + i))
    expect(split.valid.length).toBeGreaterThan(150)
    expect(split.valid.length).toBeLessThan(250)
    expect(split.train.length + split.valid.length).toBe(750)
    expect(split.sessionsLeftOut).toBe(0)
  })

  test('a visitor with newer and older sessions stays on one side: half of them here, half there', () => {
    const table = testTable(Array.from({ length: 2_000 }, (_, i) => session(`s${i}`, `v${i % 1_000}`, i)))
    const split = splitTable(table, { ...byTime, testShare: 0.5 })
    expect(split.sessionsLeftOut).toBe(1_000)
    expect(split.test.length).toBeGreaterThan(450)
    expect(split.test.length).toBeLessThan(550)
    expect(split.test.every(row => row >= 1_000)).toBe(true)
    expect(split.train.every(row => row < 1_000)).toBe(true)
  })

  test('by visitor alone no session is left out, and old ones test too', () => {
    const table = testTable(Array.from({ length: 2_000 }, (_, i) => session(`s${i}`, `v${i % 500}`, i)))
    const split = splitTable(table, { ...byTime, splitBy: 'visitor' })
    expect(split.sessionsLeftOut).toBe(0)
    expect(split.test[0]).toBeLessThan(100)
    expect(split.test.length / 2_000).toBeCloseTo(0.25, 1)
    expect(split.valid.length / 2_000).toBeCloseTo(0.2, 1)
  })

  test('for any table: every visitor in one part, time divides, and the order of rows plays no part', () => {
    const row = fc.record({ session: fc.nat(30), startedAt: fc.nat(50) })
    const options = fc.record({
      splitBy: fc.constantFrom('time' as const, 'visitor' as const),
      testShare: fc.double({ min: 0, max: 0.5, noNaN: true }),
      validShare: fc.double({ min: 0, max: 0.4, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), options, (rows, chosen) => {
        const splitOf = (list: typeof rows) => {
          // A session has one start, as in a table that was built.
          const table = testTable(list.map(r => session(`s${r.session}`, `v${r.session % 7}`, r.session * 3)))
          const split = splitTable(table, chosen)
          const names = (part: Int32Array) =>
            [...new Set(Array.from(part, r => table.session.values[table.session.codes[r]!]!))].sort()
          return { table, split, names: [split.train, split.valid, split.test].map(names) }
        }
        const { table, split, names } = splitOf(rows)
        const visitors = names.map(list => new Set(list.map(name => Number(name.slice(1)) % 7)))
        for (const [a, b] of [
          [0, 1],
          [0, 2],
          [1, 2],
        ] as const)
          expect(visitors[a]!.intersection(visitors[b]!).size).toBe(0)
        if (chosen.splitBy === 'time') {
          const startOf = (r: number) => table.startedAt[r]!
          const newestOld = Math.max(-1, ...[...split.train, ...split.valid].map(startOf))
          for (const r of split.test) expect(startOf(r)).toBeGreaterThan(newestOld)
        }
        expect(splitOf([...rows].reverse()).names).toEqual(names)
      }),
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
