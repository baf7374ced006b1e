import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { canonicalJson } from '@sluicebox/event/canonical'
import { usableId } from '@sluicebox/protocol/ids'
import type { RecordingMap } from './map.ts'
import { readRows, type Row, type RowOptions } from './rows.ts'
import { timeFormat } from './time-format.ts'

/** An event of a recording in the vocabulary of POST /v1/events, and when it happened. */
export interface RecordedEvent {
  readonly timeMs: number
  readonly visitor: string
  /** The event as JSON text: recordings are sorted in memory, and text is the smallest form of it. */
  readonly json: string
}

/** Rows that were left out, by reason. */
export interface Skipped {
  count: number
}

/**
 * The events of recordings in order of time, whatever the order of the rows. Rows are held in memory until all are
 * read: about 300 bytes an event. Throws, naming file and row, when a row does not fit the map.
 */
export async function readRecordings(
  files: readonly string[],
  map: RecordingMap,
  { onProgress, skipped }: RowOptions & { skipped?: Skipped } = {},
): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = []
  for (const [index, file] of files.entries()) {
    const toEvent = eventReader(map, basename(file))
    const options =
      onProgress === undefined
        ? {}
        : { onProgress: (share: number) => onProgress((index + share) / files.length) }
    for await (const row of readRows(file, map, options)) {
      const event = toEvent(row)
      if (event !== undefined) events.push(event)
      else if (skipped !== undefined) skipped.count++
    }
  }
  // Stable: rows of one instant keep their order.
  return events.sort((a, b) => a.timeMs - b.timeMs)
}

type ReadEvent = (row: Row) => RecordedEvent | undefined

/** Undefined for a row that the map says to skip. */
function eventReader(map: RecordingMap, file: string): ReadEvent {
  const readTime = timeFormat(map.time.format)
  const idOf = createRowIds()
  return row => {
    const { fields } = row
    const fail = (what: string): never => {
      throw new Error(`${file}, row ${row.number}: ${what}`)
    }
    const values = fieldReader(fields, fail)
    const { text, number } = values

    const timeText =
      text(map.time.field) ?? fail(`has no ${map.time.field}, which the map names for the time`)
    const timeMs = readTime(timeText)
    if (Number.isNaN(timeMs))
      fail(
        `${map.time.field} "${timeText}" does not fit the time format ${map.time.format}, or is not between 1970 and 9999`,
      )
    const visitor = text(map.visitor) ?? fail(`has no ${map.visitor}, which the map names for the visitor`)
    // Recordings number their visitors, some from 0 on.
    if (visitor !== '0' && usableId(visitor) === null)
      fail(`${map.visitor} "${visitor}" is a placeholder, not a visitor: remove the row or name its visitor`)
    if (map.as_is) {
      const { time, sent_at, ...event } = checkNumbers(fields, fail)
      const eventId = text(map.event_id) ?? idOf(row)
      return { timeMs, visitor, json: JSON.stringify({ ...event, event_id: eventId, visitor_id: visitor }) }
    }
    const action = readAction(map, text, fail)
    if (action === undefined) return undefined

    const properties = entries(map.properties, values.any)
    const event = {
      event_id: text(map.event_id) ?? idOf(row),
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
        price: number(map.price),
        quantity: number(map.quantity),
        currency: text(map.currency) ?? map.constants.currency,
      }),
      transaction: compact({ id: text(map.order), revenue: number(map.revenue) }),
      page: compact({
        url: text(map.page_url),
        title: text(map.page_title),
        referrer: text(map.referrer),
        kind: text(map.page_kind),
      }),
      properties,
    }
    return { timeMs, visitor, json: JSON.stringify(event) }
  }
}

type Fail = (what: string) => never

interface FieldReader {
  /** A text that is not blank, or a number as its digits. */
  text(path: string | undefined): string | undefined
  number(path: string | undefined): number | undefined
  /** A value of any kind. */
  any(path: string): unknown
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

/** Reads the fields of one row. Fails for a value of another kind than the one that is asked for. */
function fieldReader(fields: Row['fields'], fail: Fail): FieldReader {
  const text: FieldReader['text'] = path => {
    if (path === undefined) return undefined
    const value = valueAt(fields, path)
    if (value === undefined || value === null) return undefined
    if (typeof value === 'string') return value.trim() === '' ? undefined : value
    if (typeof value === 'number') return String(checkNumbers(value, fail, path))
    const kind = Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : String(value)
    return fail(`${path} is ${kind}, but the map needs a text or a number there`)
  }
  return {
    text,
    number(path) {
      const value = text(path)?.trim()
      if (value === undefined) return undefined
      const parsed = DECIMAL.test(value) ? Number(value) : NaN
      return Number.isFinite(parsed) ? parsed : fail(`${path as string} is not a number: "${value}"`)
    },
    any(path) {
      const value = valueAt(fields, path)
      return typeof value === 'string' && value.trim() === '' ? undefined : checkNumbers(value, fail, path)
    },
  }
}

/** Returns the value. Fails for an integer in it that JSON.parse may have rounded: two ids could have become one. */
function checkNumbers<Value>(value: Value, fail: Fail, path = ''): Value {
  if (typeof value === 'number') {
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      fail(`${path} is a number that can't be read exactly, about ${value}: put it in quotes`)
  } else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value))
      checkNumbers<unknown>(item, fail, path === '' ? key : `${path}.${key}`)
  return value
}

function readAction(
  { action }: RecordingMap,
  text: (path: string | undefined) => string | undefined,
  fail: Fail,
): string | undefined {
  if (action.constant !== undefined) return action.constant
  const name =
    text(action.field) ?? fail(`has no ${action.field as string}, which the map names for the action`)
  const translated = Object.hasOwn(action.values, name) ? action.values[name] : undefined
  if (translated !== undefined) return translated
  switch (action.others) {
    case 'keep':
      return name
    case 'skip':
      return undefined
    case 'refuse':
      return fail(
        `the action "${name}" has no translation in the map: add it to action.values, or write others: keep (or skip)`,
      )
  }
}

function valueAt(fields: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(fields, path)) return fields[path]
  return path
    .split('.')
    .reduce<unknown>(
      (node, key) =>
        typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined,
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

/**
 * Ids for the rows of one file, made of what is in a row and of how many equal rows came before it. So a file has the
 * same ids each time it is read, whatever its name and folder are, and equal rows of one file are events of their own.
 */
function createRowIds(): (row: Row) => string {
  const counts = new Map<string, number>()
  return ({ fields }) => {
    const content = digestOf(canonicalJson(fields))
    const before = counts.get(content) ?? 0
    counts.set(content, before + 1)
    return asUuid(before === 0 ? content : digestOf(`${content} ${before}`))
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** Shaped as a UUID of version 8. */
function asUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
