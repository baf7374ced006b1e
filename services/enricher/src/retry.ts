import type { BadRecord, RawRecord } from '@sluicebox/event/records'
import { idsOf } from '@sluicebox/protocol/ids'
import { readPayload } from '@sluicebox/protocol/payload'
import type { ProtocolOptions, Request } from '@sluicebox/protocol/request'
import { firstCoordinates, formatCoordinates } from './coordinates.ts'

const PAYLOAD_SCHEMA = 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4'

/**
 * The raw record that gives what a correct first pass would have given, once the cause is repaired: schemas, rules, or
 * the event itself (`editedOriginal`, of the same format as the original). The same request at the same instant with
 * that event alone; `retry_of` holds the coordinates (of the first pass, in raw) by which the event is known, so that
 * sending it twice gives the same event id.
 *
 * Throws a sentence for what can't be sent again.
 */
export function toRaw(bad: BadRecord, editedOriginal?: Uint8Array): RawRecord {
  const coordinates = firstTry(bad)
  if (bad.stage !== 'enricher')
    throw new Error(
      `The record ${coordinates} was refused by the ${bad.stage}, not by the enricher: there is no request to send again.`,
    )
  if (bad.reason === 'record_undecodable')
    throw new Error(
      `The record ${coordinates} can't be sent again: its bytes are not a record of the stream raw. Find out what wrote it.`,
    )
  const request = requestOf(
    isOtherType(bad) && editedOriginal !== undefined ? { ...bad, content_type: TRACKER_TYPE } : bad,
    editedOriginal ?? bad.original,
  )
  return {
    kind: 'payload',
    collected_at: bad.collected_at,
    collector: 'sluicebox retry',
    request_id: bad.request_id,
    visitor: visitorIn({ path: bad.path, ...request }, bad),
    path: bad.path,
    ...request,
    ip: bad.ip,
    user_agent: bad.user_agent,
    referer: bad.referer,
    hostname: bad.hostname,
    network_user_id: bad.network_user_id,
    headers: bad.headers,
    privacy: bad.privacy,
    retry_of: coordinates,
  }
}

/**
 * The coordinates in raw by which the event of a bad record was first known: `retry_of` of what `toRaw` makes. An event
 * that was bad again after a retry has those of its first time.
 */
export function firstTry(bad: BadRecord): string {
  const { source_partition: partition, source_position: position, source_index: index } = bad
  return formatCoordinates(firstCoordinates({ partition, position, index }, bad.retry_of))
}

/**
 * Whose request it is. A body that could not be read was written under another key than its visitor's, and its session must
 * not have two.
 */
function visitorIn(request: Request, { privacy, visitor }: BadRecord): string {
  const payload = readPayload(request, READING)
  if (privacy === 'anonymous' || 'refused' in payload) return visitor
  const [named, ...others] = new Set(payload.events.map(event => idsOf(event).domainUserId))
  return others.length === 0 ? (named ?? visitor) : visitor
}

/** Reads as the collector does. */
const READING: ProtocolOptions = { strict: false, eventsMax: Infinity, depthMax: 0, paths: {} }
const TRACKER_TYPE = 'application/json; charset=utf-8'

/** Whether only the content type was wrong. Who edits the body makes it what the tracker should have sent. */
const isOtherType = (bad: BadRecord): boolean => bad.reason === 'content_type_unsupported'

/** How to send the original, by its format. */
function requestOf(
  { original_format, querystring, content_type }: BadRecord,
  original: Uint8Array,
): Pick<RawRecord, 'querystring' | 'content_type' | 'body'> {
  switch (original_format) {
    case 'query':
      return { querystring: decode(original), content_type: null, body: null }
    case 'event':
      return { querystring, content_type: 'application/json', body: enclose(original) }
    case 'line':
      return { querystring, content_type: 'application/x-ndjson', body: oneLine(original) }
    case 'body':
      return { querystring, content_type, body: original }
  }
}

const ENVELOPE_START = Buffer.from(`{"schema":"${PAYLOAD_SCHEMA}","data":[`)
const ENVELOPE_END = Buffer.of(0x5d, 0x7d)

/** Returns an envelope that contains only this event. */
function enclose(event: Uint8Array): Uint8Array {
  return Buffer.concat([ENVELOPE_START, event, ENVELOPE_END])
}

/** JSON on one line: outside its strings a line feed is but space, and inside there can be none. */
function oneLine(json: Uint8Array): Uint8Array {
  return Buffer.from(json).map(byte => (byte === 0x0a || byte === 0x0d ? 0x20 : byte))
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
