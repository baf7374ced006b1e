import { AMOUNT_MAX, QUANTITY_MAX } from '@sluicebox/protocol/amounts'
import { usableId } from '@sluicebox/protocol/ids'
import { ACTION_NAME } from '@sluicebox/protocol/sent-event'
import { readV1Ids } from '@sluicebox/protocol/v1'
import type { RecordingMap } from './map.ts'
import { digestOfRow } from './row-ids.ts'
import type { Row } from './rows.ts'
import type { Entry } from './sort-by-time.ts'
import { timeFormat } from './time-format.ts'

/** Undefined for a row that the map says to skip. */
type ReadEvent = (row: Row) => Omit<Entry, 'file'> | undefined

/** Upper bound for the bytes of a record besides the event and its visitor. */
const RECORD_BYTES = 512
const ID_LENGTH_MAX = 128
/** Deeper rows are refused, because the functions that write and compare JSON recurse once for each level. */
const DEPTH_MAX = 64

/**
 * Reads rows as events of POST /v1/events. Throws an error that names file and row when a row does not fit the map, or
 * makes a record larger than `recordBytesMax`.
 */
export function eventReader(map: RecordingMap, file: string, recordBytesMax = Infinity): ReadEvent {
  const readTime = timeFormat(map.time.format)
  const readMs = timeFormat('epoch_ms')
  return row => {
    const { fields } = row
    const fail: Fail = what => {
      throw new Error(`${file}, row ${row.number}: ${what}`)
    }
    const values = fieldReader(fields, fail)
    const { text } = values

    const timeText =
      text(map.time.field) ?? fail(`has no ${map.time.field}, which the map names for the time`)
    // A posted event may give its time in milliseconds, as a number.
    const isMs = map.as_is && typeof fields[map.time.field] === 'number'
    const time = isMs ? readMs(timeText) : readTime(timeText)
    if (typeof time === 'string') fail(`${map.time.field} "${show(timeText)}" ${time}`)
    const session = map.as_is && text(map.visitor) === undefined ? readV1Ids(fields).ids.sessionId : null
    const visitor = session ?? readVisitor(map, text, fail)
    const event = map.as_is
      ? eventAsIs(map, fields, session === null ? visitor : undefined, fail)
      : eventOf(map, values, visitor, fail)
    if (event === undefined) return undefined

    const eventId = text(map.event_id)
    const json = JSON.stringify(eventId === undefined ? event : { event_id: eventId, ...event })
    const bytes = RECORD_BYTES + Buffer.byteLength(json) + Buffer.byteLength(visitor)
    if (bytes > recordBytesMax)
      fail(`makes a record of ${bytes} bytes, and the log takes ${recordBytesMax} at most: leave fields out`)
    return { timeMs: time as number, visitor, digest: eventId === undefined ? digestOfRow(fields) : '', json }
  }
}

type Fail = (what: string) => never
type ReadText = (path: string | undefined) => string | undefined

/** What the first visitor of a recording is called that numbers them from 0. */
const VISITOR_0 = '#0'

function readVisitor(map: RecordingMap, text: ReadText, fail: Fail): string {
  const given = text(map.visitor) ?? fail(`has no ${map.visitor}, which the map names for the visitor`)
  // Recordings number their visitors, and some start at 0, which programs write where they have no id.
  if (given === '0' && !map.as_is) return VISITOR_0
  const usable = usableId(given)
  if (usable !== null) return usable
  return given.trim().length > ID_LENGTH_MAX
    ? fail(`${map.visitor} "${show(given)}" has more than ${ID_LENGTH_MAX} characters, which no visitor has`)
    : fail(
        `${map.visitor} "${show(given)}" is a placeholder, not a visitor: remove the row or name its visitor`,
      )
}

/** An event without a visitor is one of its session, as it is for the collector. */
function eventAsIs(
  map: RecordingMap,
  fields: Row['fields'],
  visitor: string | undefined,
  fail: Fail,
): object {
  const { time, sent_at, [map.event_id ?? 'event_id']: _id, ...event } = checkValue(fields, fail)
  return visitor === undefined ? event : { ...event, visitor_id: visitor }
}

function eventOf(
  map: RecordingMap,
  { text, amount, any }: FieldReader,
  visitor: string,
  fail: Fail,
): object | undefined {
  const action = readAction(map, text, fail)
  if (action === undefined) return undefined
  return {
    action,
    visitor_id: visitor,
    user_id: text(map.user),
    session_id: text(map.session),
    app_id: map.constants.app_id,
    platform: map.constants.platform,
    search_term: text(map.search_term),
    user_agent: text(map.user_agent),
    product: compact({
      id: text(map.product),
      name: text(map.product_name),
      category: text(map.category),
      price: amount(map.price, AMOUNT_MAX),
      quantity: amount(map.quantity, QUANTITY_MAX),
      currency: text(map.currency) ?? map.constants.currency,
    }),
    transaction: compact({ id: text(map.order), revenue: amount(map.revenue, AMOUNT_MAX) }),
    page: compact({
      url: text(map.page_url),
      title: text(map.page_title),
      referrer: text(map.referrer),
      kind: text(map.page_kind),
    }),
    properties: entries(map.properties, any),
  }
}

