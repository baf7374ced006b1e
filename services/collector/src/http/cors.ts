export interface CorsOptions {
  readonly applications: readonly { readonly appId: string; readonly origins: readonly string[] }[]
  readonly localOrigins?: boolean | undefined
  readonly allowedHeaders: readonly string[]
  readonly maxAgeSeconds: number
  /** Whether answers set a cookie: only then may a page send with credentials. */
  readonly credentials: boolean
}

export interface Cors {
  /** Headers for an answer to a page: who may read it. */
  headers(origin: string | undefined, host: string | undefined): Readonly<Record<string, string>>
  /** Headers for the answer to a preflight. */
  preflight(origin: string | undefined, host: string | undefined): Readonly<Record<string, string>>
}

const LOCAL = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/

/**
 * Lets a page read the answers when its origin is listed, exactly. An unknown origin, and `null`, is never echoed: its
 * request may be stored, as one by curl may, but its page learns nothing. A browser asks before it posts JSON, so
 * most such requests never come.
 */
export function createCors(options: CorsOptions): Cors {
  const listed = new Set(options.applications.flatMap(application => application.origins))
  const isLocalAllowed = options.localOrigins ?? options.applications.length === 0
  const allowedHeaders = options.allowedHeaders.join(', ')
  const maxAge = String(options.maxAgeSeconds)
  const refused = { vary: 'Origin' }
  // Allowed origins are few: one object for each serves all requests.
  const answers = new Map<string, Readonly<Record<string, string>>>()

  function isAllowed(origin: string, host: string | undefined): boolean {
    if (listed.has(origin)) return true
    if (isLocalAllowed && LOCAL.test(origin)) return true
    // The collector's own pages. TLS may end in front of it, so both schemes count as its own.
    return host !== undefined && (origin === `https://${host}` || origin === `http://${host}`)
  }

  function headers(origin: string | undefined, host: string | undefined): Readonly<Record<string, string>> {
    if (origin === undefined || !isAllowed(origin, host)) return refused
    let answer = answers.get(origin)
    if (answer === undefined) {
      answer = {
        vary: 'Origin',
        'access-control-allow-origin': origin,
        ...(options.credentials ? { 'access-control-allow-credentials': 'true' } : {}),
      }
      if (answers.size < 1_000) answers.set(origin, answer)
    }
    return answer
  }

  return {
    headers,
    preflight(origin, host) {
      const answer = headers(origin, host)
      if (answer === refused) return answer
      return {
        ...answer,
        'access-control-allow-headers': allowedHeaders,
        'access-control-max-age': maxAge,
      }
    },
  }
}
