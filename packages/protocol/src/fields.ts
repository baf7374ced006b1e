import { INSTANT_MS_MAX } from '@sluicebox/event/instants'
import { cleanText } from './clean-text.ts'
import { AMOUNT_MAX, QUANTITY_MAX } from './amounts.ts'
import { ANONYMOUS_ID, isUuid, usableId } from './ids.ts'
import type { BadReason } from './reasons.ts'
import { addFault, show, type EventType, type SentEvent } from './sent-event.ts'

// The parameters of the tracker protocol: what each must look like, and where it goes. A value that fails its check is not
// set, and never cut off; in one table it makes the event bad, in the other it does not.

/** Checks the text of one parameter and puts it into the event. `key` is the parameter's name, for messages. */
type ReadField = (event: SentEvent, text: string, key: string) => void

interface Field {
  readonly read: ReadField
  /** Whether the event can do without it, so that a fault in it is minor. */
  readonly isMinor: boolean
  /** Whether an event of a POST body may have it. The others are known in query strings only. */
  readonly inBody: boolean
}

type SetText = (event: SentEvent, value: string) => void
type SetNumber = (event: SentEvent, value: number) => void

// With 9 digits a number of pixels always fits the 32 bits that it has in Avro.
const DIMENSIONS = /^(\d{1,9})x(\d{1,9})$/
const INTEGER = /^[+-]?\d{1,15}$/
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i
const INT32_MAX = 2_147_483_647
// Years 0 to 9999.
const INSTANT_MS_MIN = -62_167_219_200_000

export const PLATFORMS: ReadonlySet<string> = new Set([
  'web',
  'mob',
  'pc',
  'srv',
  'app',
  'tv',
  'cnsl',
  'iot',
  'headset',
])

const EVENT_TYPES: ReadonlyMap<string, EventType> = new Map([
  ['pv', 'page_view'],
  ['pp', 'page_ping'],
  ['ue', 'unstruct'],
  ['se', 'struct'],
  ['ev', 'struct'],
  ['tr', 'transaction'],
  ['ti', 'transaction_item'],
  ['ad', 'ad_impression'],
])

function text(lengthMax: number, set: SetText): ReadField {
  return (event, value, key) => {
    if (value.length > lengthMax) {
      reject(event, 'field_too_long', key, `is ${value.length} characters long; ${lengthMax} are allowed`)
      return
    }
    const clean = cleanText(value)
    if (clean !== '') set(event, clean)
  }
}

/** An id; what is written where there is none, such as `undefined` or zeros, counts as absent. */
function id(lengthMax: number, set: SetText): ReadField {
  return (event, value, key) => {
    if (value.length > lengthMax) {
      reject(event, 'field_too_long', key, `is ${value.length} characters long; ${lengthMax} are allowed`)
      return
    }
    const usable = usableId(value)
    if (usable === null) event.ignoredIds++
    else set(event, usable)
  }
}

function uuid(set: SetText): ReadField {
  return (event, value, key) => {
    if (isUuid(value) && value !== ANONYMOUS_ID) set(event, value.toLowerCase())
    else if (usableId(value) === null) event.ignoredIds++
    else reject(event, 'field_invalid', key, `must be a UUID, not ${show(value)}`)
  }
}

function integer(set: SetNumber): ReadField {
  return (event, value, key) => {
    const number = INTEGER.test(value) ? Number(value) : NaN
    if (Math.abs(number) <= INT32_MAX) set(event, number)
    else if (value !== 'null') reject(event, 'field_invalid', key, `must be an integer, not ${show(value)}`)
  }
}

function decimal(set: SetNumber): ReadField {
  return (event, value, key) => {
    const number = DECIMAL.test(value) ? Number(value) : NaN
    if (Number.isFinite(number)) set(event, number)
    else reject(event, 'field_invalid', key, `must be a number, not ${show(value)}`)
  }
}

/** A price or a revenue. */
function amount(set: SetNumber): ReadField {
  return (event, value, key) => {
    const number = DECIMAL.test(value) ? Number(value) : NaN
    if (number >= 0 && number <= AMOUNT_MAX) set(event, number)
    else reject(event, 'field_invalid', key, `must be a number from 0 to ${AMOUNT_MAX}, not ${show(value)}`)
  }
}

