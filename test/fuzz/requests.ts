import { deflateSync, gzipSync } from 'node:zlib'
import type { Random } from '@sluicebox/event/random'

/** A request over HTTP that a client library would send, though what it carries may be anything. */
export interface HttpShape {
  readonly kind: 'http'
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** The body comes in two halves with this pause between them. */
  readonly pauseMs: number
  /** The client leaves in the middle of its body. */
  readonly leaves: boolean
}

/** Bytes that a socket sends as they are. */
export interface BytesShape {
  readonly kind: 'bytes'
  readonly bytes: Buffer
}

export type Shape = HttpShape | BytesShape

/** Names the request in the query string, which raw keeps as it came. */
export const MARKER = 'fuzz'

const TP2 = '/com.snowplowanalytics.snowplow/tp2'
const VISITORS = 500
const HOSTILE = [
  ...['', '\u0000\u0000\u0000\u0000', '\ud800', '\u202egpj', '../../etc/passwd', '__proto__', 'constructor'],
  ...['null', '1e999', '-0', '%00', '%E0%A4%A', '{{}}', "' or 1=1 --", '<script>', 'x'.repeat(5_000)],
]
const CONTENT_TYPES = [
  ...['application/json', 'application/json; charset=utf-8', 'text/plain', 'application/x-ndjson'],
  ...['text/xml', 'application/json; charset=utf-16', 'multipart/form-data', ';', 'x'.repeat(2_000)],
]

/** The request of this number: well made, wrong in itself, or changed at random places. */
export function makeShape(number: number, random: Random): Shape {
  if (random.chance(0.03)) return { kind: 'bytes', bytes: rawBytes(random) }
  const query = `?${MARKER}=${number}`
  const kind = random.below(10)
  if (kind < 2) return get(random, `${random.pick(['/i', '/ice.png'])}${query}&${pixelQuery(random)}`)
  if (kind === 2) return get(random, `/com.snowplowanalytics.iglu/v1${query}&${igluQuery(random)}`)
  const [path, text] = kind < 6 ? [TP2, tp2Body(random)] : ['/v1/events', plainBody(random)]
  const target = random.chance(0.01) ? `/${random.pick(['acme/x', 'r/tp2', 'v1', 'com..x/tp2'])}` : path
  return post(random, `${target}${query}`, text)
}

function get(random: Random, path: string): HttpShape {
  const method = random.chance(0.02) ? random.pick(['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH']) : 'GET'
  return { kind: 'http', method, path, headers: headersOf(random), body: Buffer.alloc(0), ...calm }
}

const calm = { pauseMs: 0, leaves: false }

function post(random: Random, path: string, text: string): HttpShape {
  const changed = random.chance(0.3) ? mutated(Buffer.from(text), random) : Buffer.from(text)
  const { body, encoding } = encoded(changed, random)
  const contentType = random.chance(0.9) ? 'application/json' : random.pick(CONTENT_TYPES)
  const headers = { ...headersOf(random), 'content-type': contentType, ...encoding }
  const isSlow = random.chance(0.01)
  return {
    ...{ kind: 'http', method: 'POST', path, headers, body },
    ...{ pauseMs: isSlow ? 1 + random.below(500) : 0, leaves: random.chance(0.005) },
  }
}

function encoded(body: Buffer, random: Random): { body: Buffer; encoding: Record<string, string> } {
  switch (random.below(20)) {
    case 0:
      return { body: gzipSync(body), encoding: { 'content-encoding': 'gzip' } }
    case 1:
      return { body: deflateSync(body), encoding: { 'content-encoding': 'deflate' } }
    case 2:
      return { body: mutated(gzipSync(body), random), encoding: { 'content-encoding': 'gzip' } }
    case 3:
      return {
        body,
        encoding: { 'content-encoding': random.pick(['gzip', 'br', 'zstd', 'x', 'gzip, gzip']) },
      }
    default:
      return { body, encoding: {} }
  }
}

