import type { Findings } from './findings.ts'
import type { Digest } from './history.ts'
import type { RawEvent } from './raw-events.ts'

export interface RawFigures {
  readonly sent: number
  readonly accepted: number
  readonly refused: number
  readonly ambiguous: number
  readonly lost: number
  readonly duplicatesExplained: number
  readonly duplicatesUnexplained: number
}

/** What clients were told, against what is in raw. */
export function checkRaw({ events }: Digest, raw: readonly RawEvent[], findings: Findings): RawFigures {
  const copies = new Map<string, number>()
  for (const { id, record } of raw) {
    if (id === undefined) continue
    copies.set(id, (copies.get(id) ?? 0) + 1)
    if (!events.has(id))
      findings.add('raw-was-sent', `${id} at ${record.partition}/${record.position} was never sent`)
  }
  const figures = { sent: events.size, accepted: 0, refused: 0, ambiguous: 0 }
  const found = { lost: 0, duplicatesExplained: 0, duplicatesUnexplained: 0 }
  for (const event of events.values()) {
    const count = copies.get(event.id) ?? 0
    if (event.accepted > 0) figures.accepted++
    else if (event.refused > 0) figures.refused++
    else if (event.ambiguous > 0) figures.ambiguous++
    if (event.accepted > 0 && count === 0) {
      found.lost++
      findings.add('accepted-in-raw', `${event.id} was accepted and is not in raw`)
    }
    // Each attempt that may have been written explains one copy.
    const explained = event.accepted + event.ambiguous
    found.duplicatesExplained += Math.max(0, Math.min(count, explained) - 1)
    if (explained === 0 && count > 0)
      findings.add('refused-absent', `${event.id} was refused, or never sent, and is in raw ${count} times`)
    else if (count > explained) {
      found.duplicatesUnexplained += count - explained
      findings.add(
        'duplicates-explained',
        `${event.id} is in raw ${count} times; ${explained} attempts may have written it`,
      )
    }
  }
  checkOrder(events, raw, findings)
  return { ...figures, ...found }
}

/**
 * A client sends the next events of a session once the last ones are accepted: first occurrences are in that order. For
 * each visitor by itself, since an event whose visitor can't be read is another's for all that anybody knows.
 */
function checkOrder(events: Digest['events'], raw: readonly RawEvent[], findings: Findings): void {
  const reached = new Map<string, number>()
  const seen = new Set<string>()
  for (const { id, source, record } of raw) {
    const event = id === undefined ? undefined : events.get(id)
    if (event === undefined || seen.has(event.id)) continue
    seen.add(event.id)
    const who = `${event.session} ${record.key}`
    const last = reached.get(who) ?? -1
    if (event.place < last)
      findings.add('session-order', `${event.id} at ${source} is behind a later event of ${event.session}`)
    reached.set(who, Math.max(last, event.place))
  }
}
