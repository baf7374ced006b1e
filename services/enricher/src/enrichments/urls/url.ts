/** A URL taken apart, without login and password. Nothing is decoded but the case of scheme and host. */
export interface Url {
  /** Null for a path alone. */
  readonly scheme: string | null
  readonly host: string | null
  readonly port: string | null
  readonly path: string
  readonly query: string | null
  readonly fragment: string | null
}

const SCHEME = /^([a-z][a-z0-9+.-]*):/i
const HOST = /^(?:\[[0-9a-f:.]+\]|[^\s:/?#[\]<>"\\^`{|}]*)$/i
const PORT = /^\d{1,5}$/

/**
 * Splits an absolute URL, or a path that begins with a slash. More lenient than the standard (it takes what people
 * type into shop software), and several times faster; undefined when it is neither.
 */
export function splitUrl(text: string): Url | undefined {
  const trimmed = text.trim()
  const hash = trimmed.indexOf('#')
  const fragment = hash < 0 ? null : trimmed.slice(hash + 1)
  const beforeHash = hash < 0 ? trimmed : trimmed.slice(0, hash)
  const mark = beforeHash.indexOf('?')
  const query = mark < 0 ? null : beforeHash.slice(mark + 1)
  const base = mark < 0 ? beforeHash : beforeHash.slice(0, mark)

  const scheme = SCHEME.exec(base)?.[1]?.toLowerCase() ?? null
  const rest = scheme === null ? base : base.slice(scheme.length + 1)
  if (rest.startsWith('//')) {
    const slash = rest.indexOf('/', 2)
    const place = splitAuthority(slash < 0 ? rest.slice(2) : rest.slice(2, slash))
    const path = slash < 0 ? '/' : rest.slice(slash)
    return place === undefined ? undefined : { scheme, ...place, path, query, fragment }
  }
  // Without a scheme only a path can be meant.
  if (scheme === null)
    return rest.startsWith('/') ? { scheme, host: null, port: null, path: rest, query, fragment } : undefined
  // about:blank has no parts, and what data: and javascript: have is not a place.
  const path = scheme === 'about' ? rest : ''
  return { scheme, host: null, port: null, path, query: null, fragment: null }
}

function splitAuthority(authority: string): Pick<Url, 'host' | 'port'> | undefined {
  const hostPort = authority.slice(authority.lastIndexOf('@') + 1)
  const colon = hostPort.lastIndexOf(':')
  const hasPort = colon > hostPort.lastIndexOf(']')
  const host = (hasPort ? hostPort.slice(0, colon) : hostPort).toLowerCase()
  const port = hasPort && colon + 1 < hostPort.length ? hostPort.slice(colon + 1) : null
  if (!HOST.test(host) || (port !== null && !PORT.test(port))) return undefined
  return { host: host === '' ? null : host, port }
}

/** The parameters of a URL's query, decoded where they can be; of repeated names the first that is not empty. */
export type Parameters = ReadonlyMap<string, string>

const NO_PARAMETERS: Parameters = new Map()

/** A query, read once: what its parameters say, and what of it may be kept. */
export interface ReadQuery {
  readonly parameters: Parameters
  /** The parameters whose names `keep` allows, as they were written; null for none. */
  readonly kept: string | null
}

/** Reads the query of a URL. `keep` is asked for each parameter's name in lower case. */
export function readUrlQuery(query: string | null, keep: (name: string) => boolean): ReadQuery {
  if (query === null || query === '') return { parameters: NO_PARAMETERS, kept: null }
  const parameters = new Map<string, string>()
  let kept = ''
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals)).toLowerCase()
    if (name === '') continue
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1))
    if (value !== '' && !parameters.has(name)) parameters.set(name, value)
    if (keep(name)) kept += kept === '' ? pair : `&${pair}`
  }
  return { parameters, kept: kept === '' ? null : kept }
}

/** Percent codes and plus signs decoded; as it stands where it can't be. */
export function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

/** The fragment without what might be private: parameters in it are held to the same list as those of a query. */
export function keptFragment(fragment: string | null, keep: (name: string) => boolean): string | null {
  if (fragment === null || fragment === '') return null
  if (!fragment.includes('=')) return fragment
  const mark = fragment.indexOf('?')
  if (mark < 0) return readUrlQuery(fragment, keep).kept
  const { kept } = readUrlQuery(fragment.slice(mark + 1), keep)
  const route = fragment.slice(0, mark)
  return kept === null ? route || null : `${route}?${kept}`
}

/** The URL put together again from its parts, with the query and fragment that are to be kept. */
export function joinUrl(
  { scheme, host, port, path }: Url,
  query: string | null,
  fragment: string | null,
): string {
  const tail = `${path}${query === null ? '' : `?${query}`}${fragment === null ? '' : `#${fragment}`}`
  if (scheme === null) return host === null ? tail : `//${host}${port === null ? '' : `:${port}`}${tail}`
  if (host === null) return path.startsWith('/') ? `${scheme}://${tail}` : `${scheme}:${tail}`
  return `${scheme}://${host}${port === null ? '' : `:${port}`}${tail}`
}
