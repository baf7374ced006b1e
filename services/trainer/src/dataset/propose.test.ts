import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { compileFeatures } from '@sluicebox/session/features/features'
import type { SessionEvent } from '@sluicebox/session/session-event'
import { proposeFeatures } from './propose.ts'
import { parseFeatures } from '@sluicebox/session/features/spec'
import { heartbeat, sessionEvent } from '@sluicebox/session/testing/events'
import { collectVocabulary, type Vocabulary } from './vocabulary.ts'

function vocabularyOf(events: readonly SessionEvent[], goal = 'buy'): Vocabulary {
  const collector = collectVocabulary({ goal })
  for (const event of events) collector.add(event)
  return collector.result()
}

describe('the vocabulary', () => {
  test('counts values by events and by sessions, up to the goal', () => {
    const of = (session_id: string, action: string): SessionEvent => sessionEvent({ session_id, action })
    const vocabulary = vocabularyOf([
      of('s1', 'look'),
      of('s2', 'look'),
      of('s1', 'look'),
      of('s1', 'add'),
      heartbeat(5),
      of('s1', 'buy'),
      of('s1', 'look'),
      of('s3', 'buy'),
    ])
    expect(vocabulary).toMatchObject({ events: 4, sessions: 2, goal: 'buy' })
    expect(vocabulary.values.action).toEqual([
      { value: 'look', events: 3, sessions: 2 },
      { value: 'add', events: 1, sessions: 1 },
    ])
    expect(vocabulary.transitions).toEqual([
      { from: null, to: 'look', events: 2 },
      { from: 'look', to: 'add', events: 1 },
      { from: 'look', to: 'look', events: 1 },
    ])
  })

  test('distinguishes runs of visitors from sessions of the client', () => {
    const events = [
      sessionEvent({ session_id: null, visitor: 'a' }),
      sessionEvent({ session_id: 'a', visitor: 'b' }),
      sessionEvent({ session_id: 'a', visitor: 'c' }),
      sessionEvent({ session_id: 'a', visitor: 'b' }),
    ]
    expect(vocabularyOf(events).sessions).toBe(3)
  })

  test('counts in how many events there is a value', () => {
    const { present, pricedActions, from, to } = vocabularyOf([
      sessionEvent({ at: 5, price: 3, product_id: 'p1' }),
      sessionEvent({ at: 7, price: NaN }),
      // A price that could not be converted is missing.
      sessionEvent({ at: 7, price: 3, base_currency: 'EUR' }),
    ])
    expect(present).toMatchObject({ price: 1, product_id: 1, quantity: 0 })
    expect(pricedActions).toEqual({ page_view: 1 })
    expect([from, to]).toEqual([5, 7])
  })

  test('is bounded, whatever the names are', () => {
    const events = Array.from({ length: 3_000 }, (_, i) =>
      sessionEvent({ at: i, action: `${'x'.repeat(i % 200)}${i}` }),
    )
    expect(vocabularyOf(events).values.action.length).toBeLessThanOrEqual(1_000)
  })
})

