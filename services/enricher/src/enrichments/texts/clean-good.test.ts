import { readFileSync } from 'node:fs'
import { blankGood } from '@sluicebox/event/blank'
import type { Draft, GoodRecord } from '@sluicebox/event/records'
import { parameterList } from '@sluicebox/protocol/url-filter'
import { expect, test } from 'vitest'
import { CLEANED, cleanGood } from './clean-good.ts'
import { createTexts } from './texts.ts'

/** Columns of text that are not cleaned, and why they need not be. */
const OTHERS = {
  'is there to identify': `visitor event_id session_id user_id domain_user_id network_user_id`,
  'is cleaned when the URL is read': `
    page_url page_host page_path page_query page_fragment page_referrer referrer_host referrer_path referrer_term`,
  'has a closed list of values, or a form without room for more': `
    kind source_position event_time_clamped action page_kind base_currency referrer_medium referrer_source mkt_network
    bot_reason ip event_name event_schema geo_country geo_country_source geo_region geo_city event_fingerprint privacy enricher`,
  'is the browser’s own, and holds the addresses of those who run a robot': `
    user_agent browser_name browser_version os_name os_version device_type`,
}

test('every column of text is cleaned, or is known not to need it', () => {
  const { fields } = JSON.parse(
    readFileSync(`${import.meta.dirname}/../../../../../schemas/avro/good.avsc`, 'utf8'),
  ) as { fields: { name: string; type: unknown }[] }
  const texts = fields.filter(({ type }) => JSON.stringify(type).includes('string')).map(({ name }) => name)
  const known = [
    ...Object.values(CLEANED).flat(),
    ...Object.values(OTHERS).flatMap(names => names.trim().split(/\s+/)),
    'notes',
  ]
  expect(known.toSorted()).toEqual(texts.toSorted())
})

test('each column of a client’s texts is cleaned', () => {
  const texts = createTexts(parameterList([]), { masksEmails: true })
  const names = [...CLEANED.text, ...CLEANED.id]
  const good: Draft<GoodRecord> = blankGood(
    Object.fromEntries(names.map(name => [name, 'jane@mail.example'])),
  )
  good.contexts = '[{"to":"jane@mail.example"}]'
  good.event_data = '{"url":"/p?token=1"}'
  good.notes = ['refr "https://x.example/?token=1" is not a URL']
  cleanGood(good, texts)
  expect(names.map(name => good[name])).toEqual(names.map(() => '(email)'))
  expect(good.contexts).toBe('[{"to":"(email)"}]')
  expect(good.event_data).toBe('{"url":"/p"}')
  expect(good.notes).toEqual(['refr "https://x.example/" is not a URL'])
})