interface FieldReader {
  /** A text that is not blank, or the digits of a whole number. */
  readonly text: ReadText
  /** A number from 0 to `max`: every protocol has the same bounds. */
  amount(path: string | undefined, max: number): number | undefined
  /** A value of any kind. */
  any(path: string): unknown
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

/** Reads the fields of one row. Fails when a value has another kind than the caller asks for. */
function fieldReader(fields: Row['fields'], fail: Fail): FieldReader {
  const found = (path: string | undefined): string | number | undefined => {
    if (path === undefined) return undefined
    const value = valueAt(fields, path)
    if (value === undefined || value === null) return undefined
    if (typeof value === 'string') return value.trim() === '' ? undefined : value
    if (typeof value === 'number') return checkValue(value, fail, path)
    const kind = Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : String(value)
    return fail(`${path} is ${kind}, but the map needs a text or a number there`)
  }
  return {
    text(path) {
      const value = found(path)
      if (typeof value !== 'number') return value
      // 1.10 and 1.1 are the same number, but may be two products.
      return Number.isInteger(value)
        ? String(value)
        : fail(
            `${path as string} is a number with a fraction, ${value}, where a text belongs: put it in quotes`,
          )
    },
    amount(path, max) {
      const value = found(path)
      if (value === undefined) return undefined
      const isNumber = typeof value === 'number' || DECIMAL.test(value.trim())
      const parsed = isNumber ? Number(value) : NaN
      if (!Number.isFinite(parsed)) fail(`${path as string} is not a number: "${show(String(value))}"`)
      if (parsed < 0 || parsed > max)
        fail(`${path as string} is ${parsed}, which is not between 0 and ${max}`)
      return parsed
    },
    any(path) {
      const value = valueAt(fields, path)
      return typeof value === 'string' && value.trim() === '' ? undefined : checkValue(value, fail, path)
    },
  }
}

/**
 * Returns the value. Fails when it is nested too deep, or contains a number that JSON can't hold or that was rounded
 * when it was read: rounding could have turned two ids into one.
 */
function checkValue<Value>(value: Value, fail: Fail, path = '', depth = 0): Value {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) fail(`${path} is a number that is too large to be one`)
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      fail(`${path} is a number that can't be read exactly, about ${value}: put it in quotes`)
  } else if (typeof value === 'object' && value !== null) {
    if (depth > DEPTH_MAX) fail(`${show(path)} is nested deeper than ${DEPTH_MAX} levels`)
    for (const [key, item] of Object.entries(value))
      checkValue<unknown>(item, fail, path === '' ? key : `${path}.${key}`, depth + 1)
  }
  return value
}

function readAction({ action }: RecordingMap, text: ReadText, fail: Fail): string | undefined {
  const name = action.constant ?? text(action.field)
  if (name === undefined) return fail(`has no ${action.field as string}, which the map names for the action`)
  const translated = action.constant ?? (Object.hasOwn(action.values, name) ? action.values[name] : undefined)
  if (translated === undefined && action.others === 'skip') return undefined
  if (translated === undefined && action.others === 'refuse')
    return fail(
      `the action "${show(name)}" has no translation in the map: add it to action.values, or write others: keep (or skip)`,
    )
  const kept = translated ?? name
  if (ACTION_NAME.test(kept)) return kept
  return fail(
    `"${show(kept)}" can't be an action, which has 1 to 128 letters, digits, blanks, dots, dashes and underscores of ASCII: translate it in action.values`,
  )
}

function valueAt(fields: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(fields, path)) return fields[path]
  return path
    .split('.')
    .reduce<unknown>(
      (node, key) =>
        typeof node === 'object' && node !== null && Object.hasOwn(node, key)
          ? (node as Record<string, unknown>)[key]
          : undefined,
      fields,
    )
}

/** Returns the parts without undefined values; undefined when nothing is left. */
function compact(parts: Record<string, unknown>): Record<string, unknown> | undefined {
  const kept = Object.entries(parts).filter(([, value]) => value !== undefined)
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

function entries(
  names: Readonly<Record<string, string>>,
  read: (path: string) => unknown,
): Record<string, unknown> | undefined {
  return compact(Object.fromEntries(Object.entries(names).map(([name, path]) => [name, read(path)])))
}

const SHOWN_MAX = 80

/** The beginning of a text, for a message. */
function show(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text
}
