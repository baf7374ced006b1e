import { cleanText } from './clean-text.ts'
import { parseJson } from './json-text.ts'
import { isObject, type SelfDescribing, type SentEvent } from './sent-event.ts'

// The one place that decides which visitor and which session an event belongs to. The collector takes the key of a
// record from here, and the enricher the identifiers of its events, so that the two can't disagree.

/** The network user id of every anonymous request, and of trackers that were asked not to send one. */
export const ANONYMOUS_ID = '00000000-0000-0000-0000-000000000000'

/** What RFC 9562 calls Max: no generator makes it. */
const MAX_ID = /^[f-]+$/i
const ID_LENGTH_MAX = 128
/** Words that programs write when they have no id. Compared in lower case. */
const NOT_IDS = new Set([
  'undefined',
  'null',
  '[object object]',
  'nan',
  'none',
  'nil',
  'false',
  'true',
  '-',
  '(not set)',
  '(null)',
  '<null>',
  '<nil>',
  '(none)',
  'n/a',
  'unknown',
  'anonymous',
  'guest',
  'empty',
  '(empty)',
  '(unknown)',
  '{}',
  '[]',
  '"undefined"',
  '"null"',
])
const WORD_LENGTH_MAX = 15
/** The name of a variable that a template or a tag manager did not fill in: `{{user_id}}`, `${userId}`, `%USER_ID%`. */
const PLACEHOLDER = /^(?:\{\{[^{}]*\}\}|\$\{[^{}]*\}|\[\[[^[\]]*\]\]|<%.*%>|%\w+%|__\w+__|\$\w+\$)$/
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i
const ZEROS = /^[0\-.]+$/
/** Whether a text is a UUID, in small or in capital letters. */
export const isUuid = (text: string): boolean => UUID.test(text)

/** Most other ids are like this, and need no cleaning. */
const PLAIN_ID = /^[\w.\-:@+/=]{4,128}$/

/**
 * Returns an id in its usable form: without control characters and surrounding blanks. Null when nothing usable is
 * left: an empty text, a word such as `undefined` or `guest`, a placeholder such as `{{user_id}}`, zeros. A text of more than 128 characters is not an id.
 */
export function usableId(text: unknown): string | null {
  if (typeof text !== 'string') return null
  // Most ids are UUIDs.
  if (isUuid(text)) return text === ANONYMOUS_ID || MAX_ID.test(text) ? null : text
  const clean = PLAIN_ID.test(text) ? text : cleanText(text).trim()
  if (clean === '' || clean.length > ID_LENGTH_MAX || ZEROS.test(clean)) return null
  if (clean.length <= WORD_LENGTH_MAX && NOT_IDS.has(clean.toLowerCase())) return null
  return PLACEHOLDER.test(clean) ? null : clean
}

/** The id of a session as it may be used: a UUID in small letters, since trackers write it in either. */
export function usableSessionId(text: unknown): string | null {
  const id = usableId(text)
  return id !== null && isUuid(id) ? id.toLowerCase() : id
}

/** The ids of the visitor in an event; null where an id is absent or unusable. */
export interface EventIds {
  readonly domainUserId: string | null
  readonly networkUserId: string | null
  readonly sessionId: string | null
  readonly sessionIndex: number | null
}

/**
 * The ids of an event: its parameters first, then the entity `client_session`, in which trackers of apps, games and servers send
 * the visitor and the session instead.
 */
export function idsOf(event: SentEvent): EventIds {
  const { domainUserId, networkUserId, sessionId, sessionIndex } = event
  if (domainUserId !== null && sessionId !== null && sessionIndex !== null)
    return { domainUserId, networkUserId, sessionId, sessionIndex }
  const session = clientSession(event)
  if (session === undefined) return { domainUserId, networkUserId, sessionId, sessionIndex }
  return {
    domainUserId: domainUserId ?? usableId(session['userId']),
    networkUserId,
    sessionId: sessionId ?? usableSessionId(session['sessionId']),
    sessionIndex: sessionIndex ?? indexOf(session['sessionIndex']),
  }
}

/** The ids in a request besides those of its events. */
export interface RequestIds {
  /** The network user id that the client gave: its cookie, or a parameter. Not one that was made for this request. */
  readonly networkUserId: string | null
  /** For an event without any id. */
  readonly fallback: string
}

/**
 * Returns the visitor of an event, which is the key of its record: the domain user id, else the network user id, else
 * the session id, else the event id. A network user id that was made for this very request does not count: a client
 * that keeps no cookies gets another one each time, and its session would be split.
 */
export function visitorOf(
  ids: Pick<EventIds, 'domainUserId' | 'networkUserId' | 'sessionId'>,
  eventId: string | null,
  request: RequestIds,
): string {
  return (
    ids.domainUserId ??
    ids.networkUserId ??
    request.networkUserId ??
    ids.sessionId ??
    eventId ??
    request.fallback
  )
}

export const CLIENT_SESSION = /^iglu:com\.snowplowanalytics\.[^/]+\/client_session\//

/** The data of the first entity `client_session`, parsed before or not. */
function clientSession(event: SentEvent): Readonly<Record<string, unknown>> | undefined {
  // Reads the texts, as the collector does, regardless of what happened to the entities since.
  if (event.contextsText === null && event.contextsBase64 === null) return sessionAmong(event.entities)
  return sessionIn(event.contextsText) ?? sessionIn(fromBase64(event.contextsBase64))
}

function sessionIn(text: string | null): Readonly<Record<string, unknown>> | undefined {
  // Most entities are of other kinds, and parsing them twice would be wasted.
  if (text === null || !text.includes('client_session')) return undefined
  const wrapper = parseJson(text)
  return isObject(wrapper) && Array.isArray(wrapper['data']) ? sessionAmong(wrapper['data']) : undefined
}

function sessionAmong(entities: readonly unknown[]): Readonly<Record<string, unknown>> | undefined {
  for (const entity of entities) {
    if (!isObject(entity) || typeof entity['schema'] !== 'string') continue
    const { schema, data } = entity as unknown as SelfDescribing
    if (CLIENT_SESSION.test(schema) && isObject(data)) return data
  }
  return undefined
}

/**
 * Decodes base64: URL-safe or standard alphabet, padded or not, also with a space where a query string decoded a plus.
 * Returns null for null.
 */
export function fromBase64(text: string | null): string | null {
  if (text === null) return null
  // Node's decoder takes both alphabets and no padding, and skips what belongs to neither.
  return Buffer.from(text.includes(' ') ? text.replaceAll(' ', '+') : text, 'base64').toString('utf8')
}

const indexOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 2_147_483_647 ? value : null
