import type { IncomingHttpHeaders } from 'node:http'
import { FIELDS } from '@sluicebox/protocol/fields'
import { ANONYMOUS_ID, CLIENT_SESSION, fromBase64 } from '@sluicebox/protocol/ids'
import { changeQuery } from './query.ts'
import type { PlainEvent } from './visitor.ts'

export interface PrivacyOptions {
  readonly honourGpc: boolean
  readonly honourDnt: boolean
}

/** Whether an anonymous event keeps the session id that the client sent. */
export type AnonymousSessions = 'keep' | 'strict'

/** Whether the visitor asked not to be identified: by the tracker's header, or by a setting of the browser. */
export function isAnonymous(headers: IncomingHttpHeaders, options: PrivacyOptions): boolean {
  return (
    headers['sp-anonymous'] !== undefined ||
    (options.honourGpc && headers['sec-gpc'] === '1') ||
    (options.honourDnt && headers['dnt'] === '1')
  )
}

/** Fields of the tracker protocol that identify a visitor or a device, or that live longer than a session. */
const IDENTIFYING = new Set([
  'duid',
  'uid',
  'nuid',
  'tnuid',
  'vid',
  'ip',
  'fp',
  'mac',
  'ad_uid',
  'ctype',
  'sp',
  'sn',
  'sa',
  'st',
])
/** The session id, which ends with the visit. */
const SESSION_IDS = new Set(['sid', 'session_id'])
/** What an event of /v1/events may keep. */
const PLAIN_FIELDS = new Set([
  ...[
    'action',
    'event_id',
    'time',
    'sent_at',
    'app_id',
    'platform',
    'user_agent',
    'search_term',
    'simulated',
  ],
  ...['page', 'product', 'order', 'transaction', 'properties'],
])

/** Entities that do not identify the visitor. All others are left out: a site's own may hold anything. */
const KEPT_ENTITIES =
  /^iglu:(?:com\.snowplowanalytics\.snowplow\.(?:ecommerce|media)\/[^/]+|com\.snowplowanalytics\.snowplow\/(?:web_page|application|browser_context|web_vitals|screen_summary)|com\.snowplowanalytics\.mobile\/(?:screen|application)|org\.w3\/[^/]+|org\.ietf\/http_client_hints)\//

/**
 * The event with what may be written of an anonymous visitor, and nothing else: unknown fields and entities are left out.
 * Takes an event that the caller does not use again: it is changed.
 */
export function stripEvent(event: PlainEvent, sessions: AnonymousSessions): PlainEvent {
  for (const name of Object.keys(event)) {
    const value = event[name]
    const kept =
      typeof value === 'string'
        ? stripValue(name, value, sessions)
        : isKept(name, sessions)
          ? value
          : undefined
    if (kept === undefined) delete event[name]
    else event[name] = kept
  }
  const { page } = event
  if (typeof page === 'object' && page !== null) stripPage(page as PlainEvent)
  return event
}

/** The query of a request with what may be written of an anonymous visitor. */
export function stripQuery(query: string, sessions: AnonymousSessions): string {
  return changeQuery(query, (name, value) => stripValue(name, value, sessions))
}

function isKept(name: string, sessions: AnonymousSessions): boolean {
  if (SESSION_IDS.has(name)) return sessions === 'keep'
  return !IDENTIFYING.has(name) && (FIELDS.has(name) || PLAIN_FIELDS.has(name) || name === 'schema')
}

function stripValue(name: string, value: string, sessions: AnonymousSessions): string | undefined {
  if (!isKept(name, sessions)) return undefined
  switch (name) {
    case 'co':
      return stripEntities(value, sessions)
    case 'cx': {
      const stripped = stripEntities(fromBase64(value) as string, sessions)
      return stripped === undefined ? undefined : Buffer.from(stripped).toString('base64url')
    }
    case 'url':
    case 'refr':
      return stripUrl(value)
    default:
      return value
  }
}

function stripPage(page: PlainEvent): void {
  for (const name of ['url', 'referrer'])
    if (typeof page[name] === 'string') page[name] = stripUrl(page[name])
}

/** Parameters by which sites and advertisers hand a visitor's id from page to page. */
const LINKED_IDS =
  /^(?:_sp|_ga|_gl|_gac|_hsenc|_hsmi|_openstat|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|fbclid|igshid|ttclid|twclid|li_fat_id|yclid|ysclid|mc_eid|mkt_tok|email|e-?mail|uid|user_?id|vid|visitor_?id|cid|client_?id)$/i

/** The URL without the ids of visitors that links carry, in its query and in its fragment. */
export function stripUrl(url: string): string {
  const [beforeFragment, fragment] = splitAt(url, '#')
  const [beforeQuery, query] = splitAt(beforeFragment, '?')
  const kept = query === undefined ? undefined : stripLinked(query)
  const keptFragment = fragment?.includes('=') === true ? stripFragment(fragment) : fragment
  return `${beforeQuery}${kept ? `?${kept}` : ''}${keptFragment ? `#${keptFragment}` : ''}`
}

/** A fragment may be a query (#_sp=…), or a route with one (#/cart?_sp=…). */
function stripFragment(fragment: string): string {
  const [route, query] = splitAt(fragment, '?')
  if (query === undefined) return stripLinked(fragment)
  const kept = stripLinked(query)
  return kept === '' ? route : `${route}?${kept}`
}

const stripLinked = (query: string): string =>
  changeQuery(query, (name, value) => (LINKED_IDS.test(name) ? undefined : value))

function splitAt(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

/** Entities that may be written. What can't be read might hold an identifier, and is left out as a whole. */
function stripEntities(text: string, sessions: AnonymousSessions): string | undefined {
  try {
    const entities = JSON.parse(text) as { data?: unknown }
    if (!Array.isArray(entities.data)) return undefined
    const kept = (entities.data as { schema?: unknown; data?: unknown }[]).flatMap(entity => {
      const { schema, data } = entity
      if (typeof schema !== 'string' || typeof data !== 'object' || data === null) return []
      if (CLIENT_SESSION.test(schema)) return sessions === 'keep' ? [{ schema, data: sessionOnly(data) }] : []
      if (!KEPT_ENTITIES.test(schema)) return []
      return [{ schema, data: withoutTab(data) }]
    })
    return kept.length === 0 ? undefined : JSON.stringify({ ...entities, data: kept })
  } catch {
    return undefined
  }
}

/** The session's id and the event's number in it; the visitor, the count of sessions and the session before are replaced. */
function sessionOnly(data: object): object {
  return { ...data, userId: ANONYMOUS_ID, sessionIndex: 1, previousSessionId: null }
}

/** A tab may be open for longer than a session lasts. */
function withoutTab(data: object): object {
  const kept: Record<string, unknown> = { ...data }
  delete kept['tabId']
  return kept
}
