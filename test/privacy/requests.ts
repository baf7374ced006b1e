// What requests with secrets in them are made of.

const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'
export const TP2 = '/com.snowplowanalytics.snowplow/tp2'
export const JSON_TYPE = 'application/json; charset=utf-8'
export const FORM_TYPE = 'application/x-www-form-urlencoded'

/** A request, and the secrets in it by the place where each is. */
export interface Planted {
  readonly what: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Null for a GET. */
  readonly body: string | Uint8Array | null
  readonly secrets: Readonly<Record<string, string>>
}

let made = 0
/** A word that is nowhere else. */
export const word = (what: string): string => `canary-${what}-${++made}`
export const email = (what: string): string => `${word(what)}@mail.example`
let host = 10
export const ipv4 = (): string => `203.0.113.${++host}`
export const ipv6 = (): string => `2001:db8:77:1234::${(0xab00 + ++host).toString(16)}`

export const uuid = (): string => `${(0xabcd0000 + ++made).toString(16)}-0000-4000-8000-00000000beef`
export const event = (fields: object): object => ({
  e: 'pv',
  p: 'web',
  tv: 'plant-1',
  eid: uuid(),
  ...fields,
})
export const envelope = (...events: object[]): string =>
  JSON.stringify({ schema: `${SNOWPLOW}/payload_data/jsonschema/1-0-4`, data: events })
export const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
export const entities = (...data: object[]): object => ({
  schema: `${SNOWPLOW}/contexts/jsonschema/1-0-1`,
  data,
})
export const entity = (name: string, data: object): object => ({ schema: `iglu:${name}`, data })
export const own = (name: string, data: object): object => ({
  schema: `${SNOWPLOW}/unstruct_event/jsonschema/1-0-0`,
  data: entity(name, data),
})

export function planted(
  what: string,
  path: string,
  body: string | Uint8Array | null,
  secrets: Planted['secrets'],
  headers: Planted['headers'] = { 'content-type': JSON_TYPE },
): Planted {
  return { what, path, headers, body, secrets }
}
