import type { RawRecord } from '@sluicebox/event/records'
import type { BadReason } from './reasons.ts'
import { decodeUtf8 } from './json-text.ts'
import { parseQuery, type Query } from './query.ts'
import type { Fault, SentEvent } from './sent-event.ts'

/** The content of a request: events, each with or without faults, or nothing if they can't be taken apart. */
export type Payload = EventsPayload | RefusedPayload

export interface EventsPayload {
  readonly events: readonly SentEvent[]
  /** What `original` gives, in the words of the stream bad. */
  readonly format: 'event' | 'line' | 'query' | 'body'
  /** The text that the event at `index` was read from. */
  original(index: number): string | Uint8Array
}

export interface RefusedPayload {
  readonly refused: Fault
  readonly format: 'body' | 'query'
  readonly original: string | Uint8Array
}

export interface ProtocolOptions {
  /** Makes a whole tp2 batch bad for one event with a faulty envelope, as the reference does. */
  readonly strict: boolean
  readonly eventsMax: number
  /** Nesting of self-describing data and properties. */
  readonly depthMax: number
  /** Further two-segment paths, without the first slash, and what is spoken there. */
  readonly paths: Readonly<Record<string, 'tp2' | 'iglu'>>
}

/** The part of a raw record that a protocol reads. */
export type Request = Pick<RawRecord, 'path' | 'querystring' | 'content_type' | 'body'>

/** The whole request as one refusal, with all the bytes it had. */
export function refuse(
  { body, querystring }: Request,
  reason: BadReason,
  text: string,
  place = '',
): RefusedPayload {
  const refused = { reason, place, text }
  return hasBody(body)
    ? { refused, format: 'body', original: body }
    : { refused, format: 'query', original: querystring ?? '' }
}

export function hasBody(body: Uint8Array | null): body is Uint8Array {
  return body !== null && body.length > 0
}

/** The query string's parameters; empty without a query string. */
export function readQuery(request: Request): Query | RefusedPayload {
  const query = parseQuery(request.querystring ?? '')
  return query ?? refuse(request, 'query_undecodable', 'has a broken percent code', 'querystring')
}

/** The body as text. */
export function readBody(request: Request & { body: Uint8Array }): string | RefusedPayload {
  return (
    decodeUtf8(request.body) ??
    refuse(request, 'payload_undecodable', 'holds bytes that are not UTF-8', 'body')
  )
}

export function isRefused(read: object | string): read is RefusedPayload {
  return typeof read === 'object' && 'refused' in read && 'format' in read
}

/** The content type without parameters, and whether its charset (if it names one) is UTF-8. */
export function mediaType(contentType: string | null): { type: string; isUtf8: boolean } {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';')
  const charset = parameters.map(each => each.trim()).find(each => each.startsWith('charset='))
  return {
    type: type.trim(),
    isUtf8: charset === undefined || /^charset="?utf-?8"?$/.test(charset),
  }
}
