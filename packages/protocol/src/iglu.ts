import { readFields } from './fields.ts'
import { isFit } from './fit.ts'
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
import { parseQuery, type Query } from './query.ts'
import { isSelfDescribing } from './self-describing.ts'
import { blame, blankEvent, isObject, show, type SentEvent } from './sent-event.ts'
import { readItems } from './v1.ts'

// The webhook for systems that can only send JSON to a URL: the schema is in the query string, or in the body.

const TRACKER = 'com.snowplowanalytics.iglu-v1'
/** Parameters about the event as a whole, which are not part of its data. */
const LIFTED = ['nuid', 'aid', 'cv', 'p']

/** Self-describing events: one JSON object, an array or lines of them, a form, or the parameters of a GET. */
export function readIglu(request: Request, options: ProtocolOptions): Payload {
  const query = readQuery(request)
  if (isRefused(query)) return query
  const schema = query['schema']
  const { body } = request
  if (!hasBody(body)) {
    if (schema === undefined)
      return refuse(request, 'payload_empty', 'has no schema, and there is no body', 'querystring')
    const original = request.querystring ?? ''
    const event = webhookEvent({ schema, data: dataOf(query) }, query, 'app', options.depthMax)
    return { events: [event], format: 'query', original: () => original }
  }

  const text = readBody({ ...request, body })
  if (isRefused(text)) return text
  const { type } = mediaType(request.content_type)
  if (type === 'application/x-www-form-urlencoded') {
    const form = parseQuery(text)
    if (form === undefined) return refuse(request, 'query_undecodable', 'has a broken percent code', 'body')
    const data = dataOf(form)
    const event = webhookEvent(
      { schema: schema ?? form['schema'], data },
      { ...form, ...query },
      'srv',
      options.depthMax,
    )
    return { events: [event], format: 'body', original: () => body }
  }
  const isLines = /ndjson|jsonl/.test(type)
  if (type !== 'application/json' && !isLines)
    return refuse(
      request,
      'content_type_unsupported',
      `is ${show(request.content_type)}; application/json or a form is wanted`,
      'content type',
    )
  const items = readItems(text, isLines)
  if (items === undefined) return refuse(request, 'payload_not_json', 'is not JSON', 'body')
  if (items.values.length === 0) return refuse(request, 'payload_empty', 'holds no event', 'body')
  if (items.values.length > options.eventsMax)
    return refuse(
      request,
      'events_too_many',
      `has ${items.values.length}; ${options.eventsMax} are allowed`,
      'body',
    )
  const events = items.values.map(value =>
    schema === undefined
      ? webhookEvent(value, query, 'app', options.depthMax)
      : webhookEvent(isObject(value) ? { schema, data: value } : value, query, 'app', options.depthMax),
  )
  return { events, format: 'line', original: items.text }
}

function webhookEvent(value: unknown, query: Query, platform: string, depthMax: number): SentEvent {
  const event = blankEvent(isObject(value) ? value : {})
  event.tracker = TRACKER
  event.platform = platform
  readFields(event, liftedOf(query))
  if (value === undefined) blame(event, 'not_json', '', 'is not JSON')
  else if (!isObject(value)) blame(event, 'event_not_object', '', `must be an object, not ${show(value)}`)
  else if (isFit(event, value['data'], 'data', depthMax) && isSelfDescribing(event, value, '')) {
    event.type = 'unstruct'
    event.event = value
  }
  return event
}

function liftedOf(query: Query): Query {
  return Object.fromEntries(
    LIFTED.filter(key => query[key] !== undefined).map(key => [key, query[key] as string]),
  )
}

function dataOf(query: Query): Query {
  return Object.fromEntries(
    Object.entries(query).filter(([key]) => key !== 'schema' && !LIFTED.includes(key)),
  )
}
