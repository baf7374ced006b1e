import { vendorAt } from './other-vendors.ts'

/** What a request is for, from its method and path alone. */
export type Route =
  /** A tracker's POST: events in the body, `path` after mapping. */
  | { readonly kind: 'tracker'; readonly path: string }
  /** A tracker's GET or HEAD: one event in the query. */
  | { readonly kind: 'pixel'; readonly path: string }
  /** POST /v1/events. */
  | { readonly kind: 'events' }
  /** The client of another vendor. */
  | { readonly kind: 'other-vendor'; readonly vendor: string }
  | {
      readonly kind:
        'preflight' | 'health' | 'sink-health' | 'robots' | 'redirect' | 'events-method' | 'other'
    }

export interface RouteOptions {
  /** Own paths of the site, and the protocol path that each maps to. */
  readonly paths: Readonly<Record<string, string>>
  /** First segments that are never a tracker's. */
  readonly reservedSegments: readonly string[]
}

export const EVENTS_PATH = '/v1/events'

const TWO_SEGMENTS = /^\/([^/]+)\/[^/]+$/

/** Says what a request is for. `path` is without the query. */
export function createRouter({ paths, reservedSegments }: RouteOptions) {
  const mapped = new Map(Object.entries(paths))
  const reserved = new Set(reservedSegments)

  return function route(method: string, path: string): Route {
    if (method === 'OPTIONS') return { kind: 'preflight' }
    const isRead = method === 'GET' || method === 'HEAD'
    const own = mapped.get(path)
    if (own !== undefined) return trackerRoute(method, isRead, own)
    switch (path) {
      case EVENTS_PATH:
        return { kind: method === 'POST' ? 'events' : 'events-method' }
      case '/i':
      case '/ice.png':
        return isRead ? { kind: 'pixel', path } : { kind: 'other' }
      case '/health':
        return isRead ? { kind: 'health' } : { kind: 'other' }
      case '/sink-health':
        return isRead ? { kind: 'sink-health' } : { kind: 'other' }
      case '/robots.txt':
        return isRead ? { kind: 'robots' } : { kind: 'other' }
    }
    const vendor = vendorAt(path)
    if (vendor !== undefined) return { kind: 'other-vendor', vendor }
    const first = TWO_SEGMENTS.exec(path)?.[1]
    if (first === undefined || reserved.has(first)) return { kind: 'other' }
    // Redirects are not offered: an open one sends visitors wherever a link says.
    if (first === 'r') return { kind: 'redirect' }
    return trackerRoute(method, isRead, path)
  }
}

function trackerRoute(method: string, isRead: boolean, path: string): Route {
  if (method === 'POST') return { kind: 'tracker', path }
  return isRead ? { kind: 'pixel', path } : { kind: 'other' }
}
