import { blankGood, blankRaw } from '@sluicebox/event/blank'
import type { Draft, GoodRecord } from '@sluicebox/event/records'
import { expect, test } from 'vitest'
import { setOrigin } from './origin.ts'

const coordinates = { partition: 3, position: '7', index: 2 }
const tools = { enricher: 'test' }

function originOf(eventId: string | null, retryOf: string | null): GoodRecord {
  const good: Draft<GoodRecord> = blankGood()
  setOrigin(good, {
    event: { eventId },
    raw: blankRaw({ visitor: 'v', retry_of: retryOf }),
    coordinates,
    tools,
  })
  return good
}

test('an event is known by where it comes from', () => {
  expect(originOf('id', null)).toMatchObject({
    kind: 'event',
    source_partition: 3,
    source_position: '7',
    source_index: 2,
    visitor: 'v',
    event_id: 'id',
    enricher: 'test',
  })
})

test('an event without an id gets one from its coordinates: the same again after a retry, another for another event', () => {
  const own = originOf(null, null).event_id
  expect(own).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
  // The retry carries the event alone, so its index in the new request adds to that of its first one.
  expect(originOf(null, '3/7/0').event_id).toBe(own)
  expect(originOf(null, '3/7/1').event_id).not.toBe(own)
  expect(originOf(null, 'nonsense').event_id).toBe(own)
})
