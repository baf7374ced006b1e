import { createServer, type ServerResponse } from 'node:http'
import { Server as NetServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHandler, type HandlerParts } from './handler.ts'
import { startHeartbeat } from '../raw/heartbeat.ts'

export interface RunningCollector extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** For probes: ready while requests are welcome and `raw` can be written. */
  ready(): { readonly ok: boolean; readonly reason?: string }
  /**
   * Stops without losing or refusing anything: says not ready, closes the port, answers what is in flight, and
   * resolves when the last connection is closed. May be called again: it is one stop.
   */
  close(): Promise<void>
}

/** Listens, and writes heartbeats. Rejects when the port can't be had. */
export async function startCollector(parts: HandlerParts): Promise<RunningCollector> {
  const { config, logger } = parts
  const { limits, timeouts, load, drain } = config
  const handler = createHandler(parts)
  const connections = new Map<Socket, Connection>()

  const server = createServer({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    connectionsCheckingInterval: timeouts.checkMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    noDelay: true,
    // The collector says so itself, in JSON like all its refusals.
    requireHostHeader: false,
  })
  server.maxConnections = load.connectionsMax
  server.setTimeout(timeouts.inactivityMs, socket => socket.destroy())

  server.on('connection', (socket: Socket) => {
    connections.set(socket, { requests: 0, own: 0, response: undefined, pending: new Set() })
    socket.on('close', () => connections.delete(socket))
  })
  server.on('request', (req, res) => {
    const connection = connections.get(req.socket)
    if (connection === undefined) return void res.destroy()
    connection.response = res
    connection.pending.add(res)
    res.on('close', () => {
      connection.pending.delete(res)
      // Thousands of connections wait for their next request, and none should keep its last one in memory.
      if (connection.response === res) connection.response = undefined
    })
    // The server's own bound says `close` too, but then leaves the connection open.
    if (++connection.requests === load.requestsPerConnectionMax) res.setHeader('connection', 'close')
    if (handler.handle(req, res) === 'fallback') return
    connection.own++
    res.on('close', () => connection.own--)
  })
  server.on('checkContinue', (req, res) => {
    // Without the go-ahead a client that announces too much reads the refusal before it has sent anything.
    if (!(Number(req.headers['content-length']) > limits.bodyBytesMax)) res.writeContinue()
    server.emit('request', req, res)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const connection = connections.get(socket)
    // A client may have sent requests ahead: what was stored for them is answered first.
    const earlier = [...(connection?.pending ?? [])]
      .filter(({ req }) => req.complete)
      .map(response => new Promise<void>(resolve => response.once('close', resolve)))
    if (earlier.length === 0) answerBroken(error, socket, connection?.response)
    else void Promise.all(earlier).then(() => answerBroken(error, socket, undefined))
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.port, config.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`
  logger.info({ url }, 'collecting')

  const heartbeat = new AbortController()
  const heartbeatEnded =
    config.heartbeatMs === 0
      ? Promise.resolve()
      : startHeartbeat({
          log: { partitionCount: parts.log.partitionCount.bind(parts.log), append: appendHeartbeat },
          codec: parts.codec,
          everyMs: config.heartbeatMs,
          ...(parts.now === undefined ? {} : { now: parts.now }),
          signal: heartbeat.signal,
          onRound: handler.heartbeat,
        })

  /** Through the collector's sink, so that a quiet site also learns whether `raw` can be written. */
  async function appendHeartbeat(_stream: string, records: Parameters<typeof handler.sink.append>[0]) {
    if (!(await handler.sink.append(records).isDurable)) throw new Error(handler.sink.trouble())
  }

  async function stop(): Promise<void> {
    handler.announceStop()
    if (drain.announceMs > 0) await sleep(drain.announceMs)
    handler.closeConnections()
    heartbeat.abort()
    const closed = new Promise<void>(resolve => {
      // Not the HTTP server's own close: that one cuts idle connections at once, where the next request may be
      // under way already, and no longer looks for slow ones.
      NetServer.prototype.close.call(server, () => resolve())
    })
    const idle = setTimeout(() => {
      for (const [socket, { own }] of connections) if (own === 0) socket.destroy()
    }, drain.idleMs)
    const grace = setTimeout(() => {
      logger.warn(
        { connections: connections.size, graceMs: drain.graceMs },
        'closing connections that are still in use',
      )
      server.closeAllConnections()
    }, drain.graceMs)
    await closed
    clearTimeout(idle)
    clearTimeout(grace)
    // Ends the search for slow connections. The server is closed already, which is the error that it reports.
    server.close(() => {})
    await heartbeatEnded
    handler[Symbol.dispose]()
    logger.info('the collector has stopped: everything that it accepted is in raw')
  }

  let stopped: Promise<void> | undefined
  const close = (): Promise<void> => (stopped ??= stop())
  return {
    url,
    port,
    ready() {
      if (handler.isStopping) return { ok: false, reason: 'stopping' }
      const trouble = handler.sink.trouble()
      if (trouble !== undefined) return { ok: false, reason: trouble }
      // The first heartbeat shows that it can.
      return handler.sink.hasWritten || config.heartbeatMs === 0
        ? { ok: true }
        : { ok: false, reason: 'nothing was written to raw yet' }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface Connection {
  requests: number
  /** Requests of the collector's own that are being handled. */
  own: number
  /** Responses that are not over. */
  readonly pending: Set<ServerResponse>
  /** The response that was begun last, until it is over. */
  response: ServerResponse | undefined
}

const LINGER_MS = 1_000

/** Answers what is not HTTP, or came too slowly: there is no request then to answer in the usual way. */
function answerBroken(
  error: NodeJS.ErrnoException,
  socket: Socket,
  response: ServerResponse | undefined,
): void {
  const isBetweenAnswers = response === undefined || response.writableEnded || !response.headersSent
  if (!socket.writable || !isBetweenAnswers || error.code === 'ECONNRESET') return void socket.destroy()
  const { status, reason, message } = describe(error.code)
  const body = `${JSON.stringify({ error: reason, message })}\n`
  socket.end(
    [
      `HTTP/1.1 ${status}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
  // Bytes that were not read would break the connection under the answer.
  socket.resume()
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

function describe(code: string | undefined): { status: string; reason: string; message: string } {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      // 400 and not 431: trackers give up on 400, and the same request would be too long forever.
      return {
        status: '400 Bad Request',
        reason: 'headers_too_large',
        message: 'The request line and headers are too long. Send large events with POST.',
      }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        status: '408 Request Timeout',
        reason: 'too_slow',
        message: 'The request came too slowly. Send it again.',
      }
    default:
      return { status: '400 Bad Request', reason: 'malformed', message: 'This is not an HTTP/1.1 request.' }
  }
}
