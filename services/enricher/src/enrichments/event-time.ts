import {
  asCreatedTime,
  asSentTime,
  correctTime,
  type CollectedTime,
  type CorrectedTime,
} from '@sluicebox/event/instants'
import type { SentEvent } from '@sluicebox/protocol/sent-event'

/**
 * When the event happened. True time takes the place of the device's. Where it is all there is, it needs no
 * correction: the site set it and knows the time, so it counts as sent at the instant when it was collected.
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
