import { expect, test } from 'vitest'
import { blankEvent, type SentEvent } from '@sluicebox/protocol/sent-event'
import { scrollOffsets } from './page-ping.ts'

const event = (changes: Partial<SentEvent> = {}): SentEvent => ({ ...blankEvent({}), ...changes })

test('a page ping lacks the offsets that are zero; other events have none', () => {
  expect(scrollOffsets(event({ type: 'page_ping', scrollYMax: 300 }))).toEqual({
    xMin: 0,
    xMax: 0,
    yMin: 0,
    yMax: 300,
  })
  expect(scrollOffsets(event({ type: 'page_view', scrollYMax: 300 })).yMax).toBeNull()
})
