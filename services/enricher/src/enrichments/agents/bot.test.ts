import { expect, test } from 'vitest'
import { blankEvent, type SentEvent } from '@sluicebox/protocol/sent-event'
import { readUserAgent } from './agent.ts'
import { botReason } from './bot.ts'

const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'
const event = (changes: Partial<SentEvent> = {}): SentEvent => ({ ...blankEvent({}), ...changes })

test.each<[string, Partial<SentEvent>, string | null]>([
  ['curl/8.0', {}, 'library'],
  ['', {}, null],
  [
    '',
    { entities: [{ schema: `${SNOWPLOW}/browser_context/jsonschema/2-0-0`, data: { webdriver: true } }] },
    'webdriver',
  ],
  [
    '',
    { entities: [{ schema: `${SNOWPLOW}/browser_context/jsonschema/2-0-0`, data: { webdriver: false } }] },
    null,
  ],
  ['', { entities: [{ schema: `${SNOWPLOW}/web_page/jsonschema/1-0-0`, data: { webdriver: true } }] }, null],
])('the user agent "%s" with %j is a bot for %s', (agent, changes, reason) => {
  expect(botReason(readUserAgent(agent), event(changes).entities)).toBe(reason)
})
