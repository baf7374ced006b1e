import { isUtf8 } from 'node:buffer'
import { findElements, scanJson, type JsonLimits, type JsonViolation } from './json-scan.ts'
import type { Refusal } from '../http/reply.ts'
import type { PlainEvent } from './visitor.ts'

/** A body that was read: its events, and how to write a body like it with some of them. */
export interface Payload {
  readonly events: readonly ReadEvent[]
  /** The body in pieces, for when it has to be split. */
  layout(): Layout
  /** A body of the same kind that holds these events and nothing else of what was sent. */
  enclose(events: readonly Uint8Array[]): Layout
}

export interface ReadEvent {
  /** The event; undefined when it is not a JSON object. */
  readonly event: PlainEvent | undefined
  /** Why it is not an object. */
  readonly fault?: { readonly reason: string; readonly message: string }
}

/** A body in pieces: `head`, the events with `separator` between them, `tail`. */
export interface Layout {
  readonly head: Uint8Array
  readonly events: readonly Uint8Array[]
  readonly separator: Uint8Array
  readonly tail: Uint8Array
}

/** The body that holds the events at `indexes`, in their order. */
export function writeBody(layout: Layout, indexes: readonly number[]): Buffer {
  const pieces: Uint8Array[] = [layout.head]
  indexes.forEach((index, i) => {
    if (i > 0) pieces.push(layout.separator)
    pieces.push(layout.events[index] as Uint8Array)
  })
  pieces.push(layout.tail)
  return Buffer.concat(pieces)
}

const COMMA = Buffer.from(',')
const LINE_FEED = Buffer.from('\n')
const NOTHING = Buffer.alloc(0)

export interface TrackerBody extends Payload {
  /** Whether the body holds the events and the reference of their schema, each once, and nothing else. */
  readonly isPlain: boolean
}

const ENVELOPE = new Set(['schema', 'data'])

/**
 * The events of a tracker's body: an object with an array `data`. Undefined for everything else, which is stored as
 * it is: the enricher says what is wrong with it.
 */
export function readTrackerBody(sent: Buffer): TrackerBody | undefined {
  const body = withoutMark(sent)
  if (!isUtf8(body)) return undefined
  const envelope = tryParse(body.toString('utf8'))
  if (!isObject(envelope) || !Array.isArray(envelope['data'])) return undefined
  const data = envelope['data'] as unknown[]
  const enclose = (events: readonly Uint8Array[]): Layout => encloseForTracker(envelope['schema'], events)
  const spans = findElements(body, 'data')
  return {
    events: data.map(asEvent),
    isPlain: spans !== undefined && Object.keys(envelope).every(name => ENVELOPE.has(name)),
    enclose,
    layout() {
      if (spans !== undefined && spans.elements.length === data.length) {
        return {
          head: body.subarray(0, spans.array.start + 1),
          events: spans.elements.map(({ start, end }) => body.subarray(start, end)),
          separator: COMMA,
          tail: body.subarray(spans.array.end - 1),
        }
      }
      // The bytes are ambiguous (the key appears twice, or in escapes): write what was understood.
      return enclose(data.map(value => Buffer.from(JSON.stringify(value))))
    },
  }
}

/** The body without a byte order mark. */
function withoutMark(body: Buffer): Buffer {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body
}

function encloseForTracker(schema: unknown, events: readonly Uint8Array[]): Layout {
  const start = typeof schema === 'string' ? `{"schema":${JSON.stringify(schema)},"data":[` : '{"data":['
  return { head: Buffer.from(start), events, separator: COMMA, tail: Buffer.from(']}') }
}

const encloseInArray = (events: readonly Uint8Array[]): Layout => ({
  head: Buffer.from('['),
  events,
  separator: COMMA,
  tail: Buffer.from(']'),
})

const encloseInLines = (events: readonly Uint8Array[]): Layout => ({
  head: NOTHING,
  events,
  separator: LINE_FEED,
  tail: NOTHING,
})

export type EventsFormat = 'application/json' | 'application/x-ndjson'

export interface EventsBody extends Payload {
  /** How the body is written, whatever content type it was sent with. */
  readonly format: EventsFormat
  /** The body, without a byte order mark. */
  readonly body: Buffer
}

/**
 * The events of a body of /v1/events: one JSON object, an array of them, or one per line. The body
 * itself decides which of these it is, since people send all of them with whatever content type their tool sets.
 */
export function readEventsBody(
  sent: Buffer,
  contentType: string | null,
  limits: JsonLimits,
): EventsBody | Refusal {
  const body = withoutMark(sent)
  if (!isUtf8(body))
    return refusal(400, 'not_utf8', 'The body is not UTF-8 text. Send JSON encoded as UTF-8.')
  const text = body.toString('utf8')
  const start = text.trimStart()
  if (start === '')
    return refusal(
      400,
      'no_events',
      'The body is empty. Send one event as a JSON object, an array of events, or one event per line.',
    )
  const isLines =
    !start.startsWith('[') && (/ndjson|jsonl/.test(contentType ?? '') || firstLineIsObject(start, limits))
  return isLines ? readLines(body, limits) : readJson(body, text, limits)
}