function quantity(set: SetNumber): ReadField {
  return (event, value, key) => {
    const number = INTEGER.test(value) ? Number(value) : NaN
    if (number >= 0 && number <= QUANTITY_MAX) set(event, number)
    else
      reject(event, 'field_invalid', key, `must be an integer from 0 to ${QUANTITY_MAX}, not ${show(value)}`)
  }
}

function instant(set: SetNumber): ReadField {
  return (event, value, key) => {
    const ms = INTEGER.test(value) ? Number(value) : NaN
    if (ms >= INSTANT_MS_MIN && ms <= INSTANT_MS_MAX) set(event, ms)
    else reject(event, 'field_invalid', key, `must be milliseconds since 1970, not ${show(value)}`)
  }
}

function dimensions(set: (event: SentEvent, width: number, height: number) => void): ReadField {
  return (event, value, key) => {
    const match = DIMENSIONS.exec(value)
    if (match !== null) set(event, Number(match[1]), Number(match[2]))
    else reject(event, 'field_invalid', key, `must be two numbers such as 1280x720, not ${show(value)}`)
  }
}

function flag(): ReadField {
  return (event, value, key) => {
    if (value !== '0' && value !== '1')
      reject(event, 'field_invalid', key, `must be 0 or 1, not ${show(value)}`)
  }
}

const readType: ReadField = (event, value, key) => {
  const type = EVENT_TYPES.get(value)
  if (type !== undefined) event.type = type
  else reject(event, 'field_invalid', key, `must be pv, pp, ue, se, tr or ti, not ${show(value)}`)
}

const readPlatform: ReadField = (event, value, key) => {
  if (PLATFORMS.has(value)) event.platform = value
  else reject(event, 'field_invalid', key, `must be one of ${[...PLATFORMS].join(', ')}, not ${show(value)}`)
}

/** The protocol has it, but it is not used here. */
const ignore = (): void => {}

const setCategory: SetText = (event, value) => void (event.structCategory = value)
const setAction: SetText = (event, value) => void (event.structAction = value)
const setLabel: SetText = (event, value) => void (event.structLabel = value)
const setProperty: SetText = (event, value) => void (event.structProperty = value)
const setValue: SetNumber = (event, value) => void (event.structValue = value)
const setOrderId: SetText = (event, value) => void (event.orderId = value)
const setCurrency: SetText = (event, value) => void (event.currency = value)

/** What an event is, whose it is, when it happened, and what a score depends on: a fault makes the event bad. */
const DECIDING_FIELDS: Readonly<Record<string, ReadField>> = {
  e: readType,
  eid: uuid((event, value) => void (event.eventId = value)),
  aid: text(255, (event, value) => void (event.appId = value)),
  // True time replaces the device's time, whichever of the two comes first.
  dtm: instant((event, value) => void (event.createdAt ??= value)),
  ttm: instant((event, value) => {
    event.createdAt = value
    event.isTimeTrue = true
  }),
  stm: instant((event, value) => void (event.sentAt = value)),
  uid: id(255, (event, value) => void (event.userId = value)),
  duid: id(128, (event, value) => void (event.domainUserId = value)),
  nuid: id(128, (event, value) => void (event.networkUserId ??= value)),
  tnuid: id(128, (event, value) => void (event.networkUserId = value)),
  sid: uuid((event, value) => void (event.sessionId = value)),
  url: text(10_000, (event, value) => void (event.url = value)),
  co: (event, value) => void (event.contextsText = value),
  cx: (event, value) => void (event.contextsBase64 = value),
  ue_pr: (event, value) => void (event.eventText = value),
  ue_px: (event, value) => void (event.eventBase64 = value),
  se_ca: text(1000, setCategory),
  se_ac: text(1000, setAction),
  se_la: text(4096, setLabel),
  se_pr: text(1000, setProperty),
  se_va: decimal(setValue),
  tr_id: text(255, setOrderId),
  tr_cu: text(3, setCurrency),
  tr_tt: amount((event, value) => void (event.revenue = value)),
  ti_id: text(255, setOrderId),
  ti_sk: text(255, (event, value) => void (event.productId = value)),
  ti_ca: text(255, (event, value) => void (event.category = value)),
  ti_cu: text(255, setCurrency),
  ti_pr: amount((event, value) => void (event.price = value)),
  ti_qu: quantity((event, value) => void (event.quantity = value)),
  ev_ca: text(1000, setCategory),
  ev_ac: text(1000, setAction),
  ev_la: text(4096, setLabel),
  ev_pr: text(1000, setProperty),
  ev_va: decimal(setValue),
}

