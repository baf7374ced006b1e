import { describe, expect, test } from 'vitest'
import { describeKinds, featureHash, FeatureError, parseFeatures } from './spec.ts'

describe('a fault is named with its place and what to write instead', () => {
  test.each<[string, unknown, string]>([
    ['no list', { name: 'a' }, 'the list is {"name":"a"}; write a list with one feature per line'],
    ['an empty list', [], 'the list is []'],
    ['no feature', ['count'], 'features[0]: is "count"; write { name: …, kind: …, … }'],
    ['no kind', [{ name: 'a' }], 'features[0] (a): kind: is not there; write one of: count, share, rate'],
    [
      'an unknown kind',
      [{ name: 'a', kind: 'cuont' }],
      'features[0] (a): kind: is "cuont"; write one of: count',
    ],
    ['the name of a method', [{ name: 'a', kind: 'toString' }], 'kind: is "toString"'],
    ['no name', [{ kind: 'count' }], 'features[0]: name: is missing'],
    ['a name in capitals', [{ name: 'Adds', kind: 'count' }], 'features[0] (Adds): name: must be lower case'],
    [
      'an unknown key',
      [{ name: 'a', kind: 'count', when: 1 }],
      'features[0] (a): when: is not known; a count has where',
    ],
    [
      'a key of another kind',
      [{ name: 'a', kind: 'elapsed', of: 'price' }],
      'of: is not known; a elapsed has nothing but',
    ],
    [
      'an id as a filter',
      [{ name: 'a', kind: 'count', where: { visitor: 'v1' } }],
      "where: visitor: can't be filtered by",
    ],
    [
      'a product id as a filter',
      [{ name: 'a', kind: 'count', where: { product_id: 'p1' } }],
      'where.product_id: can only be asked for: write { exists: true }',
    ],
    [
      'a number as a value',
      [{ name: 'a', kind: 'count', where: { action: 5 } }],
      'where.action: is 5; write a value, a list',
    ],
    [
      'an id as a value',
      [{ name: 'a', kind: 'distinct', of: 'session_id' }],
      'of: is "session_id"; write one of these fields: action',
    ],
    [
      'a product id in a sequence',
      [{ name: 'a', kind: 'sequence', of: 'product_id', is: 'p1' }],
      'of: is "product_id"; write one of the fields of text',
    ],
    [
      'a text as a number',
      [{ name: 'a', kind: 'sum', of: 'action' }],
      'of: is "action"; write one of the fields of numbers: price',
    ],
    ['nothing to sum', [{ name: 'a', kind: 'sum' }], 'of: is missing; a sum needs it'],
    [
      'an unknown statistic',
      [{ name: 'a', kind: 'gap', stat: 'median' }],
      'stat: is "median"; write a statistic: mean, max',
    ],
    ['a filter that must be there', [{ name: 'a', kind: 'share' }], 'where: is missing; a share needs it'],
    ['too many values', [{ name: 'a', kind: 'distinct', of: 'action', max: 257 }], 'max: '],
    [
      'neither is nor values',
      [{ name: 'a', kind: 'first_touch', of: 'action' }],
      'must have one of `is: a_value`',
    ],
    [
      'both is and values',
      [{ name: 'a', kind: 'sequence', of: 'action', is: 'a', values: ['a'] }],
      'and not both',
    ],
    [
      'a value twice',
      [{ name: 'a', kind: 'sequence', of: 'action', values: ['a', 'a'] }],
      'values: names a value twice',
    ],
    [
      'a filter that leaves nothing',
      [{ name: 'a', kind: 'mean', of: 'price', where: { price: { exists: false } } }],
      'where: leaves no event that has a price',
    ],
    [
      'two features of one name',
      [
        { name: 'a', kind: 'count' },
        { name: 'a', kind: 'elapsed' },
      ],
      'features[1] (a): name: appears at features[0] already',
    ],
  ])('%s', (_what, input, fault) => {
    expect(() => parseFeatures(input)).toThrow(fault)
  })

  test('all of them together', () => {
    const faults = (): unknown =>
      parseFeatures([
        { name: 'a', kind: 'nothing' },
        { name: 'B', kind: 'sum', of: 'x' },
      ])
    expect(faults).toThrow(FeatureError)
    expect(faults).toThrow('the features have 3 faults')
  })
})

test('what is right is given back as it was written', () => {
  const input = [
    { name: 'adds', kind: 'count', where: { action: 'add_to_cart' } },
    {
      name: 'products',
      kind: 'distinct',
      of: 'product_id',
      max: 32,
      where: { page_kind: { not: ['cart'] } },
    },
    { name: 'hour', kind: 'calendar', part: 'hour', utc_offset_minutes: 60 },
  ]
  expect(parseFeatures(input)).toEqual(input)
})

test('the hash depends on what is declared and in which order, not on the order of keys', () => {
  const count = parseFeatures([
    { name: 'a', kind: 'count' },
    { name: 'b', kind: 'elapsed' },
  ])
  expect(featureHash(count)).toMatch(/^[0-9a-f]{64}$/)
  expect(
    featureHash(
      parseFeatures([
        { kind: 'count', name: 'a' },
        { name: 'b', kind: 'elapsed' },
      ]),
    ),
  ).toBe(featureHash(count))
  expect(featureHash(count.toReversed())).not.toBe(featureHash(count))
})

test('every kind is described, and the keys that it needs are told from those it may have', () => {
  const kinds = describeKinds()
  expect(kinds).toHaveLength(21)
  for (const kind of kinds) expect(kind.description, kind.kind).toMatch(/\.$/)
  expect(
    kinds.find(({ kind }) => kind === 'gap')?.keys.map(({ key, isRequired }) => [key, isRequired]),
  ).toEqual([
    ['stat', true],
    ['where', false],
  ])
})
