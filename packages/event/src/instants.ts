declare const brand: unique symbol
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name }

/** When the event was created, by the visitor's device. Epoch milliseconds. */
export type CreatedTime = Brand<number, 'CreatedTime'>
/** When the tracker sent it, by the visitor's device. Epoch milliseconds. */
export type SentTime = Brand<number, 'SentTime'>
/** When the collector received it, by the collector's clock. Epoch milliseconds. */
export type CollectedTime = Brand<number, 'CollectedTime'>
/** When it happened, corrected for the device's clock: see `eventTime`. Epoch milliseconds. */
export type EventTime = Brand<number, 'EventTime'>

/** The last millisecond of the year 9999. */
export const INSTANT_MS_MAX = 253_402_300_799_999

/** How far event time may lie before collector time. */
export const EVENT_AGE_MS_MAX = 72 * 3_600_000

export interface CorrectedTime {
  readonly eventTime: EventTime
  /** Which bound event time was moved to: `past` (older than 72 h), `future` (sent before it was created). */
  readonly clamped: 'past' | 'future' | null
}

/**
 * Event time = collected − (sent − created), clamped to [collected − 72 h, collected]. Without both device
 * instants it is the collected instant. The correction assumes that the device's clock is wrong by the same
 * amount at creation and at sending, so that only the difference counts.
 */
export function correctTime(
  created: CreatedTime | null,
  sent: SentTime | null,
  collected: CollectedTime,
): CorrectedTime {
  if (created === null || sent === null) return { eventTime: asEventTime(collected), clamped: null }
  const delayMs = sent - created
  if (delayMs < 0) return { eventTime: asEventTime(collected), clamped: 'future' }
  if (delayMs > EVENT_AGE_MS_MAX)
    return { eventTime: asEventTime(collected - EVENT_AGE_MS_MAX), clamped: 'past' }
  return { eventTime: asEventTime(collected - delayMs), clamped: null }
}

/** For codecs and clocks only: everywhere else an instant already has its kind. */
export const asCreatedTime = (ms: number): CreatedTime => ms as CreatedTime
export const asSentTime = (ms: number): SentTime => ms as SentTime
export const asCollectedTime = (ms: number): CollectedTime => ms as CollectedTime
const asEventTime = (ms: number): EventTime => ms as EventTime
