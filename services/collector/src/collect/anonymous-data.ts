import { ANONYMOUS_ID, CLIENT_SESSION } from '@sluicebox/protocol/ids'

// Which parts of an anonymous visitor's events, entities and properties may be written. Where the fields are known,
// lists name those that are kept. Where a site chooses its own fields, those whose name announces an identifier or a
// contact are left out.

const SNOWPLOW = 'com.snowplowanalytics.snowplow'

/** Entities that do not identify the visitor, by vendor. All others are left out: a site's own may hold anything. */
const KEPT_ENTITIES: Readonly<Record<string, string>> = {
  [SNOWPLOW]: `
    web_page application browser_context client_side_bot_detection component_parents consent_document consent_preferences
    desktop_context element element_content element_statistics event_specification gdpr media_player parent_event screen_summary
    ua_parser_context web_vitals`,
  [`${SNOWPLOW}.ecommerce`]: `
    cart checkout_step page product promotion refund snowplow_ecommerce_action transaction transaction_error`,
  // The session of a media player ends before the visit does.
  [`${SNOWPLOW}.media`]: 'ad ad_break player session',
  'com.snowplowanalytics.mobile': 'application application_lifecycle deep_link screen screen_summary',
  'com.google.analytics.enhanced-ecommerce':
    'actionFieldObject impressionFieldObject productFieldObject promoFieldObject',
  'com.roku': 'video',
  'com.vimeo': 'meta',
  'com.youtube': 'youtube',
  'dev.amp.snowplow': 'amp_consent amp_page_ping amp_web_page',
  'org.ietf': 'http_client_hints',
  'org.w3': 'PerformanceNavigationTiming PerformanceTiming',
  'org.whatwg': 'media_element video_element',
}

