import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Codec } from '@sluicebox/event/codec'
import { asCollectedTime } from '@sluicebox/event/instants'
import type { RawRecord } from '@sluicebox/event/records'
import type { Logger } from '@sluicebox/runtime/log'
import type { Registry } from '@sluicebox/runtime/metrics'
import { createAddressReader } from '../guard/address.ts'
import { createPace, GONE, readBody } from './body.ts'
import { createCollect, type Collected, type EventRequest } from '../collect/collect.ts'
import type { CollectorConfig } from '../config.ts'
import { createCors } from './cors.ts'
import { createLoad } from '../guard/load.ts'
import { createCollectorMetrics } from '../metrics.ts'
import { createRateLimit } from '../guard/rate-limit.ts'
import { createRawSink, type RawLog, type RawSink } from '../raw/raw-sink.ts'
import { forTrackers, isRefusal, refuse, text, type Refusal, type Reply } from './reply.ts'
import { createRouter, type Route } from './route.ts'
import { hasTwoHosts, readTarget } from './target.ts'
import { ROBOTS } from './texts.ts'

export interface HandlerParts {
  readonly config: CollectorConfig
  readonly log: RawLog
  readonly codec: Codec<RawRecord>
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly metrics: Registry
  /** Epoch milliseconds. */
  readonly now?: () => number
  readonly uuid?: () => string
  /** Returns the faults of an event of /v1/events as sentences; empty when it has none. */
  readonly checkEvent?: (event: unknown) => readonly string[]
  /** Receives the requests that are not the collector's. Without it they get 404. */
  readonly fallback?: (req: IncomingMessage, res: ServerResponse) => void
}

/** The part that answers a request. A stopping collector waits only for its own requests. */
export type Owner = 'collector' | 'fallback'

export interface Handler extends Disposable {
  /** Takes a request and ensures that it is answered. */
  handle(req: IncomingMessage, res: ServerResponse): Owner
  readonly sink: RawSink
  /** Called with each round of heartbeats. */
  heartbeat(error: unknown): void
  /** Health says not ready from now on; requests are still taken. */
  announceStop(): void
  /** Every answer closes its connection from now on. */
  closeConnections(): void
  readonly isStopping: boolean
}

/** What was handed to the log for a request, and what to answer. */
interface Stored {
  readonly isDurable: Promise<boolean>
  readonly reply: Reply
  readonly eventCount: number
  readonly recordCount: number
  readonly bodyBytes: number
}

/** How long a client that is refused may continue sending, so that it comes to read why. */
const LINGER_MS = 1_000

