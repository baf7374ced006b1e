import { replayGolden } from '@sluicebox/session/sessions/golden'
import { parseFeatures } from '@sluicebox/session/features/spec'
import { describe, expect, test } from 'vitest'
import { makeGoldenSessions } from './golden-sessions.ts'

const features = parseFeatures([
  { name: 'events', kind: 'count' },
  { name: 'carts', kind: 'count', where: { action: 'add_to_cart' } },
  { name: 'wins', kind: 'count', where: { action: ['win', 'page_view'] } },
  { name: 'unusual', kind: 'share', where: { category: { not: 'shoes' } } },
  { name: 'back', kind: 'transition', of: 'page_kind', from: 'product', to: 'list' },
  { name: 'entry', kind: 'first_touch', of: 'referrer_medium', values: ['search', 'social'] },
  { name: 'price', kind: 'mean', of: 'price' },
])

describe('golden sessions', () => {
  const sessions = makeGoldenSessions(features, 'win', 7)

  test('replay to the features that they hold', () => {
    for (const { session, features: rows } of sessions)
      expect(replayGolden(session!, { features, goal: 'win' })).toEqual(rows)
  })

  test('hold only values that the features name, and made-up ones', () => {
    const seen = (field: 'action' | 'category' | 'page_kind' | 'referrer_medium') =>
      new Set(sessions.flatMap(({ session }) => session!.map(event => event[field])))
    for (const category of seen('category')) expect(['shoes', 'something_else', null]).toContain(category)
    expect([...seen('action')].sort()).toEqual(['add_to_cart', 'page_view', 'something_else', 'win'])
    expect([...seen('page_kind')].sort()).toEqual(['list', 'product', 'something_else'])
  })

  test('no row contains the goal, and some sessions continue after it', () => {
    expect(sessions.some(({ session }) => session!.some(event => event.action === 'win'))).toBe(true)
    for (const { session, features: rows } of sessions) {
      const goal = session!.findIndex(event => event.action === 'win')
      expect(rows).toHaveLength(goal < 0 ? session!.length : goal)
      if (goal >= 0) expect(session!.length).toBe(goal + 2)
    }
  })

  test('exercise every feature: each takes more than one value', () => {
    features.forEach((spec, f) => {
      const values = new Set(sessions.flatMap(({ features: rows }) => rows.map(row => row[f])))
      expect(values.size, spec.name).toBeGreaterThan(1)
    })
  })

  test('are the same for the same seed', () => {
    expect(makeGoldenSessions(features, 'win', 7)).toEqual(sessions)
    expect(makeGoldenSessions(features, 'win', 8)).not.toEqual(sessions)
  })
})
