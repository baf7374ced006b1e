import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileFeatures, type FeatureProgram } from './features.ts'
import type { SessionEvent } from '../session-event.ts'
import { createCells } from '../memory/slots.ts'
import { parseFeatures } from './spec.ts'
import { arbitraryStream, sessionEvent } from '../testing/events.ts'
import { referenceFeatures, type Folded } from '../testing/reference-features.ts'

const SECOND_MS = 1_000

describe('each kind of feature', () => {
  // A session of someone who looks around: seconds, action, page kind, and what else matters.
  const events = [
    sessionEvent({ at: 0, page_kind: 'home', referrer_medium: 'search', device_type: 'mobile' }),
    sessionEvent({ at: 10 * SECOND_MS, action: 'search', page_kind: 'list', category: 'shoes' }),
    sessionEvent({ at: 30 * SECOND_MS, action: 'view', page_kind: 'product', product_id: 'p1', price: 20 }),
    sessionEvent({ at: 90 * SECOND_MS, action: 'view', page_kind: 'product', product_id: 'p2', price: 40 }),
    sessionEvent({ at: 100 * SECOND_MS, action: 'view', page_kind: 'product', product_id: 'p1', price: 20 }),
    sessionEvent({ at: 120 * SECOND_MS, action: 'add', page_kind: 'product', product_id: 'p1', price: 20 }),
  ]
  const views = { action: 'view' }

  test.each<[string, object, number]>([
    ['count of all', { kind: 'count' }, 6],
    ['count of one action', { kind: 'count', where: views }, 3],
    ['count of any of some', { kind: 'count', where: { action: ['view', 'add'] } }, 4],
    ['count of all but one', { kind: 'count', where: { action: { not: 'view' } } }, 3],
    ['count of events that have a field', { kind: 'count', where: { category: { exists: true } } }, 1],
    ['count of events that lack a number', { kind: 'count', where: { price: { exists: false } } }, 2],
    ['count under two tests', { kind: 'count', where: { ...views, product_id: { exists: true } } }, 3],
    ['not a value: only where there is one', { kind: 'count', where: { category: { not: 'hats' } } }, 1],
    ['share', { kind: 'share', where: views }, 0.5],
    ['rate, a minute', { kind: 'rate' }, 3],
    ['distinct', { kind: 'distinct', of: 'product_id' }, 2],
    ['distinct stays at its max', { kind: 'distinct', of: 'page_kind', max: 2 }, 2],
    ['revisits', { kind: 'revisits', of: 'product_id' }, 2],
    ['revisits of what was remembered', { kind: 'revisits', of: 'product_id', max: 1 }, 2],
    [
      'entropy of equal parts',
      { kind: 'entropy', of: 'page_kind', where: { action: ['page_view', 'search'] } },
      1,
    ],
    ['entropy of one value', { kind: 'entropy', of: 'action', where: views }, 0],
    [
      'entropy beyond its max',
      { kind: 'entropy', of: 'page_kind', max: 1, where: { action: { not: 'view' } } },
      0.9182958340544896,
    ],
    ['sum', { kind: 'sum', of: 'price' }, 100],
    ['mean', { kind: 'mean', of: 'price', where: views }, 80 / 3],
    ['std', { kind: 'std', of: 'price', where: { action: ['view', 'add'] } }, Math.sqrt(75)],
    ['min', { kind: 'min', of: 'price' }, 20],
    ['max', { kind: 'max', of: 'price' }, 40],
    ['first', { kind: 'first', of: 'price' }, 20],
    ['last', { kind: 'last', of: 'price', where: views }, 20],
    ['elapsed', { kind: 'elapsed' }, 120],
    ['time since', { kind: 'time_since', where: views }, 20],
    ['gap, mean', { kind: 'gap', stat: 'mean' }, 24],
    ['gap, max', { kind: 'gap', stat: 'max' }, 60],
    ['gap, last', { kind: 'gap', stat: 'last', where: views }, 10],
    ['gap, std', { kind: 'gap', stat: 'std', where: views }, 25],
    ['dwell', { kind: 'dwell', where: { page_kind: 'product' } }, 90],
    ['dwell of an action', { kind: 'dwell', where: { action: 'search' } }, 20],
    ['first touch, yes', { kind: 'first_touch', of: 'referrer_medium', is: 'search' }, 1],
    ['first touch, no', { kind: 'first_touch', of: 'referrer_medium', is: ['paid', 'email'] }, 0],
    ['first touch, code', { kind: 'first_touch', of: 'device_type', values: ['desktop', 'mobile'] }, 2],
    ['first touch, another value', { kind: 'first_touch', of: 'device_type', values: ['tv'] }, 0],
    [
      'first touch of matching events',
      { kind: 'first_touch', of: 'page_kind', is: 'product', where: views },
      1,
    ],
    ['sequence, latest', { kind: 'sequence', of: 'action', is: 'add' }, 1],
    ['sequence, further back', { kind: 'sequence', of: 'action', back: 5, values: ['view', 'search'] }, 2],
    ['sequence, code of another', { kind: 'sequence', of: 'action', back: 1, values: ['view'] }, 0],
    ['transition', { kind: 'transition', of: 'action', from: 'view', to: 'view' }, 2],
    [
      'transition between matching events',
      {
        kind: 'transition',
        of: 'action',
        from: 'page_view',
        to: 'view',
        where: { action: { not: 'search' } },
      },
      1,
    ],
    ['the first transition', { kind: 'transition', of: 'action', to: 'page_view' }, 1],
    ['the first transition to another', { kind: 'transition', of: 'action', to: 'view' }, 0],
    [
      'the first transition under a filter',
      { kind: 'transition', of: 'action', to: 'view', where: { page_kind: 'product' } },
      1,
    ],
    ['hour', { kind: 'calendar', part: 'hour' }, 0],
    ['hour elsewhere', { kind: 'calendar', part: 'hour', utc_offset_minutes: -60 }, 23],
    ['weekday of a Thursday', { kind: 'calendar', part: 'weekday' }, 4],
    ['weekday elsewhere', { kind: 'calendar', part: 'weekday', utc_offset_minutes: -60 }, 3],
    ['weekend', { kind: 'calendar', part: 'weekend' }, 0],
  ])('%s', (_what, spec, expected) => {
    expect(featuresOf([{ name: 'f', ...spec }], events)[0]).toBeCloseTo(expected, 12)
  })

  test.each<[string, object, number]>([
    ['count', { kind: 'count' }, 0],
    ['share', { kind: 'share', where: views }, NaN],
    ['rate', { kind: 'rate' }, 0],
    ['distinct', { kind: 'distinct', of: 'category' }, 0],
    ['revisits', { kind: 'revisits', of: 'category' }, 0],
    ['entropy', { kind: 'entropy', of: 'category' }, NaN],
    ['sum', { kind: 'sum', of: 'price' }, 0],
    ['mean', { kind: 'mean', of: 'price' }, NaN],
    ['std', { kind: 'std', of: 'price' }, NaN],
    ['min', { kind: 'min', of: 'price' }, NaN],
    ['first', { kind: 'first', of: 'price' }, NaN],
    ['elapsed', { kind: 'elapsed' }, NaN],
    ['time since', { kind: 'time_since', where: views }, NaN],
    ['gap', { kind: 'gap', stat: 'mean' }, NaN],
    ['gap, std', { kind: 'gap', stat: 'std' }, NaN],
    ['dwell', { kind: 'dwell', where: views }, 0],
    ['first touch', { kind: 'first_touch', of: 'category', is: 'a' }, NaN],
    ['sequence', { kind: 'sequence', of: 'category', values: ['a'] }, NaN],
    ['transition', { kind: 'transition', of: 'action', from: 'a', to: 'b' }, 0],
  ])('%s of no event', (_what, spec, expected) => {
    expect(featuresOf([{ name: 'f', ...spec }], [])).toEqual([expected])
  })
})

