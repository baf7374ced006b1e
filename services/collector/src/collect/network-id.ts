import { usableId } from '@sluicebox/protocol/ids'
import { parseCookie, stringifySetCookie, type SetCookie } from 'cookie'

export interface CookieOptions {
  readonly enabled: boolean
  readonly name: string
  readonly maxAgeDays: number
  readonly domains: readonly string[]
  readonly fallbackDomain?: string | undefined
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'none' | 'lax' | 'strict' | 'unset'
}

/** An id that a client may choose: printable, without spaces, of a bounded length. */
const ID = /^[\x21-\x7e]{1,128}$/

export interface CookieJar {
  /** The network user id that the browser brought back, if any that can be used. */
  read(cookieHeader: string | undefined): string | undefined
  /** The Set-Cookie header that gives the browser its id. */
  write(id: string, origin: string | undefined, nowMs: number): string
  /** The Set-Cookie header that takes the id away, when the browser brought one. */
  expire(cookieHeader: string | undefined, origin: string | undefined): string | undefined
}

/** Reads and writes the cookie that holds the network user id. */
export function createCookieJar(options: CookieOptions): CookieJar {
  const { name, domains, fallbackDomain, sameSite } = options
  const maxAge = options.maxAgeDays * 86_400

  let written = { second: -1, origin: undefined as string | undefined, attributes: '' }

  function describe(origin: string | undefined): Omit<SetCookie, 'value'> {
    const domain = cookieDomain(origin, domains) ?? fallbackDomain
    return {
      name,
      path: '/',
      secure: options.secure,
      httpOnly: options.httpOnly,
      ...(sameSite === 'unset' ? {} : { sameSite }),
      ...(domain === undefined ? {} : { domain }),
    }
  }

  return {
    read(cookieHeader) {
      // Most requests of new visitors lack our cookie: this check saves parsing the cookies of the site.
      if (cookieHeader === undefined || !cookieHeader.includes(`${name}=`)) return undefined
      const id = parseCookie(cookieHeader)[name]
      return id !== undefined && ID.test(id) && usableId(id) === id ? id : undefined
    },
    write(id, origin, nowMs) {
      // Everything behind the value is the same for all requests of a second and a domain.
      const second = Math.floor(nowMs / 1_000)
      if (second !== written.second || origin !== written.origin) {
        const expires = new Date((second + maxAge) * 1_000)
        const empty = stringifySetCookie({ ...describe(origin), value: '', maxAge, expires })
        written = { second, origin, attributes: empty.slice(name.length + 1) }
      }
      return `${name}=${encodeURIComponent(id)}${written.attributes}`
    },
    expire(cookieHeader, origin) {
      if (cookieHeader === undefined || !(name in parseCookie(cookieHeader))) return undefined
      return stringifySetCookie({ ...describe(origin), value: '', maxAge: 0, expires: new Date(0) })
    },
  }
}

/** The first of the domains that the host in the origin is, or is under: on a label's boundary. */
function cookieDomain(origin: string | undefined, domains: readonly string[]): string | undefined {
  if (origin === undefined || domains.length === 0) return undefined
  const host = /^https?:\/\/(\[[^\]]*\]|[^/:]+)/.exec(origin)?.[1]?.toLowerCase()
  if (host === undefined) return undefined
  return domains.find(domain => host === domain || host.endsWith(`.${domain}`))
}
