import { HARMLESS_PARAMETERS } from '@sluicebox/protocol/url-filter'
import { z } from 'zod'

// The collector's section of the configuration: every bound of the public edge, with its default and what happens at it.

// On the paths of trackers every final refusal is 422: they would send a 413 or 415 again forever.
const count = (description: string) => z.int().min(1).describe(description)
const countOrOff = (description: string) => z.int().min(0).describe(description)
const path = z.string().regex(/^\/[^?#\s]+$/, 'must be a path such as /acme/track')
const origin = z.string().regex(/^https?:\/\/[^/\s]+$/, 'must be an origin such as https://shop.example')

/** Headers that carry what must never be written: secrets, and addresses that were not truncated. */
const NEVER_STORED =
  /cookie|auth|token|secret|api-?key|forwarded(?:-for)?$|(?:^|[-_])(?:ip|addr|address|clientip)(?:$|[-_])/

const cookie = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe(
      'Gives each browser a network user id in a cookie. When off, trackers must be set to send without credentials.',
    ),
  name: z
    .string()
    .regex(/^[\w!#$%&'*.^`|~+-]+$/, 'must be a cookie name: letters, digits, - and _')
    .default('sp')
    .describe('Name of the cookie.'),
  maxAgeDays: count('Days until the cookie expires, counted from the last request.').default(365),
  domains: z
    .array(z.string())
    .default([])
    .describe(
      'Domains to set the cookie for: the first that equals, or is a parent of, the host in Origin. None: only the host of the collector.',
    ),
  fallbackDomain: z
    .string()
    .optional()
    .describe('Domain of the cookie when none of `domains` fits. Default: only the host of the collector.'),
  secure: z
    .boolean()
    .default(true)
    .describe('Sends the cookie only over HTTPS. Set false for tests over plain HTTP.'),
  httpOnly: z.boolean().default(true).describe('Hides the cookie from scripts in the page.'),
  sameSite: z
    .enum(['none', 'lax', 'strict', 'unset'])
    .default('none')
    .describe('SameSite of the cookie: `none` where the collector is on another site than the pages.'),
})

const cors = z.strictObject({
  applications: z
    .array(
      z.strictObject({
        appId: z.string().describe('The application id that the tracker of these pages sends.'),
        origins: z.array(origin).describe('Origins of its pages, matched exactly.'),
      }),
    )
    .default([])
    .describe('Which pages may read the answers: origins by application, matched exactly.'),
  localOrigins: z
    .boolean()
    .optional()
    .describe(
      'Lets pages on localhost, 127.0.0.1 and [::1] read the answers, on any port. Default: only while no application is listed.',
    ),
  allowedHeaders: z
    .array(z.string())
    .default(['Content-Type', 'SP-Anonymous'])
    .describe('Request headers that a page may send. Add those that trackers are configured to send.'),
  maxAgeSeconds: countOrOff('How long a browser may keep the answer to a preflight.').default(3600),
})

const privacy = z.strictObject({
  honourGpc: z.boolean().default(true).describe('Treats requests with Sec-GPC: 1 as anonymous.'),
  honourDnt: z.boolean().default(true).describe('Treats requests with DNT: 1 as anonymous.'),
  anonymousSessions: z
    .enum(['keep', 'strict'])
    .default('keep')
    .describe(
      '`keep`: an anonymous request keeps the session id that the client sent, which ends with the visit, and loses everything that lives longer. `strict`: it loses the session id as well, and each of its events is a visitor of its own.',
    ),
  anonymousParameters: z
    .array(z.string().min(1).max(128))
    .default([...HARMLESS_PARAMETERS])
    .describe(
      'Query parameters that the URLs of an anonymous request keep, in `raw` already; `utm_*` matches every name that begins with `utm_`. All others are removed, wherever in the request the URL is.',
    ),
  ipv4PrefixBits: z
    .int()
    .min(0)
    .max(32)
    .default(24)
    .describe(
      'Bits of an IPv4 address that are kept; the rest is zeroed before anything is written. `good`, `bad` and the archive have what `raw` has.',
    ),
  ipv6PrefixBits: z
    .int()
    .min(0)
    .max(128)
    .default(48)
    .describe('Bits of an IPv6 address that are kept; the rest is zeroed before anything is written.'),
  storedHeaders: z
    .array(
      z
        .string()
        .toLowerCase()
        .refine(name => !NEVER_STORED.test(name), 'holds secrets or addresses and is never stored'),
    )
    .default([
      'accept-language',
      'dnt',
      'origin',
      'sec-ch-ua',
      'sec-ch-ua-mobile',
      'sec-ch-ua-platform',
      'sec-gpc',
      'sp-anonymous',
    ])
    .describe('Request headers that are kept with the record. All others are dropped.'),
})

const limits = z.strictObject({
  headerBytesMax: z
    .int()
    .min(1024)
    .default(32_768)
    .describe(
      'Request line and headers together. A longer head gets 400 `headers_too_large`, and its connection is closed.',
    ),
  bodyBytesMax: count(
    'The body as it comes over the wire, before decompression. A longer one gets 413 `body_too_large` (trackers: 422), and nothing of it is stored.',
  ).default(262_144),
  decodedBytesMax: count(
    'The body after decompression. A longer one gets 413 `decoded_body_too_large` (trackers: 422), and nothing of it is stored.',
  ).default(1_048_576),
  compressionRatioMax: count(
    'How many times larger than on the wire a body may become (beyond 16 KiB). One that becomes larger gets 413 `decoded_body_too_large` (trackers: 422).',
  ).default(50),
  eventsMax: count(
    'Events in one request. One with more gets 413 `too_many_events` (trackers: 422), and none of them is stored.',
  ).default(500),
  eventBytesMax: count(
    'One event on /v1/events. A request with a larger one gets 413 `event_too_large`. Larger events of trackers are stored, and the enricher judges them.',
  ).default(65_536),
  recordBytesMax: z
    .int()
    .min(200_000)
    .default(1_000_000)
    .describe(
      'One record in `raw`; set it to what the log takes. A request that needs more is split; an event that fits into no record gets 413 `record_too_large` (trackers: 422).',
    ),
  depthMax: count(
    'Nesting of objects and arrays on /v1/events. Deeper JSON gets 422 `too_complex`; in a body of several lines only the line that is deeper goes to `bad`.',
  ).default(32),
  objectKeysMax: count(
    'Keys of one object on /v1/events. More get 422 `too_complex`; in a body of several lines only that line goes to `bad`.',
  ).default(1_000),
  keysMax: count(
    'Keys of all objects of a body (or of a line) on /v1/events together. More get 422 `too_complex`; in a body of several lines only that line goes to `bad`.',
  ).default(50_000),
  stringBytesMax: count(
    'One string on /v1/events. A longer one gets 422 `too_complex`; in a body of several lines only that line goes to `bad`.',
  ).default(65_536),
})

const timeouts = z.strictObject({
  headersMs: count(
    'Time for the request line and headers to arrive. A slower connection gets 408 `too_slow` and is closed.',
  ).default(10_000),
  requestMs: count(
    'Time for the whole request to arrive. A slower one gets 408 `too_slow` and its connection is closed.',
  ).default(15_000),
  checkMs: count(
    'How often slow connections are looked for: `headersMs` and `requestMs` may be exceeded by this much.',
  ).default(2_000),
  keepAliveMs: count('How long a connection may be idle between two requests. Then it is closed.').default(
    5_000,
  ),
  inactivityMs: count(
    'How long a connection may stay without any byte in the middle of a request or an answer. Then it is cut, without an answer.',
  ).default(60_000),
  bodyBytesPerSecondMin: countOrOff(
    'Slowest rate at which a body may arrive, after two seconds; 0 for no bound. A slower one gets 408 `too_slow`.',
  ).default(1_024),
  appendMs: count(
    'How long a request waits for the log. Then it gets 503 `log_unavailable` with Retry-After, although the log may still take its events.',
  ).default(10_000),
})

const load = z.strictObject({
  connectionsMax: count(
    'Open connections. Further connections are closed as soon as they are opened.',
  ).default(10_000),
  requestsPerConnectionMax: countOrOff(
    'Requests on one connection; 0 for no bound. The answer to the last one says `connection: close`.',
  ).default(1_000),
  inFlightRequestsMax: count(
    'Requests that wait for the log. New ones get 503 `in_flight_requests` with Retry-After, before their body is read.',
  ).default(4_000),
  inFlightBytesMax: count(
    'Bytes of bodies held in memory. New requests get 503 `in_flight_bytes` with Retry-After.',
  ).default(67_108_864),
  eventLoopDelayMsMax: countOrOff(
    'How late timers may be; 0 for no bound. While they are later, requests get 503 `event_loop_delay` with Retry-After.',
  ).default(1_000),
  heapRatioMax: z
    .number()
    .min(0.1)
    .max(1)
    .default(0.92)
    .describe(
      'Share of the heap limit in use. While it is higher, requests get 503 `heap` with Retry-After.',
    ),
  retryAfterSeconds: count('What Retry-After says with 503.').default(2),
})

const rateLimit = z.strictObject({
  requestsPerSecond: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'Requests per second of one truncated address; 0 for no bound. Further ones get 429 `rate_limit` with Retry-After.',
    ),
  burst: count(
    'Requests that an address may send at once before the rate counts. Further ones get 429 `rate_limit` with Retry-After.',
  ).default(200),
  addressesMax: count(
    'Addresses that are remembered. Beyond it the one not seen for longest is forgotten, and starts with a full burst when it returns.',
  ).default(20_000),
})

const drain = z.strictObject({
  announceMs: countOrOff(
    'How long health says not ready before the port is closed, so that a load balancer stops sending requests here. They are still taken.',
  ).default(0),
  idleMs: countOrOff(
    'How long an idle connection may still bring a request after the port is closed. Then it is cut.',
  ).default(500),
  graceMs: count(
    'How long requests in flight may take after the port is closed. Then their connections are cut, without an answer.',
  ).default(20_000),
})

/** The section `collector` of the configuration. */
export const collectorConfig = z.strictObject({
  host: z
    .string()
    .default('127.0.0.1')
    .describe('Address to listen on. Set 0.0.0.0 or :: to be reached from other machines.'),
  port: z.int().min(0).max(65_535).default(8080).describe('Port to listen on; 0 takes any free one.'),
  paths: z
    .record(
      path,
      path.refine(target => !target.startsWith('/r/'), 'redirects are not offered'),
    )
    .default({})
    .describe(
      'Paths of your own for trackers, and the protocol path that each is mapped to: /acme/track: /com.snowplowanalytics.snowplow/tp2.',
    ),
  reservedSegments: z
    .array(z.string())
    .default(['api', 'assets', 'console', 'health', 'metrics', 'micro', 'v1'])
    .describe('First segments of paths that are never a tracker’s, so that pages can be there.'),
  trustedProxyHops: countOrOff(
    'Proxies in front of the collector. The client’s address is taken that many places from the right of X-Forwarded-For.',
  ).default(0),
  cookie: cookie.prefault({}).describe('The network user id.'),
  cors: cors.prefault({}).describe('Which pages may read the answers.'),
  privacy: privacy.prefault({}).describe('Which data of a visitor is kept.'),
  limits: limits.prefault({}).describe('Limits on a request.'),
  timeouts: timeouts.prefault({}).describe('Limits on time.'),
  load: load.prefault({}).describe('Limits on what is held at once.'),
  rateLimit: rateLimit.prefault({}).describe('Limits on the requests of one address.'),
  drain: drain.prefault({}).describe('How the collector stops.'),
  heartbeatMs: countOrOff(
    'How often a heartbeat is written to each partition of `raw`; 0 for never.',
  ).default(2_000),
})

export type CollectorConfig = z.infer<typeof collectorConfig>
