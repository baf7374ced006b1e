import { asCollectedTime, type EventTime } from '@sluicebox/event/instants'
import fc from 'fast-check'
import { blankSessionEvent, type SessionEvent } from '../session-event.ts'

/** An event of a good stream; `at` is when it happened and, unless said otherwise, when it was collected. */
export function sessionEvent(
  given: Partial<Omit<SessionEvent, 'event_time'>> & { at?: number } = {},
): SessionEvent {
  const { at = 0, ...rest } = given
  return blankSessionEvent({
    collected_at: asCollectedTime(at),
    event_time: at as EventTime,
    visitor: 'v1',
    event_id: `e${at}`,
    session_id: 's1',
    action: 'page_view',
    event_name: 'page_view',
    ...rest,
  })
}

export function heartbeat(at: number): SessionEvent {
  return { ...sessionEvent({ at, event_id: '', session_id: null, visitor: '' }), kind: 'heartbeat' }
}

const UUID_A = '0e37df36-f698-11e6-8dd4-cb9ced3df976'
const UUID_B = 'f81d4fae-7dec-41d0-a765-00a0c91e6bf6'

/** What may be in an event, with everything that sessions have to cope with: few ids, so that they meet. */
const arbitraryEvent = fc.record({
  kind: fc.constantFrom<SessionEvent['kind']>('event', 'event', 'event', 'event', 'event', 'heartbeat'),
  stepMs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 30 }) },
    { weight: 2, arbitrary: fc.integer({ min: -40, max: 130 }) },
    { weight: 1, arbitrary: fc.integer({ min: 100, max: 700 }) },
  ),
  lateMs: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 300 }) },
  ),
  visitor: fc.constantFrom('v1', 'é 世', UUID_A, UUID_B),
  session_id: fc.constantFrom(null, null, null, 's1', 's1', 'é 世', UUID_A, UUID_A, UUID_A.toUpperCase()),
  event_id: fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom('a', 'b', 'c') },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 400 }).map(String) },
  ),
  action: fc.constantFrom('page_view', 'page_view', 'add_to_cart', 'search', 'other_thing', 'buy'),
  page_kind: fc.constantFrom('home', 'list', 'product', 'cart'),
  product_id: fc.constantFrom(null, 'p1', 'p2', 'p3', 'p4'),
  category: fc.constantFrom(null, 'shoes', 'hats', 'bags'),
  price: fc.constantFrom(null, 0, 9.99, 35.79, 120, NaN),
  base_currency: fc.constantFrom(null, null, 'EUR'),
  price_base: fc.constantFrom(null, 0, 12.5, 99),
  referrer_medium: fc.constantFrom(null, 'search', 'internal', 'paid'),
  device_type: fc.constantFrom(null, 'mobile', 'desktop'),
  is_bot: fc.boolean(),
  simulated: fc.boolean(),
})

/** A copy of an earlier event: often one of the last, sometimes one from long ago, with the same instant or another. */
const arbitraryCopy = fc.record({
  back: fc.oneof(fc.nat(5), fc.nat(60)),
  keepsTime: fc.boolean(),
  again: fc.constantFrom(true, false, false, false),
})

/**
 * Streams with duplicates, early and late, disorder, silence, goals, visitors who show the same session ids, and
 * collectors whose clocks differ.
 */
export const arbitraryStream: fc.Arbitrary<SessionEvent[]> = fc
  .array(fc.tuple(arbitraryEvent, arbitraryCopy), { maxLength: 120, size: 'max' })
  .map(events => {
    let collectedAt = 1_700_000_000_000
    const stream: SessionEvent[] = []
    for (const [{ stepMs, lateMs, kind, ...fields }, { back, keepsTime, again }] of events) {
      collectedAt += stepMs
      const collected_at = asCollectedTime(collectedAt)
      const event_time = (collectedAt - lateMs) as EventTime
      const earlier = again ? stream.at(-1 - back) : undefined
      stream.push(
        earlier === undefined
          ? { ...sessionEvent({ ...fields, collected_at }), kind, event_time }
          : { ...earlier, collected_at, ...(keepsTime ? {} : { event_time }) },
      )
    }
    return stream
  })
