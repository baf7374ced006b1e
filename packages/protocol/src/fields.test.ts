import { expect, test } from 'vitest'
import { FIELDS, readFields } from './fields.ts'
import { blankEvent, type SentEvent } from './sent-event.ts'

function read(params: Record<string, string>): SentEvent {
  const event = blankEvent(params)
  readFields(event, params)
  return event
}

test('a body may have the 80 keys of payload_data', () => {
  expect([...FIELDS.values()].filter(field => field.inBody).length).toBe(80)
})

const UUID = 'ABCDEF00-0000-4000-8000-000000000000'

test.each<[string, string, Partial<SentEvent>]>([
  ['e', 'pv', { type: 'page_view' }],
  ['e', 'pp', { type: 'page_ping' }],
  ['e', 'ue', { type: 'unstruct' }],
  ['e', 'se', { type: 'struct' }],
  ['e', 'ev', { type: 'struct' }],
  ['e', 'tr', { type: 'transaction' }],
  ['e', 'ti', { type: 'transaction_item' }],
  ['e', 'ad', { type: 'ad_impression' }],
  ['eid', UUID, { eventId: UUID.toLowerCase() }],
  ['sid', UUID, { sessionId: UUID.toLowerCase() }],
  ['tv', 'js-4', { tracker: 'js-4' }],
  ['p', 'headset', { platform: 'headset' }],
  ['dtm', '1760000000000', { createdAt: 1_760_000_000_000, isTimeTrue: false }],
  ['ttm', '1760000000000', { createdAt: 1_760_000_000_000, isTimeTrue: true }],
  ['stm', '-62167219200000', { sentAt: -62_167_219_200_000 }],
  ['vid', '7', { sessionIndex: 7 }],
  ['vid', 'null', { sessionIndex: null }],
  ['vp', '1280x720', { viewportWidth: 1280, viewportHeight: 720 }],
  ['res', '0x0', { screenWidth: 0, screenHeight: 0 }],
  ['ds', '999999999x1', { documentWidth: 999_999_999, documentHeight: 1 }],
  ['pp_miy', '-3', { scrollYMin: -3 }],
  ['se_va', '0', { structValue: 0 }],
  ['se_va', '-1.5e3', { structValue: -1500 }],
  ['tr_tt', '19.99', { revenue: 19.99 }],
  ['ti_qu', '3', { quantity: 3 }],
  ['ti_pr', '.5', { price: 0.5 }],
  ['cookie', '1', {}],
  ['cs', 'UTF-8', {}],
  ['lang', '', { language: null }],
  ['page', 'a\tb\u0000c\u001fd\u007f', { title: 'a    bcd' }],
  ['page', '\u0001', { title: null }],
  ['page', 'half \ud83d and whole 😀', { title: 'half \ufffd and whole 😀' }],
  ['se_la', 'x'.repeat(4096), { structLabel: 'x'.repeat(4096) }],
])('%s=%s', (key, value, expected) => {
  const event = read({ [key]: value })
  expect(event.faults).toBeUndefined()
  expect(event).toMatchObject(expected)
})

test.each([
  ['e', 'xx', 'field_invalid'],
  ['eid', '1', 'field_invalid'],
  ['sid', `${UUID}0`, 'field_invalid'],
  ['p', 'WEB', 'field_invalid'],
  ['dtm', '1.5', 'field_invalid'],
  ['dtm', '2026-11-20', 'field_invalid'],
  ['dtm', '253402300800000', 'field_invalid'],
  ['vid', '1.5', 'field_invalid'],
  ['vid', '2147483648', 'field_invalid'],
  ['vp', '1280', 'field_invalid'],
  ['vp', '1280x720x2', 'field_invalid'],
  ['vp', '-1x2', 'field_invalid'],
  ['res', '1000000000x1', 'field_invalid'],
  ['se_va', 'Infinity', 'field_invalid'],
  ['ti_pr', '1e300', 'field_invalid'],
  ['ti_pr', '-1', 'field_invalid'],
  ['tr_tt', '1000000000001', 'field_invalid'],
  ['ti_qu', '1000000001', 'field_invalid'],
  ['se_va', '1e999', 'field_invalid'],
  ['se_va', '0x10', 'field_invalid'],
  ['tr_tt', '1,99', 'field_invalid'],
  ['cookie', 'true', 'field_invalid'],
  ['f_pdf', '2', 'field_invalid'],
  ['tid', 'x', 'field_invalid'],
  ['tv', 'x'.repeat(101), 'field_too_long'],
  ['tr_cu', 'EURO', 'field_too_long'],
  ['cd', 'x'.repeat(13), 'field_too_long'],
  ['url', `https://a.example/${'x'.repeat(10_000)}`, 'field_too_long'],
])('%s=%s is bad', (key, value, reason) => {
  expect(read({ [key]: value }).faults).toMatchObject([{ reason, place: key }])
})

test('a third-party network id wins over the plain one, and true time over the device’s, in either order', () => {
  for (const keys of [
    ['nuid', 'tnuid', 'dtm', 'ttm'],
    ['tnuid', 'nuid', 'ttm', 'dtm'],
  ])
    expect(read(Object.fromEntries(keys.map(key => [key, key.startsWith('t') ? '2' : '1'])))).toMatchObject({
      networkUserId: '2',
      createdAt: 2,
    })
})
