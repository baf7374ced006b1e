import { expect, test } from 'vitest'
import { simulate } from './simulated-visitors.ts'

test('the same seed makes the same visitors', () => {
  const first = [...simulate({ sessions: 30, seed: 7 })]
  expect([...simulate({ sessions: 30, seed: 7 })]).toEqual(first)
  expect([...simulate({ sessions: 30, seed: 8 })]).not.toEqual(first)
})

test('makes as many sessions as asked for, each event marked as simulated and with an id of its own', () => {
  const events = [...simulate({ sessions: 200, seed: 1 })]
  expect(new Set(events.map(event => event.session_id)).size).toBe(200)
  expect(new Set(events.map(event => event.event_id)).size).toBe(events.length)
  expect(events.every(event => event.simulated === true)).toBe(true)
})

test('some visitors buy, most do not, and none buys without a cart', () => {
  const events = [...simulate({ sessions: 500, seed: 3 })]
  const sessions = Map.groupBy(events, event => event.session_id)
  const buyers = [...sessions.values()].filter(session =>
    session.some(event => event.action === 'transaction'),
  )
  expect(buyers.length).toBeGreaterThan(20)
  expect(buyers.length).toBeLessThan(250)
  expect(buyers.every(session => session.some(event => event.action === 'add_to_cart'))).toBe(true)
})
