import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import type { CollectedTime } from '@sluicebox/event/instants'
import type { RawRecord } from '@sluicebox/event/records'
import packageJson from '../../package.json' with { type: 'json' }
import { firstAddress, truncateAddress } from '@sluicebox/protocol/address'
import { ANONYMOUS_ID, idsOf, usableId, visitorOf, type EventIds } from '@sluicebox/protocol/ids'
import { maskAddresses, maskText } from '@sluicebox/protocol/mask'
import { protocolAt, readPayload } from '@sluicebox/protocol/payload'
import type { ProtocolOptions } from '@sluicebox/protocol/request'
import { readV1Ids } from '@sluicebox/protocol/v1'
import { createAddressReader } from '../guard/address.ts'
import type { CollectorConfig } from '../config.ts'
import { isAnonymousHeader } from './anonymous-data.ts'
import { glanceAtEvents } from './glance.ts'
import { createCookieJar } from './network-id.ts'
import { readEventsBody, readTrackerBody, type Payload, type ReadEvent } from './payload.ts'
import { createAnonymiser, isAnonymous } from './privacy.ts'
import { changeQuery, queryValue } from './query.ts'
import { tooManyEvents, unreadable, wrongContentType } from './refusals.ts'
import { isRefusal, json, ok, pixel, type Refusal, type Reply } from '../http/reply.ts'
import { EVENTS_PATH } from '../http/route.ts'
import { splitRequest } from './split.ts'
import type { PlainEvent } from './visitor.ts'

/** A request that carries events, after its body was read completely. */
export interface EventRequest {
  /** Query string without the question mark. */
  readonly query: string | null
  readonly headers: IncomingHttpHeaders
  /** Address of the other end of the connection. */
  readonly peer: string | undefined
  readonly collectedAt: CollectedTime
  /** Decompressed; null for a GET. */
  readonly body: Buffer | null
}

/** What to write, and what to answer once it is durable. */
export interface Collected {
  readonly records: readonly RawRecord[]
  readonly reply: Reply
  readonly eventCount: number
}

export interface CollectParts {
  readonly config: CollectorConfig
  readonly uuid: () => string
  /** Returns the faults of an event of /v1/events as sentences; empty when it has none. */
  readonly checkEvent: (event: unknown) => readonly string[]
}

export interface Collect {
  /** A POST of a tracker: any body is stored, and the enricher finds its faults. */
  tracker(path: string, request: EventRequest): Collected | Refusal
  /** A GET of a tracker: one event in the query. */
  pixel(path: string, request: EventRequest): Collected
  /** POST /v1/events: plain JSON, and an answer that says what happened to each event. */
  events(request: EventRequest): Collected | Refusal
}

/** Name and version of the collector, as records carry them. */
export const COLLECTOR = `sluicebox-${packageJson.version}`

const USER_AGENT_LENGTH_MAX = 1_000
/** Bytes of a record besides its body and the values of headers: ids, names, framing. */
const RECORD_FRAME_BYTES = 4_096
/**
 * Content types that /v1/events accepts. The form is among them because curl sends it with everything that -d names.
 */
const JSON_TYPE = /^application\/json\s*(?:;|$)/
const EVENT_TYPES =
  /^(?:application\/(?:json|(?:x-)?ndjson|jsonl|x-www-form-urlencoded)|text\/plain)\s*(?:;|$)/
const UNCHANGED: ReadonlyMap<number, Uint8Array> = new Map()
/** How the collector reads a body for keys: leniently, so that it can read everything that the enricher can. */
const READING: ProtocolOptions = { strict: false, eventsMax: Infinity, depthMax: 0, paths: {} }
/** The protocol of nearly all trackers, and the most likely one when a request can't be read as it came. */
const TP2_PATH = '/com.snowplowanalytics.snowplow/tp2'
const TP2_TYPE = 'application/json; charset=utf-8'
const NO_EVENT_IDS: EventIds = {
  domainUserId: null,
  networkUserId: null,
  sessionId: null,
  sessionIndex: null,
}
/** A query string without these, and without codes, names no visitor. */
const MAY_NAME_VISITOR = /uid|sid|eid|c[ox]=|[%+]/

/**
 * Turns requests into raw records and answers, without socket, log or clock. A body is parsed once, and its bytes are
 * kept unless privacy or several visitors require a change.
 */