function readJson(body: Buffer, text: string, limits: JsonLimits): EventsBody | Refusal {
  const violation = scanJson(body, limits)
  if (violation !== undefined)
    return refusal(422, 'too_complex', explain(violation, limits), { byte: violation.at })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return notJson(error as Error)
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return refusal(400, 'no_events', 'The array is empty: it holds no event.')
    const values = value as unknown[]
    return {
      body,
      format: 'application/json',
      events: values.map(asEvent),
      layout() {
        const spans = findElements(body, null)
        if (spans === undefined || spans.elements.length !== values.length)
          throw new Error('the elements of an array that parsed were not found in its text')
        return encloseInArray(spans.elements.map(({ start, end }) => body.subarray(start, end)))
      },
      enclose: encloseInArray,
    }
  }
  if (!isObject(value))
    return refusal(
      400,
      'not_an_event',
      `The body is ${kindOf(value)}, not an event. Send a JSON object such as {"action":"page_view"}, an array of them, or one per line.`,
    )
  return {
    body,
    format: 'application/json',
    events: [{ event: value }],
    layout: () => encloseInLines([body]),
    enclose: encloseInLines,
  }
}

function readLines(body: Buffer, limits: JsonLimits): EventsBody | Refusal {
  const lines: Buffer[] = []
  const events: ReadEvent[] = []
  let number = 0
  let firstFault: { reason: string; message: string; line: number } | undefined
  const addFault = (reason: string, message: string): void => {
    firstFault ??= { reason, message, line: number }
    events.push({ event: undefined, fault: { reason, message } })
  }
  for (let start = 0; start < body.length;) {
    const feed = body.indexOf(0x0a, start)
    const end = feed < 0 ? body.length : feed
    const line = body.subarray(start, end)
    start = end + 1
    number++
    const text = line.toString('utf8')
    if (text.trim() === '') continue
    lines.push(line)
    const violation = scanJson(line, limits)
    if (violation !== undefined) {
      addFault('too_complex', `Line ${number}: ${explain(violation, limits)}`)
      continue
    }
    try {
      const value: unknown = JSON.parse(text)
      if (isObject(value)) events.push({ event: value })
      else addFault('not_an_object', `Line ${number} is ${kindOf(value)}; an event is a JSON object.`)
    } catch (error) {
      addFault('not_json', `Line ${number} is not JSON: ${(error as Error).message}`)
    }
  }
  if (firstFault !== undefined && events.every(({ event }) => event === undefined)) {
    const { reason, message, line } = firstFault
    return refusal(400, reason, `${message} No other line holds an event; nothing was stored.`, { line })
  }
  return {
    body,
    format: 'application/x-ndjson',
    events,
    layout: () => encloseInLines(lines),
    enclose: encloseInLines,
  }
}

/** Whether more lines follow a first one that is an object by itself. */
function firstLineIsObject(text: string, limits: JsonLimits): boolean {
  const end = text.indexOf('\n')
  if (end < 0 || text.slice(end).trim() === '') return false
  const line = text.slice(0, end)
  return scanJson(Buffer.from(line), limits) === undefined && isObject(tryParse(line))
}

function asEvent(value: unknown): ReadEvent {
  if (isObject(value)) return { event: value }
  return {
    event: undefined,
    fault: { reason: 'not_an_object', message: `An event is a JSON object; this is ${kindOf(value)}.` },
  }
}

function isObject(value: unknown): value is PlainEvent {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function explain({ limit, at }: JsonViolation, limits: JsonLimits): string {
  const most = limits[limit]
  switch (limit) {
    case 'depthMax':
      return `Objects and arrays are nested more than ${most} deep at byte ${at}.`
    case 'objectKeysMax':
      return `An object has more than ${most} keys at byte ${at}.`
    case 'keysMax':
      return `The objects have more than ${most} keys together at byte ${at}.`
    case 'stringBytesMax':
      return `The string at byte ${at} is longer than ${most} bytes.`
  }
}

function notJson(error: Error): Refusal {
  const position = /at position (\d+)/.exec(error.message)?.[1]
  return refusal(
    400,
    'not_json',
    `The body is not JSON: ${error.message}. Nothing was stored. Send one event as a JSON object, an array of events, or one event per line.`,
    position === undefined ? {} : { position: Number(position) },
  )
}

function refusal(
  status: number,
  error: string,
  message: string,
  details: Record<string, string | number> = {},
): Refusal {
  return { status, error, message, details }
}