test('an event without the field is not a value, but a no for a yes-or-no feature', () => {
  const events = [sessionEvent({ referrer_medium: null })]
  const touch = { kind: 'first_touch', of: 'referrer_medium' }
  expect(
    featuresOf(
      [
        { name: 'code', ...touch, values: ['search'] },
        { name: 'is', ...touch, is: 'search' },
      ],
      events,
    ),
  ).toEqual([NaN, 0])
})

test('a price that is not a number is left out', () => {
  const events = [sessionEvent({ price: NaN }), sessionEvent({ price: Infinity }), sessionEvent({ price: 3 })]
  const of = (kind: string): object => ({ name: kind, kind, of: 'price' })
  expect(featuresOf(['sum', 'mean', 'min', 'max', 'first', 'last'].map(of), events)).toEqual([
    3, 3, 3, 3, 3, 3,
  ])
})

test('amounts are those in the base currency, where an event has one', () => {
  const events = [
    sessionEvent({ price: 10, revenue: 100 }),
    sessionEvent({ price: 20, price_base: 18, revenue: 200, revenue_base: 180, base_currency: 'EUR' }),
    // It could not be converted.
    sessionEvent({ price: 7_000, revenue: 9_000, base_currency: 'EUR' }),
    // As the golden session of a bundle has it, from before there were such fields.
    {
      ...sessionEvent({ price: 5 }),
      base_currency: undefined,
      price_base: undefined,
    } as unknown as SessionEvent,
  ]
  const amounts = [
    { name: 'prices', kind: 'sum', of: 'price' },
    { name: 'revenues', kind: 'sum', of: 'revenue' },
    { name: 'priced', kind: 'count', where: { price: { exists: true } } },
  ]
  expect(featuresOf(amounts, events)).toEqual([33, 280, 3])
})

