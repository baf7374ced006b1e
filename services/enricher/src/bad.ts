import { blankRaw } from '@sluicebox/event/blank'
import type { BadRecord, RawRecord } from '@sluicebox/event/records'
import type { Coordinates } from './coordinates.ts'
import type { Fault } from '@sluicebox/protocol/sent-event'
import { REASONS } from '@sluicebox/protocol/reasons'

export interface BadParts {
  readonly raw: RawRecord
  readonly coordinates: Coordinates
  /** At least one. The first decides the reason. */
  readonly faults: readonly Fault[]
  readonly original: string | Uint8Array
  readonly format: BadRecord['original_format']
  readonly eventId: string | null
  /** Name and version of the enricher. */
  readonly processor: string
}

const ERRORS_MAX = 20
const ERROR_LENGTH_MAX = 500

/** Returns the record for bad: the reason, the place, and everything that is needed to send the event again. */
export function badRecord({
  raw,
  coordinates,
  faults,
  original,
  format,
  eventId,
  processor,
}: BadParts): BadRecord {
  const first = faults[0] as Fault
  const errors = faults.slice(0, ERRORS_MAX).map(describe)
  if (faults.length > ERRORS_MAX) errors.push(`… and ${faults.length - ERRORS_MAX} more`)
  return {
    source_partition: coordinates.partition,
    source_position: coordinates.position,
    source_index: coordinates.index,
    reason: first.reason,
    message: message(first, faults.length),
    errors,
    stage: 'enricher',
    processor,
    schema: faults.find(fault => fault.schema !== undefined)?.schema ?? null,
    original: typeof original === 'string' ? Buffer.from(original) : original,
    original_format: format,
    collected_at: raw.collected_at,
    visitor: raw.visitor,
    event_id: eventId,
    request_id: raw.request_id,
    path: raw.path,
    querystring: raw.querystring,
    content_type: raw.content_type,
    ip: raw.ip,
    user_agent: raw.user_agent,
    referer: raw.referer,
    hostname: raw.hostname,
    network_user_id: raw.network_user_id,
    headers: raw.headers,
    privacy: raw.privacy,
    retry_of: raw.retry_of,
  }
}

/** The bad record for bytes in raw that are not a record. */
export function undecodable(
  bytes: Uint8Array,
  key: string | null,
  coordinates: Coordinates,
  text: string,
  processor: string,
): BadRecord {
  return badRecord({
    raw: blankRaw({ visitor: key ?? '' }),
    coordinates,
    faults: [{ reason: 'record_undecodable', place: '', text }],
    original: bytes,
    format: 'body',
    eventId: null,
    processor,
  })
}

/** A fault as a sentence that begins with the place. */
export function describe({ place, text }: Fault): string {
  const error = place === '' ? text : `${place} ${text}`
  return error.length > ERROR_LENGTH_MAX ? `${error.slice(0, ERROR_LENGTH_MAX)}…` : error
}

function message(first: Fault, count: number): string {
  const { scope, when, remedy } = REASONS[first.reason]
  const others = count === 1 ? '' : ` (and ${count - 1} more)`
  const what = scope === 'payload' ? 'The request' : 'The event'
  return `${what} is refused because ${when}: ${describe(first)}${others}. ${remedy}`
}
