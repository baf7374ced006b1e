import { AuthenticationError, NetworkError, ResponseError } from '@platformatic/kafka'
import { describe, expect, test } from 'vitest'
import {
  errorOf,
  isDefinite,
  isFencing,
  isHopeless,
  isLost,
  LostError,
  ofProtocol,
  patiently,
  responseIn,
  typeOf,
  unsent,
} from './errors.ts'

const NOT_LEADER = 6
const NOT_COORDINATOR = 16
const UNKNOWN_MEMBER_ID = 25
const GROUP_AUTHORIZATION_FAILED = 30

const protocol = (type: string): Error => Object.assign(new Error(type), { type })
const lost = ofProtocol(new NetworkError('Connection closed'))
const late = new LostError('no response')
/** The error of the client for a response in which one partition has an error. */
const refused = (code: number): Error =>
  ofProtocol(new ResponseError(8, 2, { '/topics/0': [code, null] }, { code }))

describe('what an error means', () => {
  test.each<[string, Error, { definite?: true; fencing?: true; lost?: true; hopeless?: true }]>([
    ['another broker leads', errorOf(NOT_LEADER), { definite: true }],
    ['the last transaction is being written out', protocol('CONCURRENT_TRANSACTIONS'), { definite: true }],
    ['another broker coordinates, in a response', refused(NOT_COORDINATOR), { definite: true }],
    ['another producer has the id', protocol('INVALID_PRODUCER_EPOCH'), { fencing: true }],
    ['records may have been written', protocol('NOT_ENOUGH_REPLICAS_AFTER_APPEND'), {}],
    ['no connection', lost, { lost: true }],
    ['no answer', late, { lost: true }],
    ['no right', refused(GROUP_AUTHORIZATION_FAILED), { hopeless: true }],
    [
      'a wrong password',
      ofProtocol(new NetworkError('failed', { cause: new AuthenticationError('refused') })),
      { hopeless: true },
    ],
    ['a code of a later version', errorOf(9_999), {}],
    [
      'no right, found before anything was sent',
      unsent(protocol('GROUP_AUTHORIZATION_FAILED')),
      { definite: true, hopeless: true },
    ],
    [
      'no leader, found before anything was sent',
      unsent(protocol('LEADER_NOT_AVAILABLE')),
      { definite: true },
    ],
    ['no connection before anything was sent', unsent(lost), { definite: true }],
    ['a fault in the code', new TypeError('undefined is not a function'), { hopeless: true }],
  ])('%s', (_name, error, expected) => {
    expect({
      ...(isDefinite(error) && { definite: true }),
      ...(isFencing(error) && { fencing: true }),
      ...(isLost(error) && { lost: true }),
      ...(isHopeless(error) && { hopeless: true }),
    }).toEqual(expected)
  })
})

describe('a retry', () => {
  test('asks again which broker leads, and returns the result in the end', async () => {
    let tries = 0
    let renewals = 0
    const got = await patiently(
      async () => {
        if (++tries < 3) throw protocol('NOT_LEADER_OR_FOLLOWER')
        return 'done'
      },
      async () => void renewals++,
      isDefinite,
      { until: Infinity },
    )
    expect([got, tries, renewals]).toEqual(['done', 3, 2])
  })

  test('continues when no broker can say which one leads', async () => {
    let tries = 0
    await patiently(
      async () => {
        if (++tries < 2) throw protocol('NOT_LEADER_OR_FOLLOWER')
      },
      () => Promise.reject(lost),
      isDefinite,
      { until: Infinity },
    )
    expect(tries).toBe(2)
  })

  test.each<[string, Error, number]>([
    ['what may have been done is not repeated', late, Infinity],
    ['it ends when its time is over', protocol('NOT_LEADER_OR_FOLLOWER'), 0],
  ])('%s', async (_name, error, until) => {
    let tries = 0
    const tried = patiently(
      async () => {
        tries++
        throw error
      },
      async () => {},
      isDefinite,
      { until },
    )
    await expect(tried).rejects.toBe(error)
    expect(tries).toBe(1)
  })

  test('knows the type of an error in a response, through what wraps it, and the response', () => {
    expect(typeOf(unsent(lost))).toBe('NOT_SENT')
    expect(typeOf(new Error('outer', { cause: refused(UNKNOWN_MEMBER_ID) }))).toBe('UNKNOWN_MEMBER_ID')
    expect(responseIn(refused(UNKNOWN_MEMBER_ID))).toEqual({ code: UNKNOWN_MEMBER_ID })
    expect(typeOf(lost)).toBe(undefined)
  })
})
