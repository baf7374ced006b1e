import { describe, expect, test } from 'vitest'
import { ANONYMOUS_ID, fromBase64, idsOf, usableId, usableSessionId, visitorOf } from './ids.ts'
import { blankEvent, type SentEvent } from './sent-event.ts'

const SESSION = '1c9a1f62-6f3e-4a4b-9f0e-0d6a1f0b7a11'
const entity = (data: object, schema = 'com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2') => ({
  schema: `iglu:${schema}`,
  data,
})
const contexts = (...data: unknown[]): string => JSON.stringify({ schema: 'iglu:contexts', data })
const event = (changes: Partial<SentEvent>): SentEvent => ({ ...blankEvent({}), ...changes })

describe('usableId', () => {
  test.each([
    ['abc', 'abc'],
    [SESSION, SESSION],
    [' a b ', 'a b'],
    ['\u0000a\u0007', 'a'],
    ['7', '7'],
    ['user-0', 'user-0'],
    ['é世', 'é世'],
    ['x'.repeat(128), 'x'.repeat(128)],
    ['x'.repeat(129), null],
    ['', null],
    ['   ', null],
    ['\u0000\u0000\u0000\u0000', null],
    ['undefined', null],
    ['NULL', null],
    ['[object Object]', null],
    ['NaN', null],
    ['(null)', null],
    ['<nil>', null],
    ['Guest', null],
    ['N/A', null],
    ['anonymous', null],
    ['Unknown', null],
    ['guest-7', 'guest-7'],
    ['{}', null],
    ['[]', null],
    ['"undefined"', null],
    ['ffffffff-ffff-ffff-ffff-ffffffffffff', null],
    ['FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', null],
    ['{{user_id}}', null],
    ['${userId}', null],
    ['%USER_ID%', null],
    ['[[visitor]]', null],
    ['<%= user.id %>', null],
    ['__CLIENT_ID__', null],
    ['100%', '100%'],
    ['a{{b}}', 'a{{b}}'],
    ['0', null],
    ['0000', null],
    [ANONYMOUS_ID, null],
    [7, null],
    [null, null],
    [{ toString: () => 'a' }, null],
  ])('of %j is %j', (text, expected) => {
    expect(usableId(text)).toBe(expected)
  })
})

test.each([
  [SESSION.toUpperCase(), SESSION],
  ['Basket-7', 'Basket-7'],
  ['', null],
  [null, null],
])('a session that is sent as %j is %j', (text, expected) => {
  expect(usableSessionId(text)).toBe(expected)
})

describe('idsOf', () => {
  test.each<[string, Partial<SentEvent>, string | null, string | null]>([
    ['nothing', {}, null, null],
    ['its parameters', { domainUserId: 'd', sessionId: SESSION }, 'd', SESSION],
    [
      'the entity of the session',
      { contextsText: contexts(entity({ userId: 'u', sessionId: SESSION.toUpperCase() })) },
      'u',
      SESSION,
    ],
    [
      'the entity, encoded',
      {
        contextsBase64: Buffer.from(contexts(entity({ userId: 'u', sessionId: SESSION }))).toString('base64'),
      },
      'u',
      SESSION,
    ],
    ['the entity, parsed before', { entities: [entity({ userId: 'u', sessionId: SESSION })] }, 'u', SESSION],
    [
      'its parameters before the entity',
      { domainUserId: 'd', contextsText: contexts(entity({ userId: 'u', sessionId: SESSION })) },
      'd',
      SESSION,
    ],
    [
      'an entity without a visitor',
      { contextsText: contexts(entity({ userId: ANONYMOUS_ID, sessionId: SESSION })) },
      null,
      SESSION,
    ],
    [
      'the first of two entities',
      { contextsText: contexts(entity({ userId: 'a' }), entity({ userId: 'b' })) },
      'a',
      null,
    ],
    [
      'an entity of another name',
      { contextsText: contexts(entity({ userId: 'u' }, 'com.acme/client_session_x/jsonschema/1-0-0')) },
      null,
      null,
    ],
    ['entities that are not JSON', { contextsText: '{"client_session' }, null, null],
  ])('reads %s', (_what, changes, domainUserId, sessionId) => {
    expect(idsOf(event(changes))).toMatchObject({ domainUserId, sessionId })
  })
})

test.each([
  [{ domainUserId: 'd', networkUserId: 'n', sessionId: 's' }, 'e', 'c', 'd'],
  [{ domainUserId: null, networkUserId: 'n', sessionId: 's' }, 'e', 'c', 'n'],
  [{ domainUserId: null, networkUserId: null, sessionId: 's' }, 'e', 'c', 'c'],
  [{ domainUserId: null, networkUserId: null, sessionId: 's' }, 'e', null, 's'],
  [{ domainUserId: null, networkUserId: null, sessionId: null }, 'e', null, 'e'],
  [{ domainUserId: null, networkUserId: null, sessionId: null }, null, null, 'made'],
])('the visitor of %j, event %j, with the cookie %j is %j', (ids, eventId, networkUserId, expected) => {
  expect(visitorOf(ids, eventId, { networkUserId, fallback: 'made' })).toBe(expected)
})

test.each([
  ['eyJhIjoxfQ', '{"a":1}'],
  ['eyJhIjoxfQ==', '{"a":1}'],
  ['Pz8-', Buffer.from('Pz8+', 'base64').toString()],
  ['Pz8 Pz8', Buffer.from('Pz8+Pz8', 'base64').toString()],
  [null, null],
])('base64 %j is the text %j', (text, expected) => {
  expect(fromBase64(text)).toBe(expected)
})
