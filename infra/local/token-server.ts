// Gives out OAuth tokens by the client credentials grant. They are not signed, because brokers started for a test
// accept them unsigned.
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface TokenServer {
  readonly url: string
  /** How many tokens it has given. */
  readonly given: () => number
  readonly stop: () => Promise<void>
}

export interface TokenServerOptions {
  readonly clientId: string
  readonly clientSecret: string
  /** How long a token is good for. */
  readonly lifeS?: number
}

/** Starts it on loopback. */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const { clientId, clientSecret, lifeS = 3600 } = options
  let given = 0
  const server = createServer(async (request, response) => {
    const form = new URLSearchParams(await text(request))
    const [id, secret] = basicCredentials(request) ?? [form.get('client_id'), form.get('client_secret')]
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (form.get('grant_type') !== 'client_credentials') answer(400, { error: 'unsupported_grant_type' })
    else if (id !== clientId || secret !== clientSecret) answer(401, { error: 'invalid_client' })
    else {
      given++
      const scope = form.get('scope')
      const iat = Math.floor(Date.now() / 1000)
      const token = unsignedToken({ sub: clientId, iat, exp: iat + lifeS, ...(scope !== null && { scope }) })
      answer(200, { access_token: token, token_type: 'Bearer', expires_in: lifeS })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    given: () => given,
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function basicCredentials(request: IncomingMessage): [string, string] | undefined {
  const encoded = /^Basic (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const plain = Buffer.from(encoded, 'base64').toString()
  const colon = plain.indexOf(':')
  return [decodeURIComponent(plain.slice(0, colon)), decodeURIComponent(plain.slice(colon + 1))]
}

function unsignedToken(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part(claims)}.`
}
