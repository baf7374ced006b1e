import { INSTANT_MS_MAX } from '@sluicebox/event/instants'
import { PAGE_KINDS } from './page-kinds.ts'
import { cleanText } from './clean-text.ts'
import { usableId, usableSessionId, type EventIds } from './ids.ts'
import { isFit } from './fit.ts'
import { parseIso } from './instant.ts'
import { itemTexts, parseJson } from './json-text.ts'
import {
  hasBody,
  isRefused,
  mediaType,
  readBody,
  refuse,
  type Payload,
  type ProtocolOptions,
  type Request,
} from './request.ts'
import { ACTION_NAME, blame, blankEvent, isObject, show, type SentEvent } from './sent-event.ts'

// Our own protocol: events as plain JSON that a person can write. Its shape is the schema com.sluicebox/event, which is
// checked with the other schemas; here an event is only taken apart.

export const V1_SCHEMA = 'iglu:com.sluicebox/event/jsonschema/1-0-0'

/** One event, an array of events, or one event per line. */
export function readV1(request: Request, options: ProtocolOptions): Payload {
  const { body, content_type } = request
  if (!hasBody(body)) return refuse(request, 'payload_empty', 'is empty', 'body')
  const text = readBody({ ...request, body })
  if (isRefused(text)) return text
  const items = readItems(text, /ndjson|jsonl|json-seq/.test(mediaType(content_type).type))
  if (items === undefined) return refuse(request, 'payload_not_json', 'is not JSON', 'body')
  if (items.values.length === 0) return refuse(request, 'payload_empty', 'holds no event', 'body')
  if (items.values.length > options.eventsMax)
    return refuse(
      request,
      'events_too_many',
      `has ${items.values.length} events; ${options.eventsMax} are allowed`,
      'body',
    )
  return {
    events: items.values.map(value => readV1Event(value, options.depthMax)),
    format: 'line',
    original: items.text,
  }
}

/**
 * The members whose faults are minor, by their place in an event, and what the event is without one: the title of a page
 * that is too long costs the title.
 */
export const MINOR_MEMBERS: ReadonlyMap<string, (event: SentEvent, rest: unknown) => void> = new Map([
  ['/page/title', event => void (event.title = null)],
  ['/page/referrer', event => void (event.referrer = null)],
  ['/product/name', (event, rest) => void (event.properties = propertiesOf(rest as Members, NOTHING))],
  ['/search_term', event => void (event.searchTerm = null)],
  ['/user_agent', event => void (event.userAgent = null)],
  ['/platform', event => void (event.platform = null)],
] as [string, (event: SentEvent, rest: unknown) => void][])

/** A copy of an event without the member at `path`, a JSON pointer of one or two names. */
export function dropMember(data: unknown, path: string): unknown {
  const [, name = '', ...rest] = path.split('/')
  const { [name]: member, ...others } = data as Members
  return rest.length === 0 ? others : { ...others, [name]: dropMember(member, `/${rest.join('/')}`) }
}

type Members = Readonly<Record<string, unknown>>

export interface Items {
  /** The parsed items; undefined where an item is not JSON. */
  readonly values: readonly unknown[]
  /** The text of one of them. */
  text(index: number): string
}

/**
 * The items of a body that may be one value, an array, or a value per line. Content types are not relied upon: curl calls
 * everything a form. Undefined when the body is not JSON in any of these ways.
 */
export function readItems(text: string, isLines: boolean): Items | undefined {
  const whole = isLines ? undefined : parseJson(text)
  if (Array.isArray(whole)) {
    let texts: readonly string[] | undefined
    return { values: whole, text: index => (texts ??= itemTexts(text))[index] ?? '' }
  }
  if (whole !== undefined) return { values: [whole], text: () => text }

  const lines = text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
  const values = lines.map(parseJson)
  // A body without a content type of lines counts as lines only if it begins with one.
  if (!isLines && (lines.length < 2 || values[0] === undefined)) return lines.length === 0 ? EMPTY : undefined
  return { values, text: index => lines[index] ?? '' }
}

const EMPTY: Items = { values: [], text: () => '' }

/** The visitor that an event names, and its id: all that the key of a record needs. */
export function readV1Ids(value: Readonly<Record<string, unknown>>): {
  readonly ids: EventIds
  readonly eventId: string | null
} {
  const ids = {
    domainUserId: usableId(value['visitor_id']),
    networkUserId: null,
    sessionId: usableSessionId(value['session_id']),
    sessionIndex: null,
  }
  return { ids, eventId: usableId(value['event_id']) }
}

