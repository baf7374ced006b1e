import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asCollectedTime, asCreatedTime, asSentTime, correctTime, EVENT_AGE_MS_MAX } from './instants.ts'

const utc = (text: string): number => Date.parse(text)
const HOUR = 3_600_000

describe('event time', () => {
  test.each([
    {
      description: 'is the collected instant less the time that the event waited',
      created: '2026-11-20T09:00:00.000Z',
      sent: '2026-11-20T09:00:05.000Z',
      collected: '2026-11-20T09:00:05.120Z',
      eventTime: '2026-11-20T09:00:00.120Z',
      clamped: null,
    },
    {
      description: 'does not depend on how wrong the clock of the device is',
      created: '1999-01-01T00:00:00.000Z',
      sent: '1999-01-01T00:00:05.000Z',
      collected: '2026-11-20T09:00:05.120Z',
      eventTime: '2026-11-20T09:00:00.120Z',
      clamped: null,
    },
    {
      description: 'crosses the end of a month',
      created: '2026-10-31T23:59:59.900Z',
      sent: '2026-11-01T00:00:00.100Z',
      collected: '2026-11-01T00:00:00.100Z',
      eventTime: '2026-10-31T23:59:59.900Z',
      clamped: null,
    },
    {
      description: 'crosses the end of February in a leap year',
      created: '2028-02-29T23:59:59.000Z',
      sent: '2028-03-01T00:00:01.000Z',
      collected: '2028-03-01T00:00:00.500Z',
      eventTime: '2028-02-29T23:59:58.500Z',
      clamped: null,
    },
    {
      description: 'is the collected instant for an event sent when it was created',
      created: '2026-11-20T09:00:00.000Z',
      sent: '2026-11-20T09:00:00.000Z',
      collected: '2026-11-20T09:00:01.000Z',
      eventTime: '2026-11-20T09:00:01.000Z',
      clamped: null,
    },
    {
      description: 'is the collected instant for an event sent before it was created, and says so',
      created: '2026-11-20T09:00:00.001Z',
      sent: '2026-11-20T09:00:00.000Z',
      collected: '2026-11-20T09:00:01.000Z',
      eventTime: '2026-11-20T09:00:01.000Z',
      clamped: 'future',
    },
    {
      description: 'may lie 72 hours back',
      created: '2026-11-17T09:00:00.000Z',
      sent: '2026-11-20T09:00:00.000Z',
      collected: '2026-11-20T09:00:00.000Z',
      eventTime: '2026-11-17T09:00:00.000Z',
      clamped: null,
    },
    {
      description: 'lies no more than 72 hours back, and says so',
      created: '2026-11-17T08:59:59.999Z',
      sent: '2026-11-20T09:00:00.000Z',
      collected: '2026-11-20T09:00:00.000Z',
      eventTime: '2026-11-17T09:00:00.000Z',
      clamped: 'past',
    },
  ])('$description', ({ created, sent, collected, eventTime, clamped }) => {
    expect(
      correctTime(asCreatedTime(utc(created)), asSentTime(utc(sent)), asCollectedTime(utc(collected))),
    ).toEqual({ eventTime: utc(eventTime), clamped })
  })

  test.each([
    { description: 'created', created: null, sent: asSentTime(1) },
    { description: 'sent', created: asCreatedTime(1), sent: null },
    { description: 'both', created: null, sent: null },
  ])('is the collected instant without $description', ({ created, sent }) => {
    expect(correctTime(created, sent, asCollectedTime(5))).toEqual({ eventTime: 5, clamped: null })
  })

  test('never lies outside its bounds, and says when it was moved', () => {
    const instant = fc.integer({ min: 0, max: 253_402_300_799_999 })
    fc.assert(
      fc.property(instant, instant, instant, (created, sent, collected) => {
        const { eventTime, clamped } = correctTime(
          asCreatedTime(created),
          asSentTime(sent),
          asCollectedTime(collected),
        )
        const delayMs = collected - eventTime
        expect(delayMs).toBeGreaterThanOrEqual(0)
        expect(delayMs).toBeLessThanOrEqual(EVENT_AGE_MS_MAX)
        expect(clamped === null).toBe(delayMs === sent - created)
      }),
    )
  })

  test('goes 72 hours back', () => {
    expect(EVENT_AGE_MS_MAX).toBe(72 * HOUR)
  })
})
