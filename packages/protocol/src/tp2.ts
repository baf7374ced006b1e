import { FIELDS, readFields } from './fields.ts'
import { itemTexts, parseJson } from './json-text.ts'
import {
  hasBody,
  isRefused,
  mediaType,
  readBody,
  readQuery,
  refuse,
  type Payload,
  type ProtocolOptions,
  type Request,
} from './request.ts'
import type { Query } from './query.ts'
import { blame, blankEvent, isObject, show, type Fault, type SentEvent } from './sent-event.ts'

const PAYLOAD_SCHEMA = /^iglu:com\.snowplowanalytics\.snowplow\/payload_data\/jsonschema\/1-\d{1,6}-\d{1,6}$/
const REQUIRED = ['tv', 'p', 'e']
const NO_QUERY: Query = Object.freeze(Object.create(null) as Query)

/** The tracker protocol by POST: an envelope of events, to which the query string adds fields; or by GET: one event. */
export function readTp2(request: Request, options: ProtocolOptions): Payload {
  const { body, content_type } = request
  if (!hasBody(body)) {
    if (content_type === null) return readPixel(request)
    return refuse(
      request,
      'payload_empty',
      `names the content type ${show(content_type)}, and is empty`,
      'body',
    )
  }
  const media = mediaType(content_type)
  if (media.type !== 'application/json' || !media.isUtf8)
    return refuse(
      request,
      'content_type_unsupported',
      `is ${content_type === null ? 'not set' : show(content_type)}; application/json; charset=utf-8 is wanted`,
      'content type',
    )
  const query = readQuery(request)
  if (isRefused(query)) return query
  const text = readBody({ ...request, body })
  if (isRefused(text)) return text

  const envelope = parseJson(text)
  if (envelope === undefined) return refuse(request, 'payload_not_json', 'is not JSON', 'body')
  if (!isObject(envelope)) return refuse(request, 'payload_invalid', 'must be an object', 'body')
  const { schema, data } = envelope
  if (typeof schema !== 'string' || !PAYLOAD_SCHEMA.test(schema))
    return refuse(request, 'payload_schema_unknown', `is ${show(schema)}`, 'schema')
  if (!Array.isArray(data)) return refuse(request, 'payload_invalid', 'must be an array of events', 'data')
  if (data.length === 0) return refuse(request, 'payload_empty', 'is an empty array', 'data')
  if (data.length > options.eventsMax)
    return refuse(request, 'events_too_many', `has ${data.length}; ${options.eventsMax} are allowed`, 'data')

  const added = knownOf(query)
  const events: SentEvent[] = []
  for (const [index, item] of (data as unknown[]).entries()) {
    const faults = envelopeFaults(item, added)
    const [fault] = faults
    if (fault !== undefined && options.strict) {
      const place = `data[${index}]${fault.place === '' ? '' : `.${fault.place}`}`
      return refuse(request, fault.reason, fault.text, place)
    }
    events.push(readItem(item, added, faults))
  }
  let texts: readonly string[] | undefined
  return { events, format: 'event', original: index => (texts ??= itemTexts(text, 'data'))[index] ?? '' }
}

/** The tracker protocol by GET: the query string is one event. Unknown parameters are ignored. */
export function readPixel(request: Request): Payload {
  if (request.querystring === null || request.querystring === '')
    return refuse(request, 'payload_empty', 'is empty, and there is no body', 'querystring')
  const query = readQuery({ ...request, body: null })
  if (isRefused(query)) return query
  const event = blankEvent(knownOf(query))
  readFields(event, query)
  if (query['e'] === undefined || query['e'] === '')
    blame(event, 'field_missing', 'e', 'is missing: the type of the event (pv, pp, ue, se)')
  const original = request.querystring
  return { events: [event], format: 'query', original: () => original }
}

/**
 * Checks what the envelope's schema requires of one event of a batch: three keys, no unknown keys, and only texts as
 * values.
 */
function envelopeFaults(item: unknown, added: Query): readonly Fault[] {
  if (!isObject(item))
    return [{ reason: 'event_not_object', place: '', text: `must be an object, not ${show(item)}` }]
  let faults: Fault[] | undefined
  for (const key in item) {
    if (FIELDS.get(key)?.inBody !== true)
      (faults ??= []).push({
        reason: 'field_unknown',
        place: key.slice(0, 128),
        text: 'is not a field of payload_data',
        isMinor: true,
      })
    else if (typeof item[key] !== 'string')
      (faults ??= []).push({
        reason: 'field_invalid',
        place: key,
        text: `must be a text, not ${show(item[key])}`,
        isMinor: isMinor(key),
      })
  }
  for (const key of REQUIRED)
    if (item[key] === undefined && added[key] === undefined)
      (faults ??= []).push({ reason: 'field_missing', place: key, text: 'is missing', isMinor: isMinor(key) })
  return faults ?? NO_FAULTS
}

const isMinor = (key: string): boolean => FIELDS.get(key)?.isMinor === true

const NO_FAULTS: readonly Fault[] = []

function readItem(item: unknown, added: Query, envelope: readonly Fault[]): SentEvent {
  const own = isObject(item) ? item : {}
  const claims = added === NO_QUERY ? own : { ...own, ...added }
  const event = blankEvent(claims)
  if (envelope.length > 0) event.faults = [...envelope]
  // Without faults in its envelope all fields are known, and texts.
  readFields(event, envelope.length > 0 ? textsOf(claims) : (claims as Query))
  if (claims['e'] === '') blame(event, 'field_missing', 'e', 'is empty')
  return event
}

function textsOf(claims: Readonly<Record<string, unknown>>): Query {
  return Object.fromEntries(
    Object.entries(claims).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

/** The parameters of a query string that the protocol knows. */
function knownOf(query: Query): Query {
  let known: Record<string, string> | undefined
  for (const key in query)
    if (FIELDS.has(key)) (known ??= Object.create(null) as Record<string, string>)[key] = query[key] as string
  return known ?? NO_QUERY
}