/** Takes requests, writes their events to `raw`, and answers 2xx only once these are durable. */
export function createHandler({
  config,
  log,
  codec,
  logger,
  metrics: registry,
  now = Date.now,
  uuid = randomUUID,
  checkEvent = () => [],
  fallback,
}: HandlerParts): Handler {
  const { limits, timeouts } = config
  const route = createRouter(config)
  const cors = createCors({ ...config.cors, credentials: config.cookie.enabled })
  const collect = createCollect({ config, uuid, checkEvent })
  const load = createLoad(config.load)
  const pace = createPace(timeouts.bodyBytesPerSecondMin)
  const rateLimit = createRateLimit(config.rateLimit)
  const readAddress = createAddressReader({ ...config.privacy, trustedProxyHops: config.trustedProxyHops })
  const metrics = createCollectorMetrics(registry, load)
  const sink = createRawSink({ log, appendMs: timeouts.appendMs, appended: metrics.appended })
  let stopping: 'no' | 'announced' | 'closing' = 'no'
  let isLogTrusted = true

  function handle(req: IncomingMessage, res: ServerResponse): Owner {
    const { path, query, host } = readTarget(req.url as string)
    if (host !== undefined) req.headers.host = host
    const found = route(req.method as string, path)
    // Browsers and trackers always name one host; HTTP/1.1 forbids none and two.
    const isDouble = hasTwoHosts(req.rawHeaders)
    if (isDouble || (req.headers.host === undefined && req.httpVersion === '1.1')) {
      const refusal = isDouble
        ? { status: 400, error: 'two_hosts', message: 'The request has two Host headers.' }
        : { status: 400, error: 'no_host', message: 'The request has no Host header.' }
      answer(req, res, 'other', refuse(refusal))
      return 'collector'
    }
    switch (found.kind) {
      case 'tracker':
      case 'events':
        collectPost(found, query, req, res).catch((error: unknown) => fail(error, found.kind, req, res))
        return 'collector'
      case 'pixel':
        collectGet(found.path, query, req, res).catch((error: unknown) => fail(error, 'pixel', req, res))
        return 'collector'
      case 'other':
        if (fallback !== undefined) {
          if (stopping === 'closing') res.setHeader('connection', 'close')
          fallback(req, res)
          return 'fallback'
        }
        break
      default:
        break
    }
    answer(req, res, found.kind, plainReply(found, req))
    return 'collector'
  }

  /** Answers that need neither a body nor the log. */
  function plainReply(found: Route, req: IncomingMessage): Reply {
    switch (found.kind) {
      case 'preflight': {
        const headers = cors.preflight(req.headers.origin, req.headers.host)
        return { status: 200, headers: { 'content-length': '0', ...headers }, body: '' }
      }
      case 'health':
        return stopping === 'no' ? text('ok') : text('stopping', {}, 503)
      case 'sink-health': {
        // The exact reason names paths and machines, so only the log and the probes of operators have it.
        return sink.trouble() === undefined ? text('ok') : text('raw can’t be written', {}, 503)
      }
      case 'robots':
        return text(ROBOTS)
      case 'other-vendor':
        return notFound(
          'other_vendor',
          `This looks like a client of ${found.vendor}, whose protocol is not served here. Send events to POST /v1/events as JSON, or with a tracker that speaks the Snowplow tracker protocol.`,
        )
      case 'redirect':
        return notFound('redirects_disabled', 'redirects disabled: this collector does not redirect.')
      case 'events-method':
        return refuse(
          {
            status: 405,
            error: 'method',
            message:
              'Events are sent here with POST: one JSON object such as {"action":"page_view"}, an array of them, or one per line.',
          },
          { allow: 'POST, OPTIONS' },
        )
      case 'tracker':
      case 'pixel':
      case 'events':
      case 'other':
        return notFound(
          'not_found',
          'There is nothing here. Events go to POST /v1/events, those of trackers to /com.snowplowanalytics.snowplow/tp2 or /i.',
        )
    }
  }

  async function collectPost(
    found: Route & { kind: 'tracker' | 'events' },
    query: string | null,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> {
    const { kind } = found
    const refusal = admit(req)
    if (refusal !== undefined) return refuseWith(refusal, kind, req, res)
    let held = 0
    const hold = (bytes: number): boolean => {
      if (!load.hold(bytes)) return false
      held += bytes
      return true
    }
    const body = await readBody(req, { limits, hold, pace })
    let stored: Stored | undefined
    try {
      if (body === GONE) return metrics.refused('gone')
      if (!Buffer.isBuffer(body)) return refuseWith(body, kind, req, res)
      const request = eventRequest(req, query, body)
      const collected = kind === 'events' ? collect.events(request) : collect.tracker(found.path, request)
      if (isRefusal(collected)) return refuseWith(collected, kind, req, res)
      stored = store(collected, held)
    } finally {
      if (stored === undefined) load.release(held)
    }
    // Not awaited in here: this call would keep the body in memory until the log has answered.
    return answerDurable(kind, stored, req, res)
  }

  async function collectGet(
    path: string,
    query: string | null,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> {
    const refusal = admit(req)
    if (refusal !== undefined) return refuseWith(refusal, 'pixel', req, res)
    return answerDurable('pixel', store(collect.pixel(path, eventRequest(req, query, null)), 0), req, res)
  }

  function eventRequest(req: IncomingMessage, query: string | null, body: Buffer | null): EventRequest {
    const { headers, socket } = req
    return { query, headers, peer: socket.remoteAddress, collectedAt: asCollectedTime(now()), body }
  }

  function admit(req: IncomingMessage): Refusal | undefined {
    const overload = load.overload()
    if (overload !== undefined)
      return busy(overload, 'Too much is in flight already. Send the same again a little later.')
    if (config.rateLimit.requestsPerSecond === 0) return undefined
    const address = readAddress(req.socket.remoteAddress, req.headers['x-forwarded-for'] as string)
    const seconds = address === undefined ? 0 : rateLimit.take(address)
    if (seconds === 0) return undefined
    return {
      status: 429,
      error: 'rate_limit',
      message: `More than ${config.rateLimit.requestsPerSecond} requests a second come from this network. Send the same again a little later.`,
      retryAfterSeconds: seconds,
    }
  }

  /** Hands the records to the log. */
  function store({ records, eventCount, reply }: Collected, held: number): Stored {
    const outputs = records.map(record => ({ key: record.visitor, value: codec.encode(record) }))
    const bodyBytes = records.reduce((sum, record) => sum + (record.body?.length ?? 0), 0)
    const { isDurable, settled } = sink.append(outputs)
    load.enter()
    void settled.then(() => {
      load.leave()
      load.release(held)
    })
    return { isDurable, reply, eventCount, recordCount: records.length, bodyBytes }
  }

  /** Waits until the records are durable, and only then says so. */
  async function answerDurable(
    routeName: string,
    stored: Stored,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> {
    const isDurable = await stored.isDurable
    if (isDurable !== isLogTrusted) {
      isLogTrusted = isDurable
      if (isDurable) logger.info('raw can be written again')
      else logger.warn({ trouble: sink.trouble() }, 'raw can’t be written: requests get 503')
    }
    if (!isDurable)
      return refuseWith(
        busy('log_unavailable', 'The events could not be made durable. Send the same again a little later.'),
        routeName,
        req,
        res,
      )
    const { reply, eventCount, recordCount, bodyBytes } = stored
    metrics.accepted(routeName, eventCount, recordCount, bodyBytes, now())
    if (res.destroyed) return metrics.refused('gone')
    answer(req, res, routeName, reply)
  }

  function busy(error: string, message: string): Refusal {
    return { status: 503, error, message, retryAfterSeconds: config.load.retryAfterSeconds }
  }

  function refuseWith(refusal: Refusal, routeName: string, req: IncomingMessage, res: ServerResponse): void {
    metrics.refused(refusal.error)
    const heard = routeName === 'events' ? refusal : forTrackers(refusal)
    const retryAfterSeconds = heard.retryAfterSeconds ?? config.load.retryAfterSeconds
    answer(req, res, routeName, refuse(heard.status === 503 ? { ...heard, retryAfterSeconds } : heard))
  }

  function fail(error: unknown, routeName: string, req: IncomingMessage, res: ServerResponse): void {
    logger.error(
      { err: error, route: routeName },
      'a request could not be handled: this is a fault of the collector',
    )
    metrics.refused('internal')
    if (res.headersSent) return void res.destroy()
    const message = 'The collector failed. Send the same again a little later.'
    answer(req, res, routeName, refuse({ status: 500, error: 'internal', message }))
  }

  /** Sends an answer; the page that asked may read it if its origin is listed. */
  function answer(req: IncomingMessage, res: ServerResponse, routeName: string, reply: Reply): void {
    const { origin, host } = req.headers
    const headers: Record<string, string> = { ...reply.headers, ...cors.headers(origin, host) }
    metrics.answered(routeName, reply.status)
    const isUnread = !req.complete && !isSmall(req)
    if (stopping === 'closing' || isUnread) headers['connection'] = 'close'
    res.writeHead(reply.status, headers)
    if (!isUnread) return void res.end(reply.body)

    // Closing with bytes unread makes the other side see a broken connection instead of the answer, and a tracker
    // would send it all again. So the answer goes out, and what still comes is thrown away for a moment.
    const end = (): void => {
      clearTimeout(timer)
      res.end()
    }
    const timer = setTimeout(end, LINGER_MS)
    if (reply.body.length > 0) res.write(reply.body)
    req.once('close', end)
    req.once('end', end)
    req.resume()
  }

  /** Whether the rest of the body is short enough to let it come and keep the connection. */
  function isSmall({ headers }: IncomingMessage): boolean {
    if (headers['transfer-encoding'] !== undefined) return false
    return Number(headers['content-length'] ?? 0) <= limits.bodyBytesMax
  }

  return {
    handle,
    sink,
    heartbeat(error) {
      metrics.heartbeat(error === undefined)
    },
    announceStop() {
      if (stopping === 'no') stopping = 'announced'
    },
    closeConnections() {
      stopping = 'closing'
    },
    get isStopping() {
      return stopping !== 'no'
    },
    [Symbol.dispose]() {
      load[Symbol.dispose]()
      pace[Symbol.dispose]()
    },
  }
}

function notFound(error: string, message: string): Reply {
  return refuse({ status: 404, error, message })
}