describe('proposed features', () => {
  /** A site with names of its own: ten sessions of each action, with a value in every field. */
  function strangeSite(): SessionEvent[] {
    const actions = ['Start', 'catálogo', '2nd-look', 'filter results!', 'buy', '❤', 'page_view', 'page view']
    return Array.from({ length: 400 }, (_, i) =>
      sessionEvent({
        at: i * 3_600_000,
        session_id: `s${Math.floor(i / 40)}-${i % 5}`,
        action: actions[(i * 7) % actions.length]!,
        page_kind: ['home', 'confirmation', 'product'][i % 3]!,
        product_id: `p${i % 11}`,
        category: ['a', 'b', null][i % 3]!,
        price: i % 2 === 0 ? i : null,
        referrer_medium: ['search', null][i % 2]!,
        device_type: ['mobile', 'desktop'][i % 2]!,
        session_index: 3,
      }),
    )
  }

  test('are declarations that compile, with names of their own, whatever the actions are called', () => {
    const proposed = proposeFeatures(vocabularyOf(strangeSite()), { max: 1_000 })
    expect(parseFeatures(proposed)).toEqual(proposed)
    expect(compileFeatures(proposed).names).toHaveLength(proposed.length)
    expect(new Set(proposed.map(({ kind }) => kind))).toEqual(
      new Set(
        'count elapsed rate gap share time_since dwell distinct revisits entropy mean last max min std first sum first_touch calendar sequence transition'.split(
          ' ',
        ),
      ),
    )
    expect(proposed.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['x_2nd_look_count', 'page_view_count', 'page_view_count_2', 'cat_logo_count']),
    )
  })

  test('never name the goal, nor the page that follows it', () => {
    const text = JSON.stringify(proposeFeatures(vocabularyOf(strangeSite()), { max: 1_000 }))
    expect(text).not.toContain('"buy"')
    expect(text).not.toContain('confirmation')
    // The vocabulary may have been counted for another goal.
    const other = { ...vocabularyOf(strangeSite(), 'nothing'), goal: 'buy' }
    expect(JSON.stringify(proposeFeatures(other, { max: 1_000 }))).not.toContain('"buy"')
  })

  test.each([1, 5, 40, 60])('are at most as many as asked for: %d', max => {
    const proposed = proposeFeatures(vocabularyOf(strangeSite()), { max })
    expect(proposed).toHaveLength(max)
    expect(proposed[0]!.name).toBe('events')
  })

  test('leave out what the events do not have', () => {
    const events = Array.from({ length: 50 }, (_, i) => sessionEvent({ at: i, session_id: `s${i % 10}` }))
    const proposed = proposeFeatures(vocabularyOf(events), { max: 60 })
    expect(proposed.map(({ name }) => name)).toEqual([
      'events',
      'elapsed_seconds',
      'events_a_minute',
      'gap_mean_seconds',
      'gap_last_seconds',
      'gap_max_seconds',
      'gap_std_seconds',
    ])
  })

  test('are the same for the same events', () => {
    const once = proposeFeatures(vocabularyOf(strangeSite()), { max: 60 })
    expect(proposeFeatures(vocabularyOf(strangeSite()), { max: 60 })).toEqual(once)
  })
})

const recording = join(
  import.meta.dirname,
  '../../../../../shared/data/ecom-synthetic-retentioneering.csv.gz',
)
const isThere = existsSync(recording)
if (!isThere)
  process.stderr.write('the recordings are not beside the project: features for them are not tried\n')

test.skipIf(!isThere)(
  'a recording with a vocabulary of its own gets features of every sort that it can have',
  async () => {
    const goal = 'purchase'
    const collector = collectVocabulary({ goal })
    const lines = createInterface({ input: createReadStream(recording).pipe(createGunzip()) })
    const names = new Set<string>()
    for await (const line of lines) {
      const [visitor, session_id, action, time, platform, channel] = line.split(',') as [
        string,
        string,
        string,
        string,
        string,
        string,
      ]
      if (visitor === 'user_id') continue
      names.add(action)
      collector.add(
        sessionEvent({
          at: Date.parse(`${time}Z`),
          visitor,
          session_id,
          action,
          device_type: platform,
          referrer_medium: channel,
        }),
      )
    }
    const proposed = proposeFeatures(collector.result(), { max: 60 })
    expect(proposed).toHaveLength(60)
    expect(names.size).toBe(19)
    const counted = proposed.flatMap(spec =>
      spec.kind === 'count' && spec.where !== undefined ? [spec.where.action] : [],
    )
    expect(counted.length).toBeGreaterThan(10)
    for (const action of counted) expect(names).toContain(action)
    expect(JSON.stringify(proposed)).not.toContain('"purchase"')
    const kinds = Object.groupBy(proposed, ({ kind }) => kind)
    for (const kind of [
      'share',
      'time_since',
      'dwell',
      'first_touch',
      'sequence',
      'transition',
      'gap',
    ] as const)
      expect(kinds[kind]?.length, kind).toBeGreaterThan(1)
  },
)
