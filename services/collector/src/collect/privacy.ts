import type { IncomingHttpHeaders } from 'node:http'
import { changeQuery } from './query.ts'
import type { PlainEvent } from './visitor.ts'

export interface PrivacyOptions {
  readonly honourGpc: boolean
  readonly honourDnt: boolean
}

/** Whether the visitor asked not to be identified: by the tracker's header, or by a setting of the browser. */
export function isAnonymous(headers: IncomingHttpHeaders, options: PrivacyOptions): boolean {
  return (
    headers['sp-anonymous'] !== undefined ||
    (options.honourGpc && headers['sec-gpc'] === '1') ||
    (options.honourDnt && headers['dnt'] === '1')
  )
}

/** What identifies a visitor, a visit or a device in an event of a tracker, and in one of /v1/events. */
const IDENTIFIERS = new Set([
  ...['duid', 'uid', 'nuid', 'tnuid', 'sid', 'vid', 'ip', 'fp'],
  ...['visitor_id', 'session_id', 'user_id'],
])

const CLIENT_SESSION = /^iglu:com\.snowplowanalytics\.[^/]+\/client_session\//

/** The event without what identifies its visitor. Takes an event that nobody else holds: it is changed. */
export function stripEvent(event: PlainEvent): PlainEvent {
  for (const name of Object.keys(event)) {
    const value = event[name]
    if (name === 'page' && typeof value === 'object' && value !== null) stripEvent(value as PlainEvent)
    const kept =
      typeof value === 'string' ? stripValue(name, value) : IDENTIFIERS.has(name) ? undefined : value
    if (kept === undefined) delete event[name]
    else event[name] = kept
  }
  return event
}

/** The query of a request without what identifies the visitor. */
export function stripQuery(query: string): string {
  return changeQuery(query, stripValue)
}

function stripValue(name: string, value: string): string | undefined {
  if (IDENTIFIERS.has(name)) return undefined
  switch (name) {
    case 'co':
      return stripEntities(value)
    case 'cx': {
      const stripped = stripEntities(Buffer.from(value, 'base64url').toString())
      return stripped === undefined ? undefined : Buffer.from(stripped).toString('base64url')
    }
    case 'url':
    case 'refr':
    case 'referrer':
      return stripUrl(value)
    default:
      return value
  }
}

/** A link from another site of the same owner carries the visitor's id there as `_sp`. */
export function stripUrl(url: string): string {
  const start = url.indexOf('?')
  if (start < 0 || !url.includes('_sp=', start)) return url
  const end = url.indexOf('#', start) < 0 ? url.length : url.indexOf('#', start)
  const query = changeQuery(url.slice(start + 1, end), (name, value) => (name === '_sp' ? undefined : value))
  return `${url.slice(0, start)}${query === '' ? '' : `?${query}`}${url.slice(end)}`
}

/** Entities without the client's session. What can't be read might hold it, and is left out as a whole. */
function stripEntities(text: string): string | undefined {
  try {
    const entities = JSON.parse(text) as { data?: unknown }
    if (!Array.isArray(entities.data)) return undefined
    const kept = (entities.data as { schema?: unknown }[]).filter(
      entity => !(typeof entity.schema === 'string' && CLIENT_SESSION.test(entity.schema)),
    )
    if (kept.length === entities.data.length) return text
    return kept.length === 0 ? undefined : JSON.stringify({ ...entities, data: kept })
  } catch {
    return undefined
  }
}
