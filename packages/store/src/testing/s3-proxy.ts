import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What happens to one request. */
export type Fate =
  /** It reaches the store; the response does not come back. */
  | { readonly kind: 'lost answer' }
  /** It reaches the store; the body of the response breaks off in the middle. */
  | { readonly kind: 'broken answer' }
  /** It does not reach the store: the proxy sends this response. */
  | { readonly kind: 'answer'; readonly status: number; readonly code?: string }
  /** It does not reach the store, and there is no response. */
  | { readonly kind: 'silence' }

export interface S3Proxy {
  readonly url: string
  /** Requests seen so far, as `PUT /bucket/key`. */
  readonly seen: string[]
  /** Applies these fates to the next requests with this method, in order; later requests pass unharmed. */
  next(method: string, ...fates: Fate[]): void
  close(): Promise<void>
}

/** Starts a proxy before a store that inflicts faults on requests. */
export async function startS3Proxy(target: string): Promise<S3Proxy> {
  const planned: { readonly method: string; readonly fate: Fate }[] = []
  const seen: string[] = []

  const server = createServer((req, res) => {
    seen.push(`${req.method} ${req.url?.split('?')[0]}`)
    const index = planned.findIndex(({ method }) => method === req.method)
    const fate = index === -1 ? undefined : planned.splice(index, 1)[0]?.fate
    if (fate?.kind === 'silence') req.resume()
    else if (fate?.kind === 'answer') {
      req.resume()
      req.once('end', () => {
        res.writeHead(fate.status, { 'content-type': 'application/xml' })
        if (fate.status === 200) res.end()
        else res.end(`<Error><Code>${fate.code}</Code><Message>as the test says</Message></Error>`)
      })
    } else forward(target, req, res, fate?.kind)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    next: (method, ...fates) => void planned.push(...fates.map(fate => ({ method, fate }))),
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

function forward(
  target: string,
  req: IncomingMessage,
  res: ServerResponse,
  fault: 'lost answer' | 'broken answer' | undefined,
): void {
  // The headers are passed on unchanged, including the host, which is part of what was signed.
  const onward = request(target + req.url, { method: req.method, headers: req.headers }, answer => {
    const parts: Buffer[] = []
    answer.on('data', (part: Buffer) => parts.push(part))
    answer.on('end', () => {
      const body = Buffer.concat(parts)
      if (fault === 'lost answer') return res.destroy()
      res.writeHead(answer.statusCode as number, answer.headers)
      if (fault === undefined) return res.end(body)
      res.write(body.subarray(0, body.length / 2), () => res.destroy())
    })
  })
  onward.on('error', () => res.destroy())
  req.pipe(onward)
}