const KEPT = new Set(
  Object.entries(KEPT_ENTITIES).flatMap(([vendor, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map(name => `iglu:${vendor}/${name}`),
  ),
)

/** Events that do nothing but identify the visitor. */
const IDENTIFYING_EVENTS = new Set([`iglu:${SNOWPLOW}/identify`])
/** Events that contain what the visitor typed into a form. */
const FORM_EVENTS = new Set([
  `iglu:${SNOWPLOW}/change_form`,
  `iglu:${SNOWPLOW}/focus_form`,
  `iglu:${SNOWPLOW}/submit_form`,
])

const CLIENT_HINTS = 'iglu:org.ietf/http_client_hints'
/** Client hints that every browser sends to every site (https://wicg.github.io/ua-client-hints/). */
const COARSE_HINTS = new Set(['sec-ch-ua', 'sec-ch-ua-mobile', 'sec-ch-ua-platform'])

/**
 * Names of members whose value is about one person or device. They are compared in lower case and by their letters
 * only.
 */
const PERSONAL = new RegExp(
  `^(?:${[
    // Who the visitor is: userId, customer_number, hashedVisitorUuid, apple-idfa, _ga, previousSessionId, tabId.
    '.*(?:user|visitor|customer|client|device|member|account|subscriber|contact|person|profile|anonymous|distinct|crm|loyalty|push)(?:id|ids|uuid|guid|number|no|nr|key|hash|token)',
    '(?:previous)?sessionid|tabid|tabuuid|user|visitor|customer|uid|uuid|duid|nuid|tnuid|guid|mpid|vid|domainuserid|networkuserid',
    '.*(?:idfa|idfv|gaid|aaid|adid|advertisingid|appsetid|rida|androidid|imei|imsi|msisdn|macaddress|fingerprint)|mac|fp',
    'ga[a-z\\d]*|gid|gcl[a-z]*|utm[abcvz]|fbp|fbc|muid|.*cookies?|[a-z]*clid|clickid',
    // How to reach or find the visitor.
    '.*(?:email|emailaddress|mailaddress|phone|phonenumber|telephone|mobilenumber|fulladdress|streetaddress|postcode|postalcode|zipcode|firstname|lastname|fullname|surname|username|birthday|birthdate|dateofbirth)',
    'mail|tel|mobile|fax|address|street|zip|login|nickname|dob|iban|ssn|latitude|longitude|lat|lng|lon|geolocation',
    // Where the visitor is in the network, and secrets with which others could act for the visitor.
    '(?:.*(?:client|user|visitor|remote|customer|source|device)|x)?ip(?:v[46]|addr|address)?|remoteaddr',
    '.*(?:password|passwd|passphrase|secret|accesstoken|authtoken|idtoken|refreshtoken|apikey|csrftoken|jwt)|token|pin|auth|authorization',
  ].join('|')})$`,
)

/** Nothing that is nested deeper is written. Deeper events are bad anyway. */
const DEPTH_MAX = 100

export interface AnonymousData {
  /** Returns the entities that may be written, each with the parts of its data that may be. */
  entities(entities: readonly unknown[]): readonly object[]
  /** Returns a self-describing event with the same schema and the parts of its data that may be written. */
  event(event: unknown): unknown
  /**
   * Returns the members and items that may be written; undefined when none may. The caller must not use the value
   * again, because it is changed.
   */
  value(value: unknown): unknown
}

/** `text` returns the part of a text that may be written. */
export function createAnonymousData(
  text: (text: string) => string,
  { keepsSession }: { keepsSession: boolean },
): AnonymousData {
  return { entities: each => each.flatMap(keptEntity), event: keptEvent, value: each => keptValue(each, 0) }

  function keptEntity(entity: unknown): readonly object[] {
    if (!isSelfDescribing(entity)) return []
    const { schema, data } = entity
    if (CLIENT_SESSION.test(schema)) return keepsSession ? [{ schema, data: sessionOnly(data) }] : []
    const name = nameOf(schema)
    if (!KEPT.has(name)) return []
    // The site chooses which attributes of an element are sent, so they may hold anything.
    const kept = name.startsWith(`iglu:${SNOWPLOW}/element`)
      ? { ...data, attributes: [] }
      : name === CLIENT_HINTS
        ? coarseHints(data)
        : data
    return [{ schema, data: keptValue(kept, 0) }]
  }

  function keptEvent(event: unknown): unknown {
    if (!isSelfDescribing(event)) return undefined
    const { schema, data } = event
    const name = nameOf(schema)
    if (IDENTIFYING_EVENTS.has(name)) return { schema, data: {} }
    return { schema, data: keptValue(FORM_EVENTS.has(name) ? withoutTyped(data) : data, 0) }
  }

  function keptValue(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return text(value)
    if (typeof value !== 'object' || value === null) return value
    if (depth === DEPTH_MAX) return undefined
    if (Array.isArray(value)) return value.map(item => keptValue(item, depth + 1) ?? null)
    const kept: [string, unknown][] = []
    for (const [key, member] of Object.entries(value))
      if (!isPersonal(key)) kept.push([text(key), keptValue(member, depth + 1)])
    return Object.fromEntries(kept)
  }
}

/** Whether a member of this name is about one person or device. */
export function isPersonal(name: string): boolean {
  return PERSONAL.test(name.toLowerCase().replaceAll(/[^a-z\d]/g, ''))
}

/** Whether a header of an anonymous visitor may be written, if the configuration keeps it at all. */
export function isAnonymousHeader(name: string): boolean {
  return !name.startsWith('sec-ch-') || COARSE_HINTS.has(name)
}

/**
 * The hints that every browser sends to every site. Model, full versions and processor are left out, because they
 * distinguish devices.
 */
function coarseHints(data: object): object {
  const { isMobile, brands, platform } = data as { isMobile?: unknown; brands?: unknown; platform?: unknown }
  return {
    isMobile,
    brands: Array.isArray(brands) ? brands.map(coarseBrand) : [],
    ...(platform === undefined ? {} : { platform }),
  }
}

function coarseBrand(sent: unknown): object {
  const { brand, version } = (sent ?? {}) as { brand?: unknown; version?: unknown }
  return { brand, version: typeof version === 'string' ? version.split('.', 1)[0] : undefined }
}

/**
 * Keeps the session's id and the number of the event in it. Replaces the visitor, the count of sessions and the
 * previous session.
 */
function sessionOnly(data: object): object {
  const { sessionId, ...others } = data as Record<string, unknown>
  const { eventIndex, firstEventId, firstEventTimestamp, storageMechanism } = others
  const who = { userId: ANONYMOUS_ID, sessionId, sessionIndex: 1, previousSessionId: null }
  return { ...who, eventIndex, firstEventId, firstEventTimestamp, storageMechanism }
}

/** The event of a form without the values of its elements. */
function withoutTyped(data: object): object {
  const { elements, value, ...others } = data as { elements?: unknown; value?: unknown }
  return {
    ...others,
    ...(value === undefined ? {} : { value: null }),
    ...(Array.isArray(elements)
      ? { elements: elements.map((element: unknown) => ({ ...(element as object), value: null })) }
      : {}),
  }
}

/** iglu:vendor/name of a reference to a schema. */
const nameOf = (schema: string): string => schema.split('/', 2).join('/')

function isSelfDescribing(value: unknown): value is { schema: string; data: object } {
  if (typeof value !== 'object' || value === null) return false
  const { schema, data } = value as { schema?: unknown; data?: unknown }
  return typeof schema === 'string' && typeof data === 'object' && data !== null && !Array.isArray(data)
}
