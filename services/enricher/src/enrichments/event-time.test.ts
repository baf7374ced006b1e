import { asCollectedTime } from '@sluicebox/event/instants'
import { expect, test } from 'vitest'
import { blankEvent, type SentEvent } from '@sluicebox/protocol/sent-event'
import { eventTime } from './event-time.ts'

const event = (changes: Partial<SentEvent> = {}): SentEvent => ({ ...blankEvent({}), ...changes })

test.each<[string, Partial<SentEvent>, number, 'past' | 'future' | null]>([
  ['nothing known', {}, 1000, null],
  ['sent right away', { createdAt: 5, sentAt: 5 }, 1000, null],
  ['sent later', { createdAt: 5, sentAt: 105 }, 900, null],
  ['sent before it was created', { createdAt: 105, sentAt: 5 }, 1000, 'future'],
  ['no send time', { createdAt: 5 }, 1000, null],
  ['true time without send time', { createdAt: 990, isTimeTrue: true }, 990, null],
  ['true time with send time', { createdAt: 5, sentAt: 25, isTimeTrue: true }, 980, null],
  ['true time in the future', { createdAt: 1001, isTimeTrue: true }, 1000, 'future'],
  ['long ago', { createdAt: 0, sentAt: 72 * 3_600_000 + 1 }, 1000 - 72 * 3_600_000, 'past'],
  // 31 January 23:59:59.900 to 1 February: months do not matter.
  ['over the end of a month', { createdAt: 2_678_399_900, sentAt: 2_678_400_100 }, 800, null],
])('event time: %s', (_name, times, expected, clamped) => {
  expect(eventTime(event(times), asCollectedTime(1000))).toEqual({ eventTime: expected, clamped })
})
