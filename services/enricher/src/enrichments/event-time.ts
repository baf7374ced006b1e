import {
  asCreatedTime,
  asSentTime,
  correctTime,
  type CollectedTime,
  type CorrectedTime,
} from '@sluicebox/event/instants'
import type { RawRecord } from '@sluicebox/event/records'
import type { SentEvent } from '@sluicebox/protocol/sent-event'
import type { Columns } from './columns.ts'

/**
 * Returns when the event happened. True time replaces the device's time. If it is the only time, it needs no
 * correction: the site set it and knows the time, so the event counts as sent when it was collected.
 */
export function eventTime(
  { createdAt, sentAt, isTimeTrue }: Pick<SentEvent, 'createdAt' | 'sentAt' | 'isTimeTrue'>,
  collectedAt: CollectedTime,
): CorrectedTime {
  const sent = sentAt ?? (isTimeTrue ? collectedAt : null)
  return correctTime(
    createdAt === null ? null : asCreatedTime(createdAt),
    sent === null ? null : asSentTime(sent),
    collectedAt,
  )
}

/** Sets the columns of the instants. */
export function setTimes(
  good: Columns<'created_at' | 'sent_at' | 'event_time' | 'event_time_clamped'>,
  {
    event,
    raw,
  }: {
    readonly event: Pick<SentEvent, 'createdAt' | 'sentAt' | 'isTimeTrue'>
    readonly raw: Pick<RawRecord, 'collected_at'>
  },
): void {
  const time = eventTime(event, raw.collected_at)
  good.created_at = event.createdAt === null ? null : asCreatedTime(event.createdAt)
  good.sent_at = event.sentAt === null ? null : asSentTime(event.sentAt)
  good.event_time = time.eventTime
  good.event_time_clamped = time.clamped
}
