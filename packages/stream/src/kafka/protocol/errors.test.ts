import kafkajs from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { isDefinite, isFencing, isHopeless, isLost, patiently, typeOf, unsent } from './errors.ts'

// The errors as kafkajs makes them.
const {
  KafkaJSConnectionError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
  KafkaJSRequestTimeoutError,
} = kafkajs as unknown as Record<string, new (...args: unknown[]) => Error>

const protocol = (type: string): Error =>
  new KafkaJSProtocolError!({ type, message: type, code: 0, retriable: false })
const lost = new KafkaJSConnectionError!('Connection refused', {})
const late = new KafkaJSRequestTimeoutError!('timed out', {})
const wrapped = (cause: Error): Error =>
  new KafkaJSNumberOfRetriesExceeded!(cause, { retryCount: 2, retryTime: 50, cause })

describe('what an error means', () => {
  test.each<[string, Error, { definite?: true; fencing?: true; lost?: true; hopeless?: true }]>([
    ['another broker leads', protocol('NOT_LEADER_FOR_PARTITION'), { definite: true }],
    ['the last transaction is being written out', protocol('CONCURRENT_TRANSACTIONS'), { definite: true }],
    ['the same after retries', wrapped(protocol('NOT_COORDINATOR_FOR_GROUP')), { definite: true }],
    ['another producer has the id', protocol('INVALID_PRODUCER_EPOCH'), { fencing: true }],
    ['records may have been written', protocol('NOT_ENOUGH_REPLICAS_AFTER_APPEND'), {}],
    ['no connection', lost, { lost: true }],
    ['no answer', late, { lost: true }],
    ['no connection after retries', wrapped(lost), { lost: true }],
    ['no right', protocol('GROUP_AUTHORIZATION_FAILED'), { hopeless: true }],
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
        if (++tries < 3) throw protocol('NOT_LEADER_FOR_PARTITION')
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
        if (++tries < 2) throw protocol('NOT_LEADER_FOR_PARTITION')
      },
      () => Promise.reject(lost),
      isDefinite,
      { until: Infinity },
    )
    expect(tries).toBe(2)
  })

  test.each<[string, Error, number]>([
    ['what may have been done is not repeated', late, Infinity],
    ['it ends when its time is over', protocol('NOT_LEADER_FOR_PARTITION'), 0],
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

  test('knows the type through what wraps it', () => {
    expect(typeOf(wrapped(protocol('UNKNOWN_MEMBER_ID')))).toBe('UNKNOWN_MEMBER_ID')
    expect(typeOf(lost)).toBe(undefined)
  })
})
