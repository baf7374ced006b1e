import { describe, expect, test } from 'vitest'
import { blankEvent, type SentEvent } from '@sluicebox/protocol/sent-event'
import { readIdentifiers } from './identifiers.ts'
import { createPseudonyms } from './pseudonyms.ts'

const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'
const event = (changes: Partial<SentEvent> = {}): SentEvent => ({ ...blankEvent({}), ...changes })

describe('identifiers', () => {
  const session = {
    schema: `${SNOWPLOW}/client_session/jsonschema/1-0-2`,
    data: {
      userId: 'entity-user',
      sessionId: '0F9A8B7C-1111-4222-8333-444455556666',
      sessionIndex: 4,
      previousSessionId: 'before',
    },
  }
  const page = { schema: `${SNOWPLOW}/web_page/jsonschema/1-0-0`, data: { id: 'page' } }
  const known = event({
    userId: 'user',
    domainUserId: 'domain',
    networkUserId: 'network',
    sessionId: 'session',
    sessionIndex: 2,
    appId: 'shop',
    entities: [session, page],
  })
  const raw = { network_user_id: 'cookie', privacy: 'none' as const }

  test('come from the parameters, else from the session’s entity and the cookie', () => {
    expect(readIdentifiers(known, raw, undefined)).toMatchObject({
      userId: 'user',
      domainUserId: 'domain',
      networkUserId: 'network',
      sessionId: 'session',
      sessionIndex: 2,
    })
    expect(readIdentifiers(event({ entities: [page, session] }), raw, undefined)).toMatchObject({
      userId: null,
      domainUserId: 'entity-user',
      networkUserId: 'cookie',
      sessionId: '0f9a8b7c-1111-4222-8333-444455556666',
      sessionIndex: 4,
    })
  })

  test('of an event without any are null', () => {
    const nobody = '00000000-0000-0000-0000-000000000000'
    const entity = { ...session, data: { userId: nobody, sessionId: nobody, sessionIndex: 1 } }
    const ids = readIdentifiers(event({ entities: [entity] }), { ...raw, network_user_id: nobody }, undefined)
    expect([ids.domainUserId, ids.networkUserId, ids.sessionId]).toEqual([null, null, null])
  })

  test('of an anonymous event are its session alone, without entities that have others', () => {
    expect(readIdentifiers(known, { ...raw, privacy: 'anonymous' }, undefined)).toEqual({
      userId: null,
      domainUserId: null,
      networkUserId: null,
      sessionId: 'session',
      sessionIndex: null,
      entities: [page],
    })
  })

  test('stand under other names, the same in the entity as in the fields', () => {
    const fields = ['user_id', 'domain_user_id', 'session_id'] as const
    const pseudonyms = createPseudonyms(Buffer.alloc(32, 1), fields, 10)
    const same = event({ ...known, domainUserId: null, sessionId: null })
    const ids = readIdentifiers(same, raw, pseudonyms)
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/
    expect(ids.userId).toMatch(uuid)
    expect(ids.domainUserId).toMatch(uuid)
    expect(ids.networkUserId).toBe('network')
    const renamed = ids.entities[0]?.data as Record<string, unknown>
    expect(renamed['userId']).toBe(ids.domainUserId)
    expect(renamed['previousSessionId']).toMatch(uuid)
    expect(renamed['sessionIndex']).toBe(4)
    expect(JSON.stringify(ids)).not.toContain('entity-user')
  })

  test('of an entity that does not fit its schema are not stored under pseudonyms, wherever they stand', () => {
    const pseudonyms = createPseudonyms(Buffer.alloc(32, 1), ['user_id', 'domain_user_id'], 10)
    const odd = { schema: session.schema, data: { userId: 123456, note: 'entity-user' } }
    const own = { schema: 'iglu:example.shop/customer/jsonschema/1-0-0', data: { tier: 'gold' } }
    const sent = event({ domainUserId: 'domain', entities: [page], unvalidated: [odd, own] })
    expect(readIdentifiers(sent, raw, pseudonyms).entities).toEqual([page, own])
    expect(readIdentifiers(sent, { ...raw, privacy: 'anonymous' }, undefined).entities).toEqual([page, own])
    expect(readIdentifiers(sent, raw, undefined).entities).toEqual([page, odd, own])
  })

  test('have other names for another key, application and field', () => {
    const one = createPseudonyms(Buffer.alloc(32, 1), ['user_id', 'domain_user_id'], 10)
    const two = createPseudonyms(Buffer.alloc(32, 2), ['user_id', 'domain_user_id'], 10)
    const names = [
      one.of('user_id', 'ann', 'shop'),
      two.of('user_id', 'ann', 'shop'),
      one.of('user_id', 'ann', 'blog'),
      one.of('domain_user_id', 'ann', 'shop'),
      one.of('user_id', 'bob', 'shop'),
    ]
    expect(new Set(names).size).toBe(5)
    expect(one.of('user_id', 'ann', 'shop')).toBe(names[0])
    expect(one.of('user_id', null, 'shop')).toBeNull()
  })
})
