import type { BadReason } from './reasons.ts'

/** One thing that is wrong with an event or a payload. */
export interface Fault {
  readonly reason: BadReason
  /** The place: a field such as `se_ca`, or `co[1]/price`. Empty for the whole event. */
  readonly place: string
  /** What is wrong there, and what would be right. */
  readonly text: string
  /** The schema that was violated or not found. */
  readonly schema?: string
  /**
   * The field neither identifies a visitor nor affects a score, so the event may be good without the value, which is
   * not set.
   */
  readonly isMinor?: boolean
}

/**
 * What a note is about: a part that no schema covers, a minor field that was left out, or an amount without a rate.
 */
export type NoteKind = 'entity' | 'version' | 'event' | 'field' | 'currency'

/** Something odd about an event that stays good. */
export interface Note {
  readonly kind: NoteKind
  /** The place and the oddity. */
  readonly text: string
}

/** A self-describing event or entity. */
export interface SelfDescribing {
  readonly schema: string
  readonly data: unknown
}

export type EventType =
  | 'page_view'
  | 'page_ping'
  | 'struct'
  | 'unstruct'
  | 'transaction'
  | 'transaction_item'
  | 'ad_impression'
  /** An event of /v1/events, which names its action itself. */
  | 'action'

/**
 * What a client sent about one event, in any protocol: parsed and checked, but neither enriched nor accepted. It is
 * filled in field by field while the event is read, and does not change afterwards.
 */
export interface SentEvent {
  /** Its faults; undefined without any. `settle` decides whether the event goes to bad. */
  faults: Fault[] | undefined
  type: EventType | null
  eventId: string | null
  createdAt: number | null
  sentAt: number | null
  /** Whether the site set createdAt (ttm, `time`), rather than the device's clock. */
  isTimeTrue: boolean
  tracker: string | null
  trackerNamespace: string | null
  appId: string | null
  platform: string | null
  userId: string | null
  domainUserId: string | null
  networkUserId: string | null
  sessionId: string | null
  sessionIndex: number | null
  ip: string | null
  userAgent: string | null
  url: string | null
  title: string | null
  referrer: string | null
  language: string | null
  timezone: string | null
  viewportWidth: number | null
  viewportHeight: number | null
  screenWidth: number | null
  screenHeight: number | null
  documentWidth: number | null
  documentHeight: number | null
  scrollXMin: number | null
  scrollXMax: number | null
  scrollYMin: number | null
  scrollYMax: number | null
  structCategory: string | null
  structAction: string | null
  structLabel: string | null
  structProperty: string | null
  structValue: number | null
  action: string | null
  pageKind: string | null
  productId: string | null
  category: string | null
  price: number | null
  quantity: number | null
  currency: string | null
  revenue: number | null
  orderId: string | null
  searchTerm: string | null
  simulated: boolean
  /** What is odd about the event without making it bad; undefined when nothing is. Written on the record. */
  notes: Note[] | undefined
  /** Entities that are kept as sent although no schema covers them: nothing is read from them. */
  unvalidated: readonly SelfDescribing[]
  /** How many ids count as absent, because they were zeros or words such as `undefined`. */
  ignoredIds: number
  /** JSON texts of the self-describing event and the entities, plain (`ue_pr`, `co`) and in base64 (`ue_px`, `cx`). */
  eventText: string | null
  eventBase64: string | null
  contextsText: string | null
  contextsBase64: string | null
  /** The self-describing event and the entities, once they are parsed and validated. */
  event: SelfDescribing | null
  entities: readonly SelfDescribing[]
  /** Properties of an event of /v1/events. */
  properties: object | null
  /** The fields that the client sent, by name, for the fingerprint. */
  claims: Readonly<Record<string, unknown>>
}

const NO_ENTITIES: readonly SelfDescribing[] = []

/** An event before anything was read. It is one literal, so that all events have the same hidden class. */
export function blankEvent(claims: Readonly<Record<string, unknown>>): SentEvent {
  return {
    faults: undefined,
    type: null,
    eventId: null,
    createdAt: null,
    sentAt: null,
    isTimeTrue: false,
    tracker: null,
    trackerNamespace: null,
    appId: null,
    platform: null,
    userId: null,
    domainUserId: null,
    networkUserId: null,
    sessionId: null,
    sessionIndex: null,
    ip: null,
    userAgent: null,
    url: null,
    title: null,
    referrer: null,
    language: null,
    timezone: null,
    viewportWidth: null,
    viewportHeight: null,
    screenWidth: null,
    screenHeight: null,
    documentWidth: null,
    documentHeight: null,
    scrollXMin: null,
    scrollXMax: null,
    scrollYMin: null,
    scrollYMax: null,
    structCategory: null,
    structAction: null,
    structLabel: null,
    structProperty: null,
    structValue: null,
    action: null,
    pageKind: null,
    productId: null,
    category: null,
    price: null,
    quantity: null,
    currency: null,
    revenue: null,
    orderId: null,
    searchTerm: null,
    simulated: false,
    notes: undefined,
    unvalidated: NO_ENTITIES,
    ignoredIds: 0,
    eventText: null,
    eventBase64: null,
    contextsText: null,
    contextsBase64: null,
    event: null,
    entities: NO_ENTITIES,
    properties: null,
    claims,
  }
}

/** Notes a fault that makes the event bad. */
export function blame(
  event: SentEvent,
  reason: BadReason,
  place: string,
  text: string,
  schema?: string,
): void {
  addFault(event, schema === undefined ? { reason, place, text } : { reason, place, text, schema })
}

/** Notes a fault, minor or not. */
export function addFault(event: SentEvent, fault: Fault): void {
  if (event.faults === undefined) event.faults = [fault]
  else event.faults.push(fault)
}

/**
 * Returns the faults that make the event bad, the decisive ones first; undefined when it is good. If minor fields are
 * dropped, an event that has only minor faults is good, and its faults become notes.
 */
export function settle(
  event: SentEvent,
  faults: readonly Fault[],
  minorFields: MinorFields,
): readonly Fault[] | undefined {
  if (faults.length === 0) return undefined
  if (minorFields === 'refuse') return faults
  const minor = faults.filter(({ isMinor }) => isMinor === true)
  if (minor.length < faults.length) return [...faults.filter(({ isMinor }) => isMinor !== true), ...minor]
  for (const { place, text } of minor) note(event, 'field', place, `${text}; left out`)
  return undefined
}

/** What happens to an event that has minor faults only. */
export type MinorFields = 'drop' | 'refuse'

/** Notes what is odd about an event; it stays good. */
export function note(event: Pick<SentEvent, 'notes'>, kind: NoteKind, place: string, text: string): void {
  const line = { kind, text: `${place} ${text}` }
  if (event.notes === undefined) event.notes = [line]
  else if (event.notes.length < NOTES_MAX) event.notes.push(line)
}

const NOTES_MAX = 20

/** Shortens a value for a message. The original bytes hold it completely. */
export function show(value: unknown): string {
  // Objects and arrays are not written as JSON: they may be nested so deep that writing fails.
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** Whether `value` is what JSON calls an object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The form of an action's name. */
export const ACTION_NAME = /^[\w.\- ]{1,128}$/
