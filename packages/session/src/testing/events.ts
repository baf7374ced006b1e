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
  visitor: fc.constantFrom('v1', 'v2', UUID_A, UUID_B),
  session_id: fc.constantFrom(null, null, 's1', 'é 世', UUID_A, UUID_B, UUID_A.toUpperCase()),
  event_id: fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom('a', 'b', 'c') },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 400 }).map(String) },
  ),
  action: fc.constantFrom('page_view', 'page_view', 'add_to_cart', 'search', 'other_thing', 'buy'),
  page_kind: fc.constantFrom('home', 'list', 'product', 'cart'),
  product_id: fc.constantFrom(null, 'p1', 'p2', 'p3', 'p4'),
  category: fc.constantFrom(null, 'shoes', 'hats', 'bags'),
  price: fc.constantFrom(null, 0, 9.99, 35.79, 120, NaN),
  referrer_medium: fc.constantFrom(null, 'search', 'internal', 'paid'),
  device_type: fc.constantFrom(null, 'mobile', 'desktop'),
  is_bot: fc.boolean(),
  simulated: fc.boolean(),
})

/** Streams with duplicates, disorder, silence, goals, and collectors whose clocks differ. */
export const arbitraryStream: fc.Arbitrary<SessionEvent[]> = fc
  .array(arbitraryEvent, { maxLength: 120, size: 'max' })
  .map(events => {
    let collectedAt = 1_700_000_000_000
    return events.map(({ stepMs, lateMs, kind, ...fields }) => {
      collectedAt += stepMs
      return {
        ...sessionEvent({ ...fields, collected_at: asCollectedTime(collectedAt) }),
        kind,
        event_time: (collectedAt - lateMs) as EventTime,
      }
    })
  })