test('flags can be filtered by', () => {
  const events = [sessionEvent({ is_bot: true }), sessionEvent({ is_bot: false })]
  expect(featuresOf([{ name: 'bot', kind: 'count', where: { is_bot: 'true' } }], events)).toEqual([1])
})

describe('a list of features', () => {
  const action = fc.constantFrom('page_view', 'add_to_cart', 'search', 'never')
  const where = fc.option(
    fc.oneof(
      fc.record({ action }),
      fc.record({ action: fc.record({ not: action }) }),
      fc.record({
        action: fc.uniqueArray(action, { minLength: 1 }),
        page_kind: fc.constantFrom('home', 'list'),
      }),
      fc.record({ price: fc.record({ exists: fc.boolean() }) }),
      fc.record({
        category: fc.constantFrom('shoes', 'hats'),
        product_id: fc.record({ exists: fc.boolean() }),
      }),
    ),
    { nil: undefined },
  )
  const max = fc.constantFrom(undefined, 1, 2, 3)
  const value = fc.constantFrom('page_kind', 'category', 'action', 'product_id')
  const text = fc.constantFrom('page_kind', 'category', 'action')
  const values = fc.uniqueArray(fc.constantFrom('home', 'list', 'shoes', 'hats', 'search'), { minLength: 1 })
  const requiredWhere = where.map(tests => tests ?? {})
  const arbitrarySpec = fc.oneof(
    fc.record({ kind: fc.constantFrom('count', 'rate'), where }),
    fc.record({ kind: fc.constantFrom('share', 'time_since', 'dwell'), where: requiredWhere }),
    fc.record({ kind: fc.constantFrom('distinct', 'revisits', 'entropy'), of: value, max, where }),
    fc.record({
      kind: fc.constantFrom('sum', 'mean', 'std', 'min', 'max', 'first', 'last'),
      of: fc.constant('price'),
      where: where.filter(tests => tests === undefined || !('price' in tests)),
    }),
    fc.record({ kind: fc.constant('elapsed') }),
    fc.record({ kind: fc.constant('gap'), stat: fc.constantFrom('mean', 'max', 'last', 'std'), where }),
    fc.record({ kind: fc.constant('first_touch'), of: text, values, where }),
    fc.record({
      kind: fc.constant('sequence'),
      of: text,
      back: fc.integer({ min: 1, max: 4 }),
      is: values,
      where,
    }),
    fc.record({
      kind: fc.constant('transition'),
      of: text,
      from: fc.option(action, { nil: undefined }),
      to: action,
      where,
    }),
    fc.record({ kind: fc.constant('calendar'), part: fc.constantFrom('hour', 'weekday', 'weekend') }),
  )
  const arbitrarySpecs = fc
    .array(arbitrarySpec, { minLength: 1, maxLength: 60, size: 'max' })
    .map(list => list.map((spec, i) => ({ name: `f${i}`, ...spec })))
    // A product id can only be asked for where it is not what the feature is made of.
    .filter(list =>
      list.every(
        spec =>
          !JSON.stringify(spec).includes('"product_id":{"exists":false}') ||
          !('of' in spec) ||
          spec.of !== 'product_id',
      ),
    )

  test('gives what the reference gives, however its features share what they are made of', () => {
    fc.assert(
      fc.property(arbitrarySpecs, arbitraryStream, (list, stream) => {
        const specs = parseFeatures(list)
        const folded: Folded[] = []
        for (const event of stream)
          folded.push({ event, at: Math.max(event.event_time, folded.at(-1)?.at ?? -Infinity) })
        const startedAt = folded[0]?.at ?? 0
        const found = run(
          compileFeatures(specs),
          folded.map(({ event, at }) => ({ event, offsetMs: at - startedAt })),
          startedAt,
        )
        const expected = referenceFeatures(specs, folded, startedAt)
        specs.forEach((spec, i) => {
          if (Number.isNaN(expected[i])) expect([spec, found[i]]).toEqual([spec, NaN])
          else
            expect(Math.abs(found[i]! - expected[i]!), JSON.stringify(spec)).toBeLessThan(
              1e-9 * (1 + Math.abs(expected[i]!)),
            )
        })
      }),
      { numRuns: 300 },
    )
  })

  test('tells a hundred actions apart, and what follows what', () => {
    const actions = Array.from({ length: 100 }, (_, i) => `action ${i}`)
    const counts = actions.map((action, i) => ({ name: `count_${i}`, kind: 'count', where: { action } }))
    const steps = actions.map((from, i) => ({
      name: `step_${i}`,
      kind: 'transition',
      of: 'action',
      from,
      to: actions[(i + 17) % 100],
    }))
    const stays = actions.map((action, i) => ({
      name: `stay_${i}`,
      kind: 'transition',
      of: 'action',
      from: action,
      to: action,
    }))
    // Every action once, in steps of seventeen: 0, 17, 34 …
    const events = actions.map((_, i) => sessionEvent({ at: i, action: actions[(17 * i) % 100]! }))
    const last = (17 * 99) % 100
    expect(featuresOf([...counts, ...steps, ...stays], events)).toEqual([
      ...actions.map(() => 1),
      ...actions.map((_, i) => (i === last ? 0 : 1)),
      ...actions.map(() => 0),
    ])
  })

  test('keeps what is shared once', () => {
    const bytesOf = (list: object[]): number => compileFeatures(parseFeatures(list)).bytes
    const cart = { where: { action: 'add_to_cart' } }
    const alone = bytesOf([{ name: 'a', kind: 'count', ...cart }])
    const shared = bytesOf([
      { name: 'a', kind: 'count', ...cart },
      { name: 'b', kind: 'share', ...cart },
      { name: 'c', kind: 'rate', ...cart },
    ])
    expect(shared).toBe(alone)
    const distinct = { kind: 'distinct', of: 'product_id', max: 32 }
    expect(
      bytesOf([
        { name: 'a', ...distinct },
        { name: 'b', ...distinct, kind: 'revisits' },
      ]),
    ).toBeLessThanOrEqual(bytesOf([{ name: 'a', ...distinct }]) + 8)
  })

  test('that would fill memory is refused', () => {
    const list = Array.from({ length: 5 }, (_, i) => ({
      name: `f${i}`,
      kind: 'distinct',
      of: 'category',
      max: 250 + i,
    }))
    expect(() => compileFeatures(parseFeatures(list))).toThrow(
      /5\d{3} bytes for each session, more than 4096: lower "max"/,
    )
  })

  test('that names too many values of a field is refused', () => {
    const list = Array.from({ length: 300 }, (_, i) => ({
      name: `f${i}`,
      kind: 'count',
      where: { action: `a${i}` },
    }))
    expect(() => compileFeatures(parseFeatures(list))).toThrow('more than 250 values of action')
  })
})

function featuresOf(list: readonly object[], events: readonly SessionEvent[]): number[] {
  const steps = events.map(event => ({ event, offsetMs: event.event_time }))
  return run(compileFeatures(parseFeatures(list)), steps, 0)
}

function run(
  program: FeatureProgram,
  steps: readonly { event: SessionEvent; offsetMs: number }[],
  startedAt: number,
): number[] {
  // Two sessions side by side: what belongs to one must not touch the other.
  const cells = createCells(2 * program.bytes)
  const at = program.bytes
  for (const { event, offsetMs } of steps) program.fold(cells, at, event, offsetMs)
  expect(cells.u8.subarray(0, at).every(byte => byte === 0)).toBe(true)
  expect(program.eventCount(cells, at)).toBe(steps.length)
  const out = new Float64Array(program.names.length)
  program.read(cells, at, startedAt, out)
  return [...out]
}
