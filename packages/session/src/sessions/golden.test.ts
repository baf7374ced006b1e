import { expect, test } from 'vitest'
import { replayGolden } from './golden.ts'
import { sessionEvent } from '../testing/events.ts'

const features = [
  { name: 'events', kind: 'count' },
  { name: 'price_mean', kind: 'mean', of: 'price' },
]

test('a recorded session gives the features at each of its updates, up to the goal', () => {
  const { collected_at, event_time } = sessionEvent({ at: 1_000 })
  const rows = replayGolden(
    [
      { collected_at, event_time, event_id: 'a' },
      { collected_at, event_time, event_id: 'a' },
      { collected_at, event_time, event_id: 'b', price: 5 },
      { collected_at, event_time, event_id: 'c', action: 'buy' },
      { collected_at, event_time, event_id: 'd' },
    ],
    { features, goal: 'buy' },
  )
  expect(rows.map(row => [...row])).toEqual([
    [1, NaN],
    [2, 5],
  ])
})

test('declarations that are wrong are refused', () => {
  expect(() => replayGolden([], { features: [{ name: 'a', kind: 'x' }], goal: 'buy' })).toThrow(
    'features[0] (a)',
  )
})
