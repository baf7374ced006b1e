import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Codec } from '@sluicebox/event/codec'
import { STREAMS, type StreamName, type StreamRecords } from '@sluicebox/event/records'
import { followStream } from '@sluicebox/stream/follow'
import type { Logger } from '@sluicebox/runtime/log'
import type { Log } from '@sluicebox/stream/log'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import type { ConsoleConfig } from './config.ts'
import { isEqual, refusalOf, TOKEN_COOKIE, tokenInQuery, type Door } from './door.ts'
import { liveSection } from './page/live.ts'
import { microBad, microGood } from './micro/micro.ts'
import { parseFilter } from './micro/micro-filter.ts'
import { page } from './page/page.ts'
import { createRates } from './rates.ts'
import { createRecent } from './recent.ts'
import { recordsOf, statusOf, type BundleDescription, type Held, type Status } from './status.ts'

export type { BundleDescription, Status }

export interface ConsoleParts {
  readonly log: Pick<Log, 'bounds' | 'read' | 'changed'>
  readonly codecs: { readonly [Name in StreamName]: Pick<Codec<StreamRecords[Name]>, 'decode'> }
  readonly config: ConsoleConfig
  readonly logger: Logger
  /**
   * Returns the bundle in use; called for each status, since the bundle may change. Default: the bundle of the last
   * score.
   */
  readonly bundle?: () => BundleDescription | undefined
  /** URL of the page, for the commands that it shows. Default: the host that the request names. */
  readonly url?: string
  readonly now?: () => number
  /** Who may look. Default: requests that reach this machine by its own names. */
  readonly door?: Door
}

export interface Console {
  /** Handles a request: the page at /, /api/status, and /micro/all|good|bad|reset. */
  handle(req: IncomingMessage, res: ServerResponse): void
  /** The same without a socket, for tests. */
  readonly inject: FastifyInstance['inject']
  /** The figures of the moment. */
  status(): Status
  /** Stops following the streams. */
  close(): Promise<void>
}

const BODY_BYTES_MAX = 64 * 1024

/**
 * Serves the page, and the read API for tests that were written for Snowplow Micro. It follows the streams without a
 * consumer group and keeps the last records in memory. It never writes, and a stream that it can't read does not stop a
 * stage.
 */
