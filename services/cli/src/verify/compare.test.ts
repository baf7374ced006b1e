import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createComparison, NOTHING, type Counts, type Difference } from './compare.ts'

interface Item {
  readonly source_position: string
  readonly source_index: number
  readonly value: number
}

const FIELDS = ['source_position', 'source_index', 'value']

/** Three records of each position, as many in all. */
const items = (count: number): Item[] =>
  Array.from({ length: count }, (_, i) => ({
    source_position: String(Math.floor(i / 3)),
    source_index: i % 3,
    value: i,
  }))

async function compare(
  archived: readonly Item[],
  computed: readonly Item[],
  { partitions = 1, isByIndex = true } = {},
): Promise<{ counts: Counts; differences: Difference[] }> {
  const differences: Difference[] = []
  const comparison = createComparison<Item>({
    what: 'items',
    archived: Array.from({ length: partitions }, (_, partition) =>
      iterate(archived.filter(({ value }) => Math.abs(value) % partitions === partition)),
    ),
    idOf: item => String(item.value),
    isByIndex,
    differences,
  })
  for (const item of computed) await comparison.offer([item])
  return { counts: await comparison.finish(), differences }
}

async function* iterate(archived: readonly Item[]) {
  for (const record of archived) yield { record, fieldNames: FIELDS, place: `item ${record.value}` }
}

describe('comparing what is archived with what is computed', () => {
  test('counts exactly what was changed, dropped, repeated or added', async () => {
    const kinds = fc.constantFrom('changed', 'dropped', 'repeated', 'added')
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.nat(3990).map(String), kinds, { maxKeys: 30 }), async damage => {
        const computed = items(4000)
        const archived = computed.flatMap((item, i) => {
          switch (damage[i]) {
            case 'changed':
              return [{ ...item, value: -item.value - 1 }]
            case 'dropped':
              return []
            case 'repeated':
              return [item, item]
            case 'added':
              return [item, { ...item, source_index: item.source_index + 100 }]
            default:
              return [item]
          }
        })
        const count = (kind: string): number => Object.values(damage).filter(each => each === kind).length
        expect((await compare(archived, computed)).counts).toEqual({
          ...NOTHING,
          compared: 4000 - count('dropped'),
          differing: count('changed'),
          missing: count('dropped'),
          extra: count('repeated') + count('added'),
        })
      }),
      { numRuns: 30 },
    )
  })

  test('tells the end of the archive from a gap in it, and the end of what is computed', async () => {
    const all = items(300)
    expect((await compare(all.slice(0, 100), all)).counts).toEqual({
      ...NOTHING,
      compared: 100,
      unarchived: 200,
    })
    expect((await compare(all, all.slice(0, 99))).counts).toEqual({
      ...NOTHING,
      compared: 99,
      unreplayed: 201,
    })
    expect((await compare(all.slice(100), all)).counts).toEqual({ ...NOTHING, compared: 200, missing: 100 })
    expect((await compare([], all)).counts).toEqual({ ...NOTHING, unarchived: 300 })
  })

  test('continues past one record that is far from its place', async () => {
    const computed = items(30_000)
    const archived = computed.map((item, i) => (i === 10 ? { ...item, source_position: '99999999' } : item))
    expect((await compare(archived, computed)).counts).toEqual({
      ...NOTHING,
      compared: 29_999,
      missing: 1,
      unreplayed: 1,
    })
  })

  test('holds a bounded number of records, however many have no counterpart', async () => {
    const computed = items(40_000)
    const others = computed.map(item => ({ ...item, source_index: item.source_index + 100 }))
    const { counts, differences } = await compare(others, computed)
    expect(counts.extra + counts.missing).toBe(80_000 - counts.unarchived)
    expect(differences).toHaveLength(100)
  })

  describe('of 100,000 records that were made from one', () => {
    const computed: readonly Item[] = Array.from({ length: 100_000 }, (_, i) => ({
      source_position: '7',
      source_index: i,
      value: i,
    }))
    const all = { ...NOTHING, compared: computed.length }

    test.each([1, 3])('in %i archived partitions: all are found', async partitions => {
      expect(await compare(computed, computed, { partitions })).toEqual({ counts: all, differences: [] })
    })

    test('in the order of something else: all are found', async () => {
      const byTime = computed.toSorted((a, b) => (a.value % 997) - (b.value % 997))
      expect(await compare(byTime, byTime, { isByIndex: false })).toEqual({ counts: all, differences: [] })
      expect(await compare(byTime, byTime, { partitions: 3, isByIndex: false })).toEqual({
        counts: all,
        differences: [],
      })
    })

    test('one that is missing, and one that is there twice, far from it', async () => {
      const archived = [...computed.filter(({ value }) => value !== 5), computed[20_000]!]
      const { counts, differences } = await compare(archived, computed)
      expect(counts).toEqual({ ...all, compared: all.compared - 1, missing: 1, extra: 1 })
      expect(differences.map(({ kind, id }) => [kind, id])).toEqual([
        ['missing', '5'],
        ['repeated', '20000'],
      ])
    })
  })

  test('the end of one archived partition before the other is not a gap, however far it is', async () => {
    const computed = items(90_000)
    const archived = computed.filter(({ value }) => value % 2 === 0 || value < 3_000)
    const { counts } = await compare(archived, computed, { partitions: 2 })
    expect(counts).toEqual({
      ...NOTHING,
      compared: archived.length,
      unarchived: computed.length - archived.length,
    })
  })

  test('names the record, its place, and what differs', async () => {
    const [first] = items(1) as [Item]
    const { differences } = await compare([{ ...first, value: -0 }], [first])
    expect(differences).toEqual([
      { kind: 'differs', what: 'items', id: '0', message: 'item 0: value is -0, computed 0' },
    ])
  })
})
