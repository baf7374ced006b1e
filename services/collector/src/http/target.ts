// What a request asks for, as RFC 9112 lets clients and proxies write it.

export interface Target {
  /** The path with single slashes at its beginning and none at its end. */
  readonly path: string
  /** The query without the question mark; null where there is none. */
  readonly query: string | null
  /** The host of a target in absolute form, which takes the place of the Host header (RFC 9112, 3.2.2). */
  readonly host: string | undefined
}

/** A login before the host is not part of it, and never kept. */
const ABSOLUTE = /^https?:\/\/(?:[^/?#]*@)?([^/?#]*)/i

/** Takes a request target apart: origin form (`/i?e=pv`), or absolute form (`http://host/i?e=pv`), as proxies send it. */
export function readTarget(target: string): Target {
  const absolute = target.startsWith('/') ? null : ABSOLUTE.exec(target)
  const relative = absolute === null ? target : target.slice(absolute[0].length)
  const mark = relative.indexOf('?')
  const path = mark < 0 ? relative : relative.slice(0, mark)
  return {
    path: normalPath(path),
    query: mark < 0 || mark === relative.length - 1 ? null : relative.slice(mark + 1),
    host: absolute?.[1],
  }
}

/** `//i` and `/i/` are `/i`: configurations of proxies and trackers add slashes. */
function normalPath(path: string): string {
  if (path.length > 1 && (path.charCodeAt(1) === 0x2f || path.endsWith('/')))
    return `/${path.replace(/^\/+|\/+$/g, '')}`
  return path === '' ? '/' : path
}

/** Whether a request names its host twice, which RFC 9112, 3.2 forbids: two parts of a chain may each believe another one. */
export function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts > 1
}