/** Takes one event apart; undefined means that it was not JSON. */
export function readV1Event(value: unknown, depthMax: number): SentEvent {
  if (!isObject(value)) {
    const event = blankEvent({})
    if (value === undefined) blame(event, 'not_json', '', 'is not JSON')
    else blame(event, 'event_not_object', '', `must be an object, not ${show(value)}`)
    return event
  }
  const event = blankEvent(value)
  event.eventId = id(event, value['event_id'])
  event.sessionId = usableSessionId(id(event, value['session_id']))
  event.domainUserId = id(event, value['visitor_id'])
  event.userId = id(event, value['user_id'])
  if (!isFit(event, value, '', depthMax)) return event

  const page = member(value, 'page')
  const product = member(value, 'product')
  const order = isObject(value['order']) ? value['order'] : member(value, 'transaction')
  event.type = 'action'
  event.event = { schema: V1_SCHEMA, data: value }
  event.action = readAction(event, value['action'])
  event.createdAt = instant(event, value, 'time')
  event.isTimeTrue = event.createdAt !== null
  event.sentAt = instant(event, value, 'sent_at')
  event.appId = text(value['app_id'])
  event.platform = text(value['platform'])
  event.userAgent = text(value['user_agent'])
  event.url = text(page['url'])
  event.title = text(page['title'])
  event.referrer = text(page['referrer'])
  event.pageKind = readKind(event, page['kind'])
  event.productId = text(product['id'])
  event.category = text(product['category'])
  event.price = number(product['price'])
  event.quantity = number(product['quantity'])
  event.currency = text(product['currency']) ?? text(order['currency'])
  event.orderId = text(order['id'])
  event.revenue = number(order['revenue'])
  event.searchTerm = text(value['search_term'])
  event.simulated = value['simulated'] === true
  event.properties = propertiesOf(value, product)
  return event
}

/** An id; what is written where there is none, such as `undefined` or zeros, counts as absent. */
function id(event: SentEvent, value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return null
  const usable = usableId(value)
  if (usable === null) event.ignoredIds++
  return usable
}

function readAction(event: SentEvent, action: unknown): string | null {
  // The schema reports anything that is not a text.
  if (typeof action !== 'string' || action === '') return null
  if (ACTION_NAME.test(action)) return action
  blame(event, 'action_invalid', 'action', `${show(action)} has other characters, or more than 128`)
  return null
}

function readKind(event: SentEvent, kind: unknown): string | null {
  if (typeof kind !== 'string' || kind === '' || PAGE_KINDS.some(known => known === kind)) return text(kind)
  blame(event, 'field_invalid', 'page/kind', `must be one of ${PAGE_KINDS.join(', ')}, not ${show(kind)}`)
  return null
}

/** The properties, and the product's name, which has no field of its own in good. */
function propertiesOf(
  value: Readonly<Record<string, unknown>>,
  product: Readonly<Record<string, unknown>>,
): object | null {
  const properties = isObject(value['properties']) ? value['properties'] : null
  const name = text(product['name'])
  return name === null ? properties : { product_name: name, ...properties }
}

const NOTHING: Readonly<Record<string, unknown>> = {}

function member(value: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> {
  const found = value[key]
  return isObject(found) ? found : NOTHING
}

function text(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const clean = cleanText(value)
  return clean === '' ? null : clean
}

const number = (value: unknown): number | null => (typeof value === 'number' ? value : null)

/** ISO 8601 with a zone, or milliseconds. */
function instant(event: SentEvent, value: Readonly<Record<string, unknown>>, key: string): number | null {
  const given = value[key]
  if (given === undefined || given === null) return null
  const ms = instantOf(given)
  if (ms !== undefined && ms >= 0 && ms <= INSTANT_MS_MAX) return ms
  blame(
    event,
    'field_invalid',
    key,
    `must be a time such as 2026-11-20T09:30:00Z, or milliseconds since 1970, not ${show(given)}`,
  )
  return null
}

/** Milliseconds as a number or as digits, or ISO 8601 with a zone. */
function instantOf(given: unknown): number | undefined {
  if (typeof given === 'number') return Math.round(given)
  if (typeof given !== 'string') return undefined
  return /^\d{1,15}$/.test(given) ? Number(given) : parseIso(given, { zone: 'required' })
}
