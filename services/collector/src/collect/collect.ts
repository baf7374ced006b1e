import type { IncomingHttpHeaders } from 'node:http'
import type { CollectedTime } from '@sluicebox/event/instants'
import type { RawRecord } from '@sluicebox/event/records'
import packageJson from '../../package.json' with { type: 'json' }
import { firstAddress, truncateAddress } from '@sluicebox/protocol/address'
import { createAddressReader } from '../guard/address.ts'
import type { CollectorConfig } from '../config.ts'
import { glanceAtEvents } from './glance.ts'
import { ANONYMOUS_ID, createCookieJar } from './network-id.ts'
import { readEventsBody, readTrackerBody, type Payload } from './payload.ts'
import { isAnonymous, stripEvent, stripQuery, stripUrl } from './privacy.ts'
import { changeQuery, queryValue } from './query.ts'
import { isRefusal, json, ok, pixel, type Refusal, type Reply } from '../http/reply.ts'
import { EVENTS_PATH } from '../http/route.ts'
import { splitRequest } from './split.ts'
import { plainVisitor, trackerVisitor, type PlainEvent } from './visitor.ts'

/** A request that carries events, read to its end. */
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
  /** What is wrong with an event of /v1/events, in sentences; empty when nothing is. */
  readonly checkEvent: (event: unknown) => readonly string[]
}

export interface Collect {
  /** A POST of a tracker: whatever the body is, it is stored, and what is wrong with it is found out downstream. */
  tracker(path: string, request: EventRequest): Collected | Refusal
  /** A GET of a tracker: one event in the query. */
  pixel(path: string, request: EventRequest): Collected
  /** POST /v1/events: plain JSON, and an answer that says what became of each event. */
  events(request: EventRequest): Collected | Refusal
}

/** Name and version of the collector, as records carry them. */
export const COLLECTOR = `sluicebox-${packageJson.version}`

const USER_AGENT_LENGTH_MAX = 1_000
const NETWORK_ID_LENGTH_MAX = 128
/** What a record holds beside its body and what comes from headers: ids, names, framing. */
const RECORD_FRAME_BYTES = 4_096
/** What /v1/events takes. The form is here since curl says so of whatever it is given with -d. */
const EVENT_TYPES =
  /^(?:application\/(?:json|(?:x-)?ndjson|jsonl|x-www-form-urlencoded)|text\/plain)\s*(?:;|$)/
const UNCHANGED: ReadonlyMap<number, Uint8Array> = new Map()

/**
 * Turns requests into raw records and answers. No socket, no log, no clock. A body is parsed once, and its bytes are
 * kept unless privacy or several visitors ask for others.
 */
