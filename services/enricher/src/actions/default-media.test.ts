import { expect, test } from 'vitest'
import { goodOf, pageView, schemas, unstruct } from '../testing/run.ts'

const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'

const actionOf = (ref: string, data: object): string =>
  goodOf(pageView({ e: 'ue', ue_pr: unstruct(ref, data) })).action

test.each([
  ['play_event', {}, 'media_play'],
  ['pause_event', {}, 'media_pause'],
  ['end_event', {}, 'media_end'],
  ['percent_progress_event', { percentProgress: 25 }, 'media_progress'],
  ['ad_skip_event', { percentProgress: 5 }, 'media_ad_skip'],
  ['volume_change_event', { newVolume: 50 }, 'media_volume_change'],
])('the media event %s is %j → %s', (name, data, action) => {
  expect(actionOf(`${SNOWPLOW}.media/${name}/jsonschema/1-0-0`, data)).toBe(action)
})

test('every media event that has a schema has an action that begins with media_', () => {
  const refs = schemas.list().filter(({ ref }) => /\.media\/\w+_event\//.test(ref))
  const data = { percentProgress: 25, newVolume: 1, newRate: 1, fullscreen: true, pictureInPicture: true }
  expect(refs.length).toBeGreaterThan(20)
  for (const { ref, fields } of refs) {
    const own = Object.fromEntries(Object.entries(data).filter(([key]) => fields.some(f => f.name === key)))
    expect(actionOf(ref, own), ref).toMatch(/^media_/)
  }
})

test.each([
  ['play', 'media_play'],
  ['ended', 'media_end'],
  ['percentprogress', 'media_progress'],
  ['seeked', 'media_seek_end'],
  ['toString', 'media_player_event'],
  ['canplay', 'media_player_event'],
])('the first media plugins: %s is %s', (type, action) => {
  expect(actionOf(`${SNOWPLOW}/media_player_event/jsonschema/1-0-0`, { type })).toBe(action)
})

test('an event of that name with another vendor keeps its name', () => {
  expect(
    goodOf(
      pageView({ e: 'ue', ue_pr: unstruct('iglu:com.acme/play_event/jsonschema/1-0-0', {}) }),
      {},
      { unknownSchemas: { entity: 'keep', version: 'keep', event: 'keep' } },
    ).action,
  ).toBe('play_event')
})
