import type { RawRecord } from '@sluicebox/event/records'
import { writeBody, type Layout, type Payload } from './payload.ts'
import type { Refusal } from '../http/reply.ts'
import { groupByVisitor } from './visitor.ts'

export interface SplitOptions {
  readonly body: Buffer
  /** The events of the body, if it could be read. */
  readonly payload: Payload | undefined
  /** The fields that all records share. */
  readonly base: RawRecord
  /** Events that must not be written as they were sent, each with its replacement. */
  readonly changed: ReadonlyMap<number, Uint8Array>
  /** Whether only the events of the body may be written. */
  readonly eventsOnly: boolean
  /** The visitor of each event, by index; a single one where the events can't be separated. */
  readonly visitors: readonly string[]
  /** Largest body of one record. */
  readonly bodyBytesMax: number
}

/**
 * Splits a request into records: a single one, with the body as it came, when all events are of one visitor and the
 * body fits; else one or more for each visitor, with the bytes of each event as they came. Refuses what fits
 * into no record.
 */
export function splitRequest(options: SplitOptions): RawRecord[] | Refusal {
  const { body, payload, base, changed, eventsOnly, visitors, bodyBytesMax } = options
  const fits = body.length <= bodyBytesMax
  if (payload === undefined || payload.events.length === 0)
    return fits ? [{ ...base, visitor: visitors[0] as string, body }] : tooLarge(body.length, bodyBytesMax)

  const first = visitors[0] as string
  const isWhole = fits && changed.size === 0 && !eventsOnly
  if (isWhole && visitors.every(visitor => visitor === first)) return [{ ...base, visitor: first, body }]

  const layout = relayout(payload, changed, eventsOnly)
  const records: RawRecord[] = []
  for (const [visitor, indexes] of groupByVisitor(visitors)) {
    for (const part of packed(layout, indexes, bodyBytesMax)) {
      const written = writeBody(layout, part)
      if (written.length > bodyBytesMax) return tooLarge(written.length, bodyBytesMax)
      records.push({ ...base, visitor, body: written })
    }
  }
  return records
}

function relayout(payload: Payload, changed: ReadonlyMap<number, Uint8Array>, eventsOnly: boolean): Layout {
  const layout = payload.layout()
  const events = layout.events.map((event, index) => changed.get(index) ?? event)
  return eventsOnly ? payload.enclose(events) : { ...layout, events }
}

/** Events, in order, in as few parts as are small enough. An event that is too large by itself is a part of its own. */
function* packed(layout: Layout, indexes: readonly number[], bytesMax: number): Generator<number[]> {
  const frameBytes = layout.head.length + layout.tail.length
  let part: number[] = []
  let bytes = frameBytes
  for (const index of indexes) {
    const eventBytes = (layout.events[index] as Uint8Array).length + layout.separator.length
    if (part.length > 0 && bytes + eventBytes > bytesMax) {
      yield part
      part = []
      bytes = frameBytes
    }
    part.push(index)
    bytes += eventBytes
  }
  if (part.length > 0) yield part
}

function tooLarge(bytes: number, bytesMax: number): Refusal {
  return {
    status: 413,
    error: 'record_too_large',
    message: `The body has ${bytes} bytes that can’t be split between records, of which each holds ${bytesMax}. Nothing was stored.`,
    details: { bytes, bytesMax },
  }
}
