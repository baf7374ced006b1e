import { isIP } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { Connection, Writer, type SASLOptions } from '@platformatic/kafka'
import { LostError, ofProtocol } from './errors.ts'

export interface LinkSettings {
  readonly clientId: string
  /** Bounds connecting, and each request that names no time of its own. */
  readonly requestTimeoutMs: number
  readonly tls?: TlsOptions
  readonly sasl?: SASLOptions
}

/** One connection to a broker, opened by the first request and opened again by the first one after it was lost. */
export interface Link {
  /**
   * Makes a request. Rejects with a `LostError` when no response came, or not in time; the connection is closed then,
   * because a path that lost one response may lose them all.
   */
  request<T>(ask: (connection: Connection) => Promise<T>, timeoutMs?: number): Promise<T>
  /** Connects, where that has not happened yet. */
  open(): Promise<void>
  /** The socket, to be compared with an earlier one; another object each time while there is no connection. */
  socket(): object
  close(): Promise<void>
}

export interface Api {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
}

/** Requests in flight on one connection. Brokers work them off one after the other. */
const IN_FLIGHT_MAX = 1_000
/** The client's own time-out, which loses track of the responses that follow. */
const NEVER_MS = 2 ** 31 - 1

export function createLink(host: string, port: number, settings: LinkSettings): Link {
  const { clientId, requestTimeoutMs, tls, sasl } = settings
  let opening: Promise<Connection> | undefined
  let opened: Connection | undefined

  async function connect(): Promise<Connection> {
    const connection = new Connection(clientId, {
      connectTimeout: requestTimeoutMs,
      requestTimeout: NEVER_MS,
      maxInflights: IN_FLIGHT_MAX,
      // Proxies in front of brokers tell them by this name.
      ...(tls === undefined ? {} : { tls, ...(isIP(host) === 0 ? { tlsServerName: host } : {}) }),
      ...(sasl === undefined ? {} : { sasl }),
    })
    // What fails is reported to the requests that it fails.
    connection.on('error', () => {})
    // Ends the timer that would authenticate again.
    connection.once('close', () => void connection.close())
    try {
      await connection.connect(host, port)
    } catch (error) {
      throw ofProtocol(error)
    }
    opened = connection
    return connection
  }

  async function connected(): Promise<Connection> {
    if (opened !== undefined && isOver(opened)) opened = opening = undefined
    opening ??= connect().catch(error => {
      opening = undefined
      throw error
    })
    const connection = await opening
    // A broker closes a connection that sends other requests while it authenticates again.
    if (connection.status === 'reauthenticating') await connection.ready().catch(() => {})
    return connection
  }

  return {
    async request(ask, timeoutMs = requestTimeoutMs) {
      const connection = await connected()
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
          reject(new LostError(`${host}:${port} sent no response within ${timeoutMs} ms`))
          end(connection)
        }, timeoutMs)
      })
      try {
        return await Promise.race([ask(connection), late])
      } catch (error) {
        throw ofProtocol(error)
      } finally {
        clearTimeout(timer)
      }
    },
    async open() {
      await connected()
    },
    socket: () => (opened === undefined || isOver(opened) ? {} : opened.socket),
    async close() {
      await opening?.then(end).catch(() => {})
    },
  }
}

/** Sends a request whose body is encoded already. Returns what `decode` reads in the response. */
export function sendEncoded<T>(
  link: Link,
  { apiKey, apiVersion }: Api,
  body: Buffer,
  decode: (response: Buffer) => T,
): Promise<T> {
  return link.request(
    connection =>
      new Promise<T>((resolve, reject) => {
        connection.send(
          apiKey,
          apiVersion,
          () => Writer.create().append(body),
          (_id, _key, _version, { buffer }) => decode(buffer.slice()),
          false,
          false,
          (error: Error | null, response?: T) => (error === null ? resolve(response!) : reject(error)),
        )
      }),
  )
}

function isOver({ status, socket }: Connection): boolean {
  return socket.destroyed || status === 'closed' || status === 'closing' || status === 'error'
}

/** Does not wait until what was written has left: it may never do so. */
function end(connection: Connection): void {
  void connection.close()
  connection.socket.destroy()
}