/** Parameters that an event can do without. */
const MINOR_FIELDS: Readonly<Record<string, ReadField>> = {
  tv: text(100, (event, value) => void (event.tracker = value)),
  tna: text(128, (event, value) => void (event.trackerNamespace = value)),
  p: readPlatform,
  tz: text(255, (event, value) => void (event.timezone = value)),
  vid: integer((event, value) => void (event.sessionIndex = value)),
  ip: text(128, (event, value) => void (event.ip = value)),
  ua: text(1000, (event, value) => void (event.userAgent = value)),
  fp: text(128, ignore),
  tid: integer(ignore),
  page: text(2000, (event, value) => void (event.title = value)),
  refr: text(10_000, (event, value) => void (event.referrer = value)),
  cs: text(128, ignore),
  ds: dimensions((event, width, height) => {
    event.documentWidth = width
    event.documentHeight = height
  }),
  vp: dimensions((event, width, height) => {
    event.viewportWidth = width
    event.viewportHeight = height
  }),
  res: dimensions((event, width, height) => {
    event.screenWidth = width
    event.screenHeight = height
  }),
  cd: text(12, ignore),
  lang: text(255, (event, value) => void (event.language = value)),
  cookie: flag(),
  f_pdf: flag(),
  f_fla: flag(),
  f_java: flag(),
  f_dir: flag(),
  f_qt: flag(),
  f_realp: flag(),
  f_wma: flag(),
  f_gears: flag(),
  f_ag: flag(),
  pp_mix: integer((event, value) => void (event.scrollXMin = value)),
  pp_max: integer((event, value) => void (event.scrollXMax = value)),
  pp_miy: integer((event, value) => void (event.scrollYMin = value)),
  pp_may: integer((event, value) => void (event.scrollYMax = value)),
  tr_af: text(255, ignore),
  tr_ci: text(255, ignore),
  tr_st: text(255, ignore),
  tr_co: text(255, ignore),
  tr_tx: decimal(ignore),
  tr_sh: decimal(ignore),
  ti_nm: text(255, ignore),
  ti_na: text(255, ignore),
  ctype: ignore,
  mac: ignore,
  ad_ba: ignore,
  ad_ca: ignore,
  ad_ad: ignore,
  ad_uid: ignore,
  sa: ignore,
  sn: ignore,
  st: ignore,
  sp: ignore,
  ue_na: ignore,
  cv: text(100, ignore),
}

/** Known in query strings only: all others are the 80 keys of payload_data 1-0-4. */
const QUERY_ONLY = new Set(['cv', 'ev_ca', 'ev_ac', 'ev_la', 'ev_pr', 'ev_va'])

/** Every parameter by its name. */
export const FIELDS: ReadonlyMap<string, Field> = new Map([
  ...fieldsOf(DECIDING_FIELDS, false),
  ...fieldsOf(MINOR_FIELDS, true),
])

function fieldsOf(table: Readonly<Record<string, ReadField>>, isMinor: boolean): [string, Field][] {
  return Object.entries(table).map(([key, read]) => [key, { read, isMinor, inBody: !QUERY_ONLY.has(key) }])
}

/** Notes that the value of a field is not valid. The tables say how much that matters. */
function reject(event: SentEvent, reason: BadReason, key: string, text: string): void {
  addFault(event, { reason, place: key, text, isMinor: FIELDS.get(key)?.isMinor === true })
}

/** Reads the parameters that are known, checks them, and leaves the others alone. Empty means absent. */
export function readFields(event: SentEvent, params: Readonly<Record<string, string>>): void {
  for (const key in params) {
    const value = params[key] as string
    if (value !== '') FIELDS.get(key)?.read(event, value, key)
  }
}