export function createCollect({ config, uuid, checkEvent }: CollectParts): Collect {
  const { limits, privacy } = config
  const readAddress = createAddressReader({ ...privacy, trustedProxyHops: config.trustedProxyHops })
  const cookies = createCookieJar(config.cookie)
  const anonymiser = createAnonymiser(privacy)
  const bodyBytesMax = limits.recordBytesMax - limits.headerBytesMax - RECORD_FRAME_BYTES

  return {
    tracker(path, request) {
      const sent = request.body as Buffer
      const ids = readIds(request)
      const networkId = ids.networkId ?? (config.cookie.enabled ? ids.fallback : null)
      const contentType = contentTypeOf(request.headers)
      const base = baseRecord(path, contentType, request, { ...ids, networkId })
      const reply = (): Reply => ok(cookieHeader(request, ids.anonymous, networkId))
      const whole = seeWhole(path, request, ids)
      if (whole !== undefined)
        return {
          records: [{ ...base, visitor: whole.visitor, body: sent }],
          eventCount: whole.eventCount,
          reply: reply(),
        }

      const readable = visitorsOf({ path, contentType, query: ids.query, body: sent }, ids)
      const asSent = readTrackerBody(sent)
      const isClear = readable?.isFaultless === true && asSent?.isPlain !== false
      const body = isClear || ids.anonymous ? sent : masked(sent)
      const payload = body === sent ? asSent : readTrackerBody(body)
      if (payload !== undefined && payload.events.length > limits.eventsMax)
        return tooManyEvents(payload.events.length, limits.eventsMax)
      if (ids.anonymous && payload === undefined && body.length > 0) return unreadable()
      const named =
        readable ?? visitorsOf({ path: TP2_PATH, contentType: TP2_TYPE, query: ids.query, body }, ids)
      // A body without events is written too: it is bad, and can be repaired.
      const visitors =
        named === undefined || named.visitors.length === 0 ? [visitorWithout(ids)] : named.visitors
      const isApart = payload?.events.length === visitors.length
      const records = splitRequest({
        body,
        payload: isApart || ids.anonymous ? payload : undefined,
        base: readable === undefined ? withMaskedQuery(base) : base,
        changed: changeEvents(payload, ids.anonymous),
        bodyBytesMax,
        eventsOnly: ids.anonymous,
        visitors: isApart
          ? visitors
          : Array.from({ length: payload?.events.length || 1 }, () => visitors[0] as string),
      })
      if (isRefusal(records)) return records
      return { records, eventCount: payload?.events.length ?? visitors.length, reply: reply() }
    },

    pixel(path, request) {
      const ids = readIds(request)
      const networkId = ids.networkId ?? (config.cookie.enabled ? ids.fallback : null)
      const base = baseRecord(path, null, request, { ...ids, networkId })
      const sent = { path, contentType: null, query: ids.query, body: null }
      const readable = visitorsOf(sent, ids)
      const visitor = readable?.visitors[0] ?? visitorWithout(ids)
      const records = [{ ...(readable?.isFaultless === true ? base : withMaskedQuery(base)), visitor }]
      return { records, eventCount: 1, reply: pixel(cookieHeader(request, ids.anonymous, networkId)) }
    },

    events(request) {
      const contentType = contentTypeOf(request.headers)
      if (contentType !== null && !EVENT_TYPES.test(contentType)) return wrongContentType(contentType)
      const payload = readEventsBody(request.body as Buffer, contentType, limits)
      if (isRefusal(payload)) return payload
      const { body, format, events } = payload
      if (events.length > limits.eventsMax) return tooManyEvents(events.length, limits.eventsMax)
      const tooLarge = body.length > limits.eventBytesMax ? findTooLarge(payload) : undefined
      if (tooLarge !== undefined) return tooLarge
      const ids = readIds(request)
      if (ids.anonymous && events.some(({ event }) => event === undefined)) return unreadable()
      // Validated as it was sent, before anything is stripped.
      const answers = events.map((read, index) => answerTo(index, read.event, read.fault))
      const base = baseRecord(EVENTS_PATH, format, request, ids)
      const changed = changeEvents(payload, ids.anonymous, index => answers[index]?.status === 'bad')
      const records = splitRequest({
        body,
        ...{ payload, base, changed, bodyBytesMax, eventsOnly: ids.anonymous },
        visitors: events.map(({ event }) => plainVisitor(event, ids)),
      })
      if (isRefusal(records)) return records
      const bad = answers.filter(answer => answer.status === 'bad').length
      const reply = json({ accepted: answers.length - bad, bad, events: answers })
      return { records, eventCount: answers.length, reply }
    },
  }

  /** The visitor of a body that can be stored as it is, and how many events it has. */
  function seeWhole(
    path: string,
    { body, query, headers }: EventRequest,
    ids: Ids,
  ): { visitor: string; eventCount: number } | undefined {
    if (ids.anonymous || (body as Buffer).length > bodyBytesMax) return undefined
    if (protocolAt(path, READING.paths) !== 'tp2' || !JSON_TYPE.test(contentTypeOf(headers) ?? ''))
      return undefined
    if (query !== null && MAY_NAME_VISITOR.test(query)) return undefined
    const events = glanceAtEvents(body as Buffer)
    if (events === undefined || events.length > limits.eventsMax) return undefined
    const visitor = events[0]?.['duid']
    // A visitor id that has to be cleaned, or looked up elsewhere in the event, needs the reader of the protocol.
    if (typeof visitor !== 'string' || usableId(visitor) !== visitor) return undefined
    return events.every(event => event['duid'] === visitor)
      ? { visitor, eventCount: events.length }
      : undefined
  }

  /**
   * Returns the visitor of each event of a tracker's request; undefined when the request can't be taken apart into
   * events. A body that can't be read completely is written for repair, and may hold addresses anywhere.
   */
  function visitorsOf(
    sent: Pick<EventRequest, 'query' | 'body'> & {
      readonly path: string
      readonly contentType: string | null
    },
    ids: Ids,
  ): { readonly visitors: readonly string[]; readonly isFaultless: boolean } | undefined {
    const { path, contentType, query, body } = sent
    const payload = readPayload({ path, querystring: query, content_type: contentType, body }, READING)
    if ('refused' in payload) return undefined
    const { events } = payload
    return {
      visitors: events.map(event => visitorFor(idsOf(event), event.eventId, ids)),
      isFaultless: events.every(({ faults }) => faults === undefined),
    }
  }

  function plainVisitor(event: PlainEvent | undefined, ids: Ids): string {
    if (event === undefined) return visitorWithout(ids)
    const read = readV1Ids(event)
    return visitorFor(read.ids, read.eventId, ids)
  }

  /** An anonymous event belongs only to its session, and to nothing that lives longer. */
  function visitorFor(event: EventIds, eventId: string | null, ids: Ids): string {
    const { networkId, fallback, anonymous } = ids
    if (!anonymous) return visitorOf(event, eventId, { networkUserId: networkId, fallback })
    const sessionId = privacy.anonymousSessions === 'keep' ? event.sessionId : null
    return visitorOf({ ...NO_EVENT_IDS, sessionId }, eventId, { networkUserId: null, fallback })
  }

  function masked(bytes: Buffer): Buffer {
    return Buffer.from(maskAddresses(bytes, privacy))
  }

  function withMaskedQuery(record: RawRecord): RawRecord {
    const { querystring } = record
    return querystring === null ? record : { ...record, querystring: maskText(querystring, privacy) }
  }

  function visitorWithout(ids: Ids): string {
    return visitorFor(NO_EVENT_IDS, null, ids)
  }

  function answerTo(
    index: number,
    event: PlainEvent | undefined,
    fault: { readonly reason: string; readonly message: string } | undefined,
  ) {
    if (event === undefined) return { index, status: 'bad', ...fault }
    const given = event['event_id']
    const id = typeof given === 'string' ? { event_id: given } : {}
    const faults = checkEvent(event)
    if (faults.length === 0) return { index, status: 'accepted', ...id }
    return { index, status: 'bad', ...id, reason: 'schema_violation', message: faults.join('; ') }
  }

  interface Ids {
    readonly anonymous: boolean
    /** Returns the query as it may be written. */
    readonly query: string | null
    /** The network user id that the client gave: a parameter, or its cookie. */
    readonly networkId: string | null
    readonly fallback: string
  }

  function readIds({ query, headers }: EventRequest): Ids {
    if (isAnonymous(headers, privacy)) {
      const stripped = query === null ? null : anonymiser.query(query)
      return { anonymous: true, query: stripped, networkId: ANONYMOUS_ID, fallback: uuid() }
    }
    const networkId = usableId(queryValue(query, 'nuid')) ?? cookies.read(headers.cookie) ?? null
    const written = query === null ? null : changeQuery(query, keepButIp)
    return { anonymous: false, query: written, networkId, fallback: networkId ?? uuid() }
  }

  function cookieHeader(
    { headers, collectedAt }: EventRequest,
    anonymous: boolean,
    networkId: string | null,
  ): Readonly<Record<string, string>> {
    const value = !config.cookie.enabled
      ? undefined
      : anonymous
        ? cookies.expire(headers.cookie, headers.origin)
        : cookies.write(networkId as string, headers.origin, collectedAt)
    return value === undefined ? {} : { 'set-cookie': value }
  }

  function baseRecord(
    path: string,
    contentType: string | null,
    { headers, peer, collectedAt }: EventRequest,
    { anonymous, query, networkId }: Pick<Ids, 'anonymous' | 'query' | 'networkId'>,
  ): RawRecord {
    const referer = utf8(headers.referer) ?? null
    return {
      kind: 'payload',
      collected_at: collectedAt,
      collector: COLLECTOR,
      request_id: uuid(),
      visitor: '',
      path,
      querystring: query,
      content_type: contentType,
      body: null,
      ip: anonymous ? 'unknown' : (readAddress(peer, headers['x-forwarded-for'] as string) ?? null),
      user_agent: utf8(headers['user-agent'])?.slice(0, USER_AGENT_LENGTH_MAX) ?? null,
      referer: referer !== null && anonymous ? anonymiser.text(referer) : referer,
      hostname: headers.host?.replace(/:\d+$/, '') ?? null,
      network_user_id: networkId,
      headers: storedHeaders(headers, anonymous),
      privacy: anonymous ? 'anonymous' : 'none',
      retry_of: null,
    }
  }

  function storedHeaders(headers: IncomingHttpHeaders, anonymous: boolean): string[] {
    const stored: string[] = []
    for (const name of privacy.storedHeaders) {
      const value = anonymous && !isAnonymousHeader(name) ? undefined : headers[name]
      if (value !== undefined) stored.push(`${name}: ${utf8(String(value))}`)
    }
    return stored
  }

  /** Removes what must not be written as it was sent: identifiers of anonymous visitors, and whole addresses. */
  function changeEvents(
    payload: Payload | undefined,
    anonymous: boolean,
    isBad: (index: number) => boolean = () => false,
  ): ReadonlyMap<number, Uint8Array> {
    if (payload === undefined) return UNCHANGED
    const { events } = payload
    const isUnchanged = ({ event }: ReadEvent, index: number): boolean =>
      event !== undefined && event['ip'] === undefined && !isBad(index)
    if (!anonymous && events.every(isUnchanged)) return UNCHANGED
    const changed = new Map<number, Uint8Array>()
    events.forEach(({ event }, index) => {
      if (anonymous) {
        const kept = event === undefined ? null : anonymiser.event(event)
        changed.set(index, Buffer.from(JSON.stringify(kept)))
      } else if (event === undefined || isBad(index)) {
        const sent = payload.layout().events[index] as Uint8Array
        const masked = maskAddresses(sent, privacy)
        if (masked !== sent) changed.set(index, masked)
      } else if (event['ip'] !== undefined) {
        const ip = typeof event['ip'] === 'string' ? keepButIp('ip', event['ip']) : undefined
        if (ip === undefined) delete event['ip']
        else event['ip'] = ip
        changed.set(index, Buffer.from(JSON.stringify(event)))
      }
    })
    return changed
  }

  /** A tracker on a server sends its visitor's address in a parameter, which is truncated too. */
  function keepButIp(name: string, value: string): string | undefined {
    return name === 'ip' ? truncateAddress(firstAddress(value), privacy) : value
  }

  function findTooLarge(payload: Payload): Refusal | undefined {
    const index = payload.layout().events.findIndex(event => event.length > limits.eventBytesMax)
    if (index < 0) return undefined
    return {
      status: 413,
      error: 'event_too_large',
      message: `The event at index ${index} is larger than ${limits.eventBytesMax} bytes. Nothing was stored: send the others without it.`,
      details: { index, bytesMax: limits.eventBytesMax },
    }
  }
}

/** Returns a header's value as UTF-8 if its bytes are UTF-8. Node.js reads them as Latin-1. */
function utf8<Value extends string | undefined>(value: Value): Value | string {
  if (value === undefined || !/[\u0080-\u00ff]/.test(value)) return value
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : value
}

function contentTypeOf(headers: IncomingHttpHeaders): string | null {
  return headers['content-type']?.toLowerCase() ?? null
}
