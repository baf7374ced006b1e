import { z } from 'zod'

// The collector's section of the configuration: every bound of the public edge stands here, with its default.

const count = (description: string) => z.int().min(1).describe(description)
const countOrOff = (description: string) => z.int().min(0).describe(description)
const path = z.string().regex(/^\/[^?#\s]+$/, 'must be a path such as /acme/track')
const origin = z.string().regex(/^https?:\/\/[^/\s]+$/, 'must be an origin such as https://shop.example')

/** Headers that carry what must never be written: secrets, and addresses that were not truncated. */
const NEVER_STORED = new Set([
  'authorization',
  'cookie',
  'forwarded',
  'proxy-authorization',
  'set-cookie',
  'true-client-ip',
  'x-forwarded-for',
  'x-real-ip',
])

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
      'Domains to set the cookie for: the first that equals, or is a parent of, the host in Origin. None: the host of the collector alone.',
    ),
  fallbackDomain: z
    .string()
    .optional()
    .describe('Domain of the cookie when none of `domains` fits. Default: the host of the collector alone.'),
  secure: z
    .boolean()
    .default(true)
    .describe('Sends the cookie over HTTPS alone. Set false for tests over plain HTTP.'),
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
  ipv4PrefixBits: z
    .int()
    .min(0)
    .max(32)
    .default(24)
    .describe('Bits of an IPv4 address that are kept; the rest is zeroed before anything is written.'),
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
        .refine(name => !NEVER_STORED.has(name), 'holds secrets or addresses and is never stored'),
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
    .describe('Request line and headers together. What is longer gets 400.'),
  bodyBytesMax: count('Body as it comes over the wire.').default(262_144),
  decodedBytesMax: count('Body after decompression.').default(1_048_576),
  compressionRatioMax: count(
    'How many times larger than on the wire a body may become (beyond 16 KiB).',
  ).default(50),
  eventsMax: count('Events in one request.').default(500),
  eventBytesMax: count(
    'One event on /v1/events. Larger events of trackers are stored, and judged by the enricher.',
  ).default(65_536),
  recordBytesMax: z
    .int()
    .min(200_000)
    .default(1_000_000)
    .describe('One record in `raw`. Requests that need more are split; set it to what the log takes.'),
  depthMax: count('Nesting of objects and arrays in JSON.').default(32),
  objectKeysMax: count('Keys of one object in JSON.').default(1_000),
  keysMax: count('Keys of all objects in a body together.').default(50_000),
  stringBytesMax: count('One string in JSON.').default(65_536),
})

const timeouts = z.strictObject({
  headersMs: count('Time for the request line and headers to arrive.').default(10_000),
  requestMs: count('Time for the whole request to arrive.').default(15_000),
  checkMs: count('How often slow connections are looked for.').default(2_000),
  keepAliveMs: count('How long an idle connection stays open.').default(5_000),
  inactivityMs: count('How long a connection may stay without any byte, in the middle of something.').default(
    60_000,
  ),
  bodyBytesPerSecondMin: countOrOff(
    'Slowest rate at which a body may arrive, after two seconds; 0 for none.',
  ).default(1_024),
  appendMs: count('How long a request waits for the log before it gets 503.').default(10_000),
})

const load = z.strictObject({
  connectionsMax: count('Open connections.').default(10_000),
  requestsPerConnectionMax: countOrOff(
    'Requests on one connection before it is closed; 0 for no bound.',
  ).default(1_000),
  inFlightRequestsMax: count('Requests that wait for the log. Past it new ones get 503.').default(4_000),
  inFlightBytesMax: count('Bytes of bodies held in memory. Past it new requests get 503.').default(
    67_108_864,
  ),
  eventLoopDelayMsMax: countOrOff(
    'How late timers may be. Past it requests get 503; 0 for no bound.',
  ).default(1_000),
  heapRatioMax: z
    .number()
    .min(0.1)
    .max(1)
    .default(0.92)
    .describe('Share of the heap limit in use. Past it requests get 503.'),
  retryAfterSeconds: count('What Retry-After says with 503.').default(2),
})

const rateLimit = z.strictObject({
  requestsPerSecond: z
    .number()
    .min(0)
    .default(0)
    .describe('Requests per second of one truncated address. Past it requests get 429; 0 for no bound.'),
  burst: count('Requests that an address may send at once before the rate counts.').default(200),
  addressesMax: count('Addresses that are remembered; the one not seen for longest is forgotten.').default(
    20_000,
  ),
})

const drain = z.strictObject({
  announceMs: countOrOff(
    'How long health says not ready before the port is closed, so that a load balancer can take note.',
  ).default(0),
  idleMs: countOrOff(
    'How long an idle connection may still bring a request after the port is closed.',
  ).default(500),
  graceMs: count('How long requests in flight may take before their connections are closed.').default(20_000),
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
      'Paths of your own for trackers, and the protocol path that each stands for: /acme/track: /com.snowplowanalytics.snowplow/tp2.',
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
  privacy: privacy.prefault({}).describe('What is kept of a visitor.'),
  limits: limits.prefault({}).describe('What a request may hold.'),
  timeouts: timeouts.prefault({}).describe('How long things may take.'),
  load: load.prefault({}).describe('How much is held at once.'),
  rateLimit: rateLimit.prefault({}).describe('Requests of one address.'),
  drain: drain.prefault({}).describe('How the collector stops.'),
  heartbeatMs: countOrOff(
    'How often a heartbeat is written to each partition of `raw`; 0 for never.',
  ).default(2_000),
})

export type CollectorConfig = z.infer<typeof collectorConfig>
