import { CLIENT_SESSION, idsOf, usableId } from '@sluicebox/protocol/ids'
import type { RawRecord } from '@sluicebox/event/records'
import { isObject, type SelfDescribing, type SentEvent } from '@sluicebox/protocol/sent-event'
import type { Columns } from './columns.ts'
import type { Pseudonyms } from './pseudonyms.ts'

/** The identifiers of a visitor that are known and may be stored. */
export interface Identifiers {
  readonly userId: string | null
  readonly domainUserId: string | null
  readonly networkUserId: string | null
  readonly sessionId: string | null
  readonly sessionIndex: number | null
  /** The entities, without or with other identifiers in them. */
  readonly entities: readonly SelfDescribing[]
}

/** Entities that identify the visitor and have no other use. */
const IDENTIFYING = [CLIENT_SESSION, /^iglu:com\.snowplowanalytics\.snowplow\/mobile_context\//]

/**
 * The identifiers of an event. Trackers of apps send the session as an entity instead of parameters. An anonymous event
 * has none, whatever it contains; with `pseudonyms` each is replaced by its pseudonym.
 */
export function readIdentifiers(
  event: SentEvent,
  raw: Pick<RawRecord, 'network_user_id' | 'privacy'>,
  pseudonyms: Pseudonyms | undefined,
): Identifiers {
  if (raw.privacy === 'anonymous') return anonymous(event)
  const ids = idsOf(event)
  const found: Identifiers = {
    userId: event.userId,
    domainUserId: ids.domainUserId,
    networkUserId: ids.networkUserId ?? usableId(raw.network_user_id),
    sessionId: ids.sessionId,
    sessionIndex: ids.sessionIndex,
    entities: entitiesOf(event),
  }
  if (pseudonyms === undefined) return found
  // An entity that does not fit its schema may hold an id anywhere.
  const unvalidated = event.unvalidated.filter(entity => !isIdentifying(entity))
  return pseudonymise(
    { ...found, entities: [...event.entities, ...unvalidated] },
    event.appId ?? '',
    pseudonyms,
  )
}

const isIdentifying = ({ schema }: SelfDescribing): boolean =>
  IDENTIFYING.some(pattern => pattern.test(schema))

/** All entities that are stored: those that fit their schema, then those that are kept as sent. */
function entitiesOf({ entities, unvalidated }: SentEvent): readonly SelfDescribing[] {
  return unvalidated.length === 0 ? entities : [...entities, ...unvalidated]
}

/** Only the session, if the collector kept it: it ends with the visit. */
function anonymous(event: SentEvent): Identifiers {
  return {
    userId: null,
    domainUserId: null,
    networkUserId: null,
    sessionId: idsOf(event).sessionId,
    sessionIndex: null,
    entities: entitiesOf(event).filter(entity => !isIdentifying(entity)),
  }
}

function pseudonymise(found: Identifiers, appId: string, pseudonyms: Pseudonyms): Identifiers {
  return {
    userId: pseudonyms.of('user_id', found.userId, appId),
    domainUserId: pseudonyms.of('domain_user_id', found.domainUserId, appId),
    networkUserId: pseudonyms.of('network_user_id', found.networkUserId, appId),
    sessionId: pseudonyms.of('session_id', found.sessionId, appId),
    sessionIndex: found.sessionIndex,
    entities: found.entities.map(entity =>
      CLIENT_SESSION.test(entity.schema) && isObject(entity.data)
        ? { schema: entity.schema, data: pseudonymiseSession(entity.data, appId, pseudonyms) }
        : entity,
    ),
  }
}

/** The same person has the same pseudonym in the entity as in the fields. */
function pseudonymiseSession(data: unknown, appId: string, pseudonyms: Pseudonyms): object {
  const session = data as Readonly<Record<string, unknown>>
  const renamed = { ...session }
  const rename = (key: string, field: 'domain_user_id' | 'session_id'): void => {
    if (typeof session[key] === 'string') renamed[key] = pseudonyms.of(field, session[key], appId)
  }
  rename('userId', 'domain_user_id')
  rename('sessionId', 'session_id')
  rename('previousSessionId', 'session_id')
  return renamed
}

type IdentifierColumns =
  'session_id' | 'session_index' | 'user_id' | 'domain_user_id' | 'network_user_id' | 'contexts'

/** Sets the columns of the identifiers, and of the entities, which hold identifiers too. */
export function setIdentifiers(
  good: Columns<IdentifierColumns>,
  {
    event,
    raw,
    tools,
  }: {
    readonly event: SentEvent
    readonly raw: Pick<RawRecord, 'network_user_id' | 'privacy'>
    readonly tools: { readonly pseudonyms: Pseudonyms | undefined }
  },
): void {
  const ids = readIdentifiers(event, raw, tools.pseudonyms)
  good.session_id = ids.sessionId
  good.session_index = ids.sessionIndex
  good.user_id = ids.userId
  good.domain_user_id = ids.domainUserId
  good.network_user_id = ids.networkUserId
  good.contexts = ids.entities.length === 0 ? null : JSON.stringify(ids.entities)
}
