import type { BadRecord, RawRecord } from '@sluicebox/event/records'

// An event as it was sent, in the shape that tests for Snowplow Micro expect.

/** An event as it was sent, with its request. */
export interface RawEvent {
  readonly api: { readonly vendor: string; readonly version: string }
  readonly parameters: Readonly<Record<string, unknown>>
  readonly contentType: string | null
  readonly source: { readonly name: string; readonly encoding: string; readonly hostname: string | null }
  readonly context: {
    readonly timestamp: string
    readonly ipAddress: string | null
    readonly useragent: string | null
    readonly refererUri: string | null
    readonly headers: readonly string[]
    readonly userId: string | null
  }
}

type RequestRecord = Pick<
  RawRecord | BadRecord,
  | 'path'
  | 'querystring'
  | 'content_type'
  | 'collected_at'
  | 'ip'
  | 'user_agent'
  | 'referer'
  | 'hostname'
  | 'headers'
  | 'network_user_id'
>

/** The event `index` of a record of raw. */
export function rawEventOf(raw: RawRecord, index: number): RawEvent {
  return { ...requestOf(raw, raw.collector), parameters: parametersOf(raw, index) }
}

/** Returns the event that a bad record holds; null where it holds a body that could not be split into events. */
export function badEventOf(bad: BadRecord): RawEvent | null {
  const text = Buffer.from(bad.original).toString('utf8')
  const query = fromQuery(bad.querystring)
  switch (bad.original_format) {
    case 'query':
      return { ...requestOf(bad, bad.processor), parameters: fromQuery(text) }
    case 'event':
    case 'line': {
      const event = parseJson(text)
      return isObject(event) ? { ...requestOf(bad, bad.processor), parameters: { ...event, ...query } } : null
    }
    case 'body':
      return null
  }
}

/** Returns the request behind a bad record, with its body as text. */
export function badPayloadOf(bad: BadRecord): Record<string, unknown> {
  const { parameters: _none, ...request } = { ...requestOf(bad, bad.processor), parameters: {} }
  return {
    ...request,
    querystring: Object.entries(fromQuery(bad.querystring)).map(([name, value]) => ({ name, value })),
    body: bad.original_format === 'query' ? null : Buffer.from(bad.original).toString('utf8'),
  }
}

function requestOf(request: RequestRecord, name: string): Omit<RawEvent, 'parameters'> {
  const [vendor = '', version = ''] = request.path.split('/').filter(segment => segment !== '')
  return {
    // The pixel is version 1 of the tracker protocol.
    api: version === '' ? { vendor: 'com.snowplowanalytics.snowplow', version: 'tp1' } : { vendor, version },
    contentType: request.content_type,
    source: { name, encoding: 'UTF-8', hostname: request.hostname },
    context: {
      timestamp: new Date(request.collected_at).toISOString(),
      ipAddress: request.ip,
      useragent: request.user_agent,
      refererUri: request.referer,
      headers: request.headers,
      userId: request.network_user_id,
    },
  }
}

function parametersOf(raw: RawRecord, index: number): Record<string, unknown> {
  const query = fromQuery(raw.querystring)
  if (raw.body === null || raw.body.length === 0) return query
  const event = eventsOf(Buffer.from(raw.body).toString('utf8'))[index]
  // Parameters of the URL win over those of the body, as the protocol demands.
  return isObject(event) ? { ...event, ...query } : query
}

/** The events of a body: the data of an envelope, an array, one object, or one object per line. */
function eventsOf(text: string): unknown[] {
  const whole = parseJson(text)
  if (Array.isArray(whole)) return whole
  if (isObject(whole)) return Array.isArray(whole['data']) ? (whole['data'] as unknown[]) : [whole]
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(parseJson)
}

function fromQuery(query: string | null): Record<string, unknown> {
  return query === null ? {} : Object.fromEntries(new URLSearchParams(query))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
