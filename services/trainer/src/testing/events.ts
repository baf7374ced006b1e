import type { CollectedTime, EventTime } from '@sluicebox/event/instants'
import { blankSessionEvent, type SessionEvent } from '@sluicebox/session/session-event'
import type { EventBatch, EventSource } from '../dataset/source.ts'
import { createRandom } from '@sluicebox/event/random'

/** An event that happened and, unless `collectedAt` says otherwise, was collected at `at` (milliseconds). */
export function event(
  given: Partial<Omit<SessionEvent, 'event_time' | 'collected_at'>> & { at: number; collectedAt?: number },
): SessionEvent {
  const { at, collectedAt = at, ...rest } = given
  return blankSessionEvent({
    visitor: 'v1',
    session_id: 's1',
    action: 'page_view',
    event_id: `e${at}-${rest.action ?? ''}-${rest.session_id ?? ''}`,
    ...rest,
    event_time: at as EventTime,
    collected_at: collectedAt as CollectedTime,
  })
}

/** Hands out these batches; batch i is of partition 0 unless it says otherwise. */
export function eventSource(batches: readonly (readonly SessionEvent[] | EventBatch)[]): EventSource {
  return {
    description: 'events made up for a test',
    objects: () => [{ key: 'raw/1', sha256: '0'.repeat(64), bytes: 1 }],
    async *batches() {
      for (const batch of batches) yield 'events' in batch ? batch : { partition: 0, events: batch }
    },
  }
}

const MINUTE = 60_000

/**
 * Sessions of a made-up shop, a minute apart, in the order of time. Carts make purchases likely, and a session that
 * looks at one product again and again too; nothing else says anything.
 */
export function shopEvents(sessions: number, seed = 1): SessionEvent[] {
  const random = createRandom(seed)
  const events: SessionEvent[] = []
  for (let s = 0; s < sessions; s++) {
    const isKeen = random.next() < 0.3
    const ids = {
      session_id: `s${s}`,
      visitor: `v${s}`,
      device_type: random.next() < 0.5 ? 'mobile' : 'desktop',
    }
    let at = s * MINUTE
    const count = 1 + random.below(6)
    for (let i = 0; i < count; i++) {
      const action = random.next() < (isKeen ? 0.5 : 0.1) ? 'add_to_cart' : 'product_view'
      const product_id = `p${isKeen ? random.below(2) : random.below(50)}`
      events.push(event({ ...ids, at, action, product_id, price: 10 + random.below(90) }))
      at += 1_000 + random.below(20_000)
    }
    if (random.next() < (isKeen ? 0.7 : 0.05)) events.push(event({ ...ids, at, action: 'transaction' }))
  }
  return events.sort((a, b) => a.event_time - b.event_time)
}
