import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isLocalHost, isLoopback } from './local-host.ts'
import type { Registry } from './metrics.ts'

/** The answer to a probe. */
export interface Health {
  readonly ok: boolean
  /** Why the process is not ok, in words. */
  readonly reason?: string
  /** Further fields of the response. */
  readonly details?: Readonly<Record<string, unknown>>
}

export interface AdminParts {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly metrics: Registry
  /** Whether the process can do its work: its partitions are restored, and it is not stopping. */
  readonly ready: () => Health
  /** Whether the process has started. */
  readonly started: () => boolean
}

export interface AdminServer extends AsyncDisposable {
  readonly url: string
}

/**
 * Serves health and metrics to operators, on a port of their own: /health/live, /health/ready, /health/startup and
 * /metrics. On an address of this machine alone it answers only to names of this machine. A probe receives 200 or 503, with the reason as JSON. Rejects when the port is taken.
 */
export async function startAdmin({ host, port, metrics, ready, started }: AdminParts): Promise<AdminServer> {
  const isLocal = isLoopback(host)
  const server = createServer((req, res) => {
    if (isLocal && !isLocalHost(req.headers.host)) {
      res.writeHead(421, { 'content-type': 'text/plain' })
      res.end('this port answers to localhost and 127.0.0.1\n')
      return
    }
    const answer = ({ ok, reason, details }: Health): void => {
      res.writeHead(ok ? 200 : 503, { 'content-type': 'application/json' })
      res.end(`${JSON.stringify({ status: ok ? 'ok' : 'unavailable', reason, ...details })}\n`)
    }
    switch (req.url?.split('?')[0]) {
      case '/health/live':
        answer({ ok: true })
        break
      case '/health/startup':
        answer(started() ? { ok: true } : { ok: false, reason: 'starting' })
        break
      case '/health/ready':
        answer(ready())
        break
      case '/metrics':
        metrics.metrics().then(
          text => {
            res.writeHead(200, { 'content-type': metrics.contentType })
            res.end(text)
          },
          (error: unknown) => {
            res.writeHead(500)
            res.end(String(error))
          },
        )
        break
      default:
        res.writeHead(404, { 'content-type': 'text/plain' })
        res.end('try /health/live, /health/ready, /health/startup or /metrics\n')
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(
              `port ${port} for health and metrics is taken, perhaps by another process of Sluicebox (EADDRINUSE): give this one another admin.port (--admin-port), or 0 for any free one`,
              { cause: error },
            )
          : error,
      ),
    )
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