export function createCollect({ config, uuid, checkEvent }: CollectParts): Collect {
  const { limits, privacy } = config
  const readAddress = createAddressReader({ ...privacy, trustedProxyHops: config.trustedProxyHops })
  const cookies = createCookieJar(config.cookie)
  const bodyBytesMax = limits.recordBytesMax - limits.headerBytesMax - RECORD_FRAME_BYTES

  return {
    tracker(path, request) {
      const body = request.body as Buffer
      const ids = readIds(request)
      const networkId = ids.networkId ?? (config.cookie.enabled ? ids.fallback : null)
      const base = baseRecord(path, contentTypeOf(request.headers), request, { ...ids, networkId })
      const reply = (): Reply => ok(cookieHeader(request, ids.anonymous, networkId))
      const whole = seeWhole(body, ids)
      if (whole !== undefined)
        return {
          records: [{ ...base, visitor: whole.visitor, body }],
          eventCount: whole.eventCount,
          reply: reply(),
        }

      const payload = readTrackerBody(body, limits)
      if (payload !== undefined && payload.events.length > limits.eventsMax)
        return tooManyEvents(payload.events.length, limits.eventsMax)
      if (ids.anonymous && payload === undefined && body.length > 0) return unreadable()
      const changed = changeEvents(payload, ids.anonymous)
      const records = splitRequest({
        ...{ body, payload, base, changed, bodyBytesMax, eventsOnly: ids.anonymous },
        visitorOf: event => trackerVisitor(event, ids),
      })
      if (isRefusal(records)) return records
      return { records, eventCount: payload?.events.length ?? 1, reply: reply() }
    },

    pixel(path, request) {
      const ids = readIds(request)
      const networkId = ids.networkId ?? (config.cookie.enabled ? ids.fallback : null)
      const base = baseRecord(path, null, request, { ...ids, networkId })
      const records = [{ ...base, visitor: trackerVisitor(undefined, ids) }]
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
      // Judged as sent, before anything is stripped.
      const answers = events.map((read, index) => answerTo(index, read.event, read.fault))
      const base = baseRecord(EVENTS_PATH, format, request, ids)
      const changed = changeEvents(payload, ids.anonymous)
      const records = splitRequest({
        ...{ body, payload, base, changed, bodyBytesMax, eventsOnly: ids.anonymous },
        visitorOf: event => plainVisitor(event, ids),
      })
      if (isRefusal(records)) return records
      const bad = answers.filter(answer => answer.status === 'bad').length
      const reply = json({ accepted: answers.length - bad, bad, events: answers })
      return { records, eventCount: answers.length, reply }
    },
  }

  /** The visitor of a body that can be stored as it is, and how many events it has. */
  function seeWhole(body: Buffer, ids: Ids): { visitor: string; eventCount: number } | undefined {
    if (ids.anonymous || body.length > bodyBytesMax) return undefined
    const events = glanceAtEvents(body)
    if (events === undefined || events.length > limits.eventsMax) return undefined
    const visitor = trackerVisitor(events[0], ids)
    return events.every(event => trackerVisitor(event, ids) === visitor)
      ? { visitor, eventCount: events.length }
      : undefined
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
    /** The query as it may be written. */
    readonly query: string | null
    readonly cookieId: string | undefined
    /** What the client said its network user id is. */
    readonly networkId: string | null
    readonly fallback: string
  }

  function readIds({ query, headers }: EventRequest): Ids {
    if (isAnonymous(headers, privacy)) {
      const stripped = query === null ? null : stripQuery(query)
      const networkId = ANONYMOUS_ID
      return { anonymous: true, query: stripped, cookieId: undefined, networkId, fallback: uuid() }
    }
    const cookieId = cookies.read(headers.cookie)
    const networkId = queryValue(query, 'nuid')?.slice(0, NETWORK_ID_LENGTH_MAX) ?? cookieId ?? null
    const written = query === null ? null : changeQuery(query, keepButIp)
    return { anonymous: false, query: written, cookieId, networkId, fallback: networkId ?? uuid() }
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
    const referer = headers.referer ?? null
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
      user_agent: headers['user-agent']?.slice(0, USER_AGENT_LENGTH_MAX) ?? null,
      referer: referer !== null && anonymous ? stripUrl(referer) : referer,
      hostname: headers.host?.replace(/:\d+$/, '') ?? null,
      network_user_id: networkId,
      headers: storedHeaders(headers),
      privacy: anonymous ? 'anonymous' : 'none',
      retry_of: null,
    }
  }

  function storedHeaders(headers: IncomingHttpHeaders): string[] {
    const stored: string[] = []
    for (const name of privacy.storedHeaders) {
      const value = headers[name]
      if (value !== undefined) stored.push(`${name}: ${String(value)}`)
    }
    return stored
  }

  /** What must not be written as it was sent: identifiers of anonymous visitors, and whole addresses. */
  function changeEvents(payload: Payload | undefined, anonymous: boolean): ReadonlyMap<number, Uint8Array> {
    if (payload === undefined) return UNCHANGED
    const { events } = payload
    if (!anonymous && !events.some(({ event }) => event?.['ip'] !== undefined)) return UNCHANGED
    const changed = new Map<number, Uint8Array>()
    events.forEach(({ event }, index) => {
      if (anonymous) {
        const kept = event === undefined ? null : stripEvent(event)
        changed.set(index, Buffer.from(JSON.stringify(kept)))
      } else if (event?.['ip'] !== undefined) {
        const ip = keepButIp('ip', String(event['ip']))
        if (ip === undefined) delete event['ip']
        else event['ip'] = ip
        changed.set(index, Buffer.from(JSON.stringify(event)))
      }
    })
    return changed
  }

  /** A tracker on a server says its visitor's address in a parameter: that one is truncated too. */
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

function contentTypeOf(headers: IncomingHttpHeaders): string | null {
  return headers['content-type']?.toLowerCase() ?? null
}

function wrongContentType(contentType: string): Refusal {
  return {
    status: 415,
    error: 'content_type',
    message: `Events are JSON, not ${contentType.slice(0, 100)}. Send them as application/json or application/x-ndjson.`,
  }
}

function tooManyEvents(count: number, eventsMax: number): Refusal {
  return {
    status: 413,
    error: 'too_many_events',
    message: `The request holds ${count} events; at most ${eventsMax} are taken at once. Nothing was stored: send them in several requests.`,
    details: { count, eventsMax },
  }
}

function unreadable(): Refusal {
  return {
    status: 422,
    error: 'unreadable_anonymous',
    message:
      'The request asks for anonymity, but not all of its body can be read, so that identifiers can’t be stripped from it. Nothing was stored.',
  }
}
