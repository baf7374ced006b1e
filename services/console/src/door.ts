import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isLocalHost } from '@sluicebox/runtime/local-host'

/** Who may look at the page and the read API. They show what visitors sent. */
export interface Door {
  /** Whether only this machine can reach the port. */
  readonly isLocal: boolean
  /** What a reader has to show; undefined where every reader of this machine may look. */
  readonly token: string | undefined
}

export interface Visit {
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

export interface Refusal {
  readonly code: 401 | 403 | 421
  readonly error: string
}

export const TOKEN_COOKIE = 'sluicebox_console'

/** A request to it changes what others see. */
const CHANGING = /^\/micro\/reset(?:\?|$)/

/** Returns why a request is refused; undefined when it may pass. */
export function refusalOf({ url, headers }: Visit, { isLocal, token }: Door): Refusal | undefined {
  if (isLocal && !isLocalHost(headers.host))
    return {
      code: 421,
      error: `This port answers to localhost and 127.0.0.1, not to ${JSON.stringify(headers.host ?? '')}.`,
    }
  if (token !== undefined && !isEqual(tokenOf(headers), token))
    return {
      code: 401,
      error:
        'Send the token of console.token as "Authorization: Bearer …", or open the page with ?token=… once.',
    }
  if (CHANGING.test(url) && isForeign(headers))
    return { code: 403, error: 'A page of another site can not do this.' }
  return undefined
}

/** The token in the query of the first visit of a browser, which then gets it as a cookie. */
export function tokenInQuery(url: string): string | undefined {
  return URL.parse(url, 'http://localhost')?.searchParams.get('token') ?? undefined
}

export function isEqual(given: string | undefined, token: string): boolean {
  // Hashes have one length, so that the comparison takes the same time for all.
  return (
    given !== undefined && timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', token, 'buffer'))
  )
}

function tokenOf({ authorization, cookie }: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1]
  if (bearer !== undefined) return bearer
  const found = (cookie ?? '').split(/; */).find(each => each.startsWith(`${TOKEN_COOKIE}=`))
  return found === undefined ? undefined : found.slice(TOKEN_COOKIE.length + 1)
}

/** Test helpers send neither header, and a page of this port sends its own origin. */
function isForeign(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  const { origin, host } = headers
  if (origin === undefined) return false
  return URL.parse(origin)?.host !== host
}
