import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  assign,
  decodeAssignment,
  decodeMember,
  encodeAssignment,
  encodeMember,
  type Member,
} from './assignment.ts'

const shares = (members: readonly Member[], count: number): Record<string, number[]> =>
  Object.fromEntries(assign(members, count))

test.each<[string, Member[], number, Record<string, number[]>]>([
  ['one member gets all', [{ id: 'a', owned: [] }], 3, { a: [0, 1, 2] }],
  [
    'a second member gets half, and the first keeps as many as it may',
    [
      { id: 'a', owned: [0, 1, 2, 3] },
      { id: 'b', owned: [] },
    ],
    4,
    { a: [0, 1], b: [2, 3] },
  ],
  ['the member that is left takes what the other had', [{ id: 'b', owned: [2, 3] }], 4, { b: [0, 1, 2, 3] }],
  [
    'more members than partitions: some wait',
    [
      { id: 'a', owned: [] },
      { id: 'b', owned: [1] },
      { id: 'c', owned: [0] },
    ],
    2,
    { a: [], b: [1], c: [0] },
  ],
  [
    'when two members claim a partition, one of them gets it',
    [
      { id: 'b', owned: [0, 1] },
      { id: 'a', owned: [0, 1] },
    ],
    2,
    { a: [0], b: [1] },
  ],
  ['partitions that do not exist belong to no member', [{ id: 'a', owned: [7, 0] }], 2, { a: [0, 1] }],
])('%s', (_name, members, count, expected) => {
  expect(shares(members, count)).toEqual(expected)
})

const groups = fc
  .record({
    count: fc.integer({ min: 1, max: 40 }),
    members: fc.uniqueArray(fc.record({ id: fc.string(), owned: fc.array(fc.nat(45)) }), {
      selector: ({ id }) => id,
      minLength: 1,
      maxLength: 12,
    }),
  })
  .filter(({ members }) => members.length > 0)

test('each partition has one owner, and shares differ by one at most', () => {
  fc.assert(
    fc.property(groups, ({ members, count }) => {
      const assigned = assign(members, count)
      expect([...assigned.values()].flat().sort((a, b) => a - b)).toEqual(
        Array.from({ length: count }, (_, partition) => partition),
      )
      const sizes = [...assigned.values()].map(({ length }) => length)
      expect(sizes).toHaveLength(members.length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }),
  )
})

test('a second assignment to the same members changes nothing', () => {
  fc.assert(
    fc.property(groups, ({ members, count }) => {
      const once = assign(members, count)
      const again = assign(
        members.map(({ id }) => ({ id, owned: once.get(id)! })),
        count,
      )
      expect(Object.fromEntries(again)).toEqual(Object.fromEntries(once))
    }),
  )
})

test('members and their partitions are decoded as they were encoded', () => {
  expect(decodeMember('m', encodeMember('shop.raw', [3, 1]))).toEqual({ id: 'm', owned: [3, 1] })
  expect(decodeAssignment('shop.raw', encodeAssignment('shop.raw', [0, 2]))).toEqual([0, 2])
  expect(decodeAssignment('shop.raw', Buffer.alloc(0))).toEqual([])
})