/** Bytes changed, cut out, doubled or put in. */
export function mutated(bytes: Buffer, random: Random): Buffer {
  let result: Buffer = Buffer.from(bytes)
  for (let left = 1 + random.below(4); left > 0; left--) {
    const at = random.below(result.length + 1)
    const end = Math.min(result.length, at + 1 + random.below(20))
    const put = random.pick([
      Buffer.from([random.below(256)]),
      Buffer.from(JSON.stringify(random.pick(HOSTILE))),
      result.subarray(at, end),
      Buffer.alloc(0),
    ])
    result = Buffer.concat([result.subarray(0, at), put, result.subarray(random.chance(0.5) ? at : end)])
  }
  return result
}

function headersOf(random: Random): Record<string, string> {
  if (random.chance(0.8)) return {}
  const printable = encodeURIComponent(random.pick(HOSTILE).toWellFormed())
  return {
    [random.pick(['cookie', 'x-forwarded-for', 'user-agent', 'referer', 'origin', 'sp-anonymous', 'dnt'])]:
      random.pick([
        printable,
        'sp=1; sp=2; =;;',
        '1.2.3.4, ::1, unknown',
        '*',
        '\u00ff\u00fe',
        'a'.repeat(3_000),
      ]),
  }
}

function idOf(random: Random): string {
  return random.chance(0.02) ? random.pick(HOSTILE) : `visitor-${random.below(VISITORS)}`
}

function uuid(random: Random): string {
  const hex = (length: number): string => Array.from({ length }, () => random.below(16).toString(16)).join('')
  return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`
}

function trackerEvent(random: Random): Record<string, string> {
  const odd = random.chance(0.1)
    ? { [random.pick(['url', 'co', 'cx', 'ue_pr', 'dtm', 'tna'])]: odder(random) }
    : {}
  return {
    ...{ e: random.pick(['pv', 'pp', 'se', 'ue', 'tr', 'x']), tv: 'fuzz-1', p: 'web', aid: 'shop' },
    ...{ url: 'https://shop.example.com/a', duid: idOf(random), eid: uuid(random), ...odd },
  }
}

function odder(random: Random): string {
  return random.pick([...HOSTILE, 'http://[', '{"schema":"iglu:a/b/jsonschema/9-9-9","data":{}}', '[[[['])
}

function pixelQuery(random: Random): string {
  const query = new URLSearchParams(trackerEvent(random)).toString()
  return random.chance(0.3) ? visible(mutated(Buffer.from(query), random)) : query
}

function igluQuery(random: Random): string {
  const query = `schema=iglu%3Acom.acme%2Fclick%2Fjsonschema%2F1-0-0&id=${encodeURIComponent(idOf(random).toWellFormed())}`
  return random.chance(0.3) ? visible(mutated(Buffer.from(query), random)) : query
}

/** A client library refuses to send anything else in a path. */
function visible(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^!-~]|#/g, '_')
}

function tp2Body(random: Random): string {
  const data = Array.from({ length: 1 + random.below(3) }, () => trackerEvent(random))
  return JSON.stringify({
    schema: 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4',
    data: random.chance(0.03) ? random.pick<unknown>([[], null, {}, [null, 7], 'x']) : data,
  })
}

function plainBody(random: Random): string {
  if (random.chance(0.02)) return random.pick(['', '{', 'null', '[]', '{}', '"x"', '['.repeat(20_000)])
  const visitor = idOf(random)
  return JSON.stringify({
    ...{ event_id: uuid(random), visitor_id: visitor, session_id: `${visitor}-${random.below(3)}` },
    action: random.chance(0.05) ? random.pick<unknown>([7, null, [], {}, ...HOSTILE]) : 'page_view',
    ...(random.chance(0.05) ? { [random.pick(HOSTILE)]: random.pick(HOSTILE) } : {}),
  })
}

function rawBytes(random: Random): Buffer {
  const noise = Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256)))
  const host = 'Host: x\r\nConnection: close\r\n'
  return random.pick([
    noise,
    mutated(Buffer.from(`POST ${TP2} HTTP/1.1\r\n${host}Content-Length: 2\r\n\r\n{}`), random),
    mutated(Buffer.from(`GET /i?e=pv&p=web&tv=x HTTP/1.1\r\n${host}\r\n`), random),
    Buffer.from(`GET /${'a'.repeat(70_000)} HTTP/1.1\r\n${host}\r\n`),
    Buffer.from(`POST ${TP2} HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`),
    Buffer.from(
      `POST ${TP2} HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ),
    Buffer.from(`POST /v1/events HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzz\r\n`),
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]),
  ])
}