export async function createConsole(parts: ConsoleParts): Promise<Console> {
  const { log, codecs, config, logger, now = Date.now } = parts
  const startedAt = now()
  const stopping = new AbortController()
  const problems = new Map<StreamName, string>()
  const held = Object.fromEntries(
    STREAMS.map(stream => [
      stream,
      {
        // Records of raw are not kept: a request that needs one reads it from the log.
        recent: createRecent({ ...config, recordsMax: stream === 'raw' ? 1 : config.recordsMax }),
        rates: createRates({ seconds: config.windowSeconds, now }),
      },
    ]),
  ) as Record<StreamName, Held>
  // For Micro's counts, which continue after the records themselves are forgotten.
  const seen = { good: 0, bad: 0, scored: 0 }
  const following = STREAMS.map(stream => follow(stream))

  async function follow(stream: StreamName): Promise<void> {
    const { recent, rates } = held[stream]
    const followed = followStream({
      log,
      stream,
      from: { positionsBack: stream === 'raw' ? 0 : config.recordsMax },
      signal: stopping.signal,
      onProblem(error) {
        if (error !== undefined && !problems.has(stream))
          logger.warn(
            { err: error, stream },
            'the stream can not be read; the page shows the records read so far',
          )
        if (error === undefined) problems.delete(stream)
        else problems.set(stream, error.message)
      },
    })
    for await (const { partition, records, newFrom } of followed) {
      // Heartbeats belong to a partition and not to a visitor: they have no key, and are not events.
      const events = records.filter(({ key }) => key !== null)
      rates.add(events.filter(({ position }) => position >= newFrom).length)
      if (stream === 'raw') continue
      seen[stream] += events.length
      for (const { position, appendedAt, value } of events.slice(-config.recordsMax))
        recent.add({ partition, position, appendedAt, value: value.slice() })
    }
  }

  function status(): Status {
    const [problem] = problems
    return statusOf({
      held,
      codecs,
      now: now(),
      startedAt,
      problem: problem === undefined ? null : `${problem[0]}: ${problem[1]}`,
      bundle: parts.bundle?.() ?? null,
    })
  }

  const app = fastify({ logger: false, bodyLimit: BODY_BYTES_MAX })
  // A filter is parsed as JSON, whatever content type the client names.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))

  const door = parts.door ?? { isLocal: true, token: undefined }
  app.addHook('onRequest', async (request, reply) => {
    const { token } = door
    if (token !== undefined && request.method === 'GET' && isEqual(tokenInQuery(request.url), token)) {
      // The token must not stay in the address, which browsers show and remember.
      const cookie = `${TOKEN_COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/`
      return secure(reply).code(303).header('set-cookie', cookie).header('location', '/').send('')
    }
    const refusal = refusalOf(request, door)
    if (refusal !== undefined) return secure(reply).code(refusal.code).send({ error: refusal.error })
  })

  app.get('/', (request, reply) => {
    const nonce = randomBytes(16).toString('base64')
    const url = parts.url ?? `http://${hostOf(request.headers.host)}`
    return send(reply, nonce).send(page({ status: status(), url, refreshMs: config.refreshMs, nonce }))
  })
  app.get('/console/live', (_request, reply) => send(reply).send(liveSection(status()).html))
  app.get('/api/status', (_request, reply) => secure(reply).send(status()))

  const counts = (): { total: number; good: number; bad: number } => {
    const { good, bad } = seen
    return { total: good + bad, good, bad }
  }
  for (const method of ['GET', 'POST'] as const) {
    app.route({ method, url: '/micro/all', handler: (_request, reply) => secure(reply).send(counts()) })
    app.route({
      method,
      url: '/micro/good',
      async handler(request, reply) {
        const filter = parseFilter(request.query, request.body)
        if ('fault' in filter) return secure(reply).code(400).send({ error: filter.fault })
        const records = recordsOf(held.good.recent, codecs.good)
        return secure(reply).send(await microGood(records, filter, { log, codec: codecs.raw }))
      },
    })
    app.route({
      method,
      url: '/micro/bad',
      handler(request, reply) {
        const filter = parseFilter(request.query, request.body)
        if ('fault' in filter) return secure(reply).code(400).send({ error: filter.fault })
        const records = recordsOf(held.bad.recent, codecs.bad)
        return secure(reply).send(microBad(records, filter.limit))
      },
    })
    app.route({
      method,
      url: '/micro/reset',
      handler(_request, reply) {
        held.good.recent.clear()
        held.bad.recent.clear()
        seen.good = seen.bad = 0
        return secure(reply).send(counts())
      },
    })
  }

  app.setNotFoundHandler((_request, reply) =>
    secure(reply).code(404).send({
      error: 'There is nothing here. Events go to POST /v1/events or to a tracker path; the page is at /.',
    }),
  )
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const code = error.statusCode ?? 500
    if (code >= 500) logger.error({ err: error }, 'the console could not answer')
    const message = code >= 500 ? 'The console could not answer; the reason is in its log.' : error.message
    return secure(reply).code(code).send({ error: message })
  })
  await app.ready()

  return {
    handle: (req, res) => app.routing(req, res),
    inject: app.inject.bind(app) as FastifyInstance['inject'],
    status,
    async close() {
      stopping.abort()
      await Promise.all(following)
      await app.close()
    },
  }
}

/** Prepares an HTML response whose policy allows only the page's own style and script, by nonce. */
function send(reply: FastifyReply, nonce?: string): FastifyReply {
  const own = nonce === undefined ? "'none'" : `'nonce-${nonce}'`
  return secure(reply)
    .header(
      'content-security-policy',
      `default-src 'none'; script-src ${own}; style-src ${own}; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
    .type('text/html; charset=utf-8')
}

/** Keeps the response, which shows what visitors sent, from other sites, from caches and from content sniffing. */
function secure(reply: FastifyReply): FastifyReply {
  return reply
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('cross-origin-resource-policy', 'same-origin')
    .header('cross-origin-opener-policy', 'same-origin')
    .header('x-frame-options', 'DENY')
}

/**
 * Returns the request's host if it is a host name, else localhost:8080: it goes into commands that a person copies.
 */
function hostOf(host: string | undefined): string {
  return host !== undefined && /^[a-z0-9.-]+(?::\d+)?$|^\[[0-9a-f:]+\](?::\d+)?$/i.test(host)
    ? host
    : 'localhost:8080'
}
