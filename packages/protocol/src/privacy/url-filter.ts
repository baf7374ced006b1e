// Which parts of the URLs in clients' texts may be stored, such as in the target of a link.

/** Whether a parameter may be kept, by its name in lower case. */
export type KeepParameter = (name: string) => boolean

/**
 * Parameters that say what a page shows, and nothing about the visitor. A name that ends in * matches every name with
 * that beginning.
 */
export const HARMLESS_PARAMETERS: readonly string[] = [
  'utm_*',
  ...['gad_source', 'gad_campaignid'],
  ...[
    'q',
    'query',
    's',
    'k',
    'search',
    'search_query',
    'searchterm',
    'search_term',
    'keyword',
    'keywords',
    'term',
  ],
  ...['page', 'p', 'sort', 'orderby', 'view', 'limit', 'per_page', 'offset'],
  ...[
    'category',
    'cat',
    'c',
    'collection',
    'brand',
    'color',
    'colour',
    'size',
    'price',
    'filter',
    'variant',
    'sku',
  ],
  ...['product', 'product_id', 'productid', 'post_type', 'lang', 'locale', 'currency'],
]

/** Returns which parameters a list of names allows, except some. */
export function parameterList(
  names: readonly string[],
  except: ReadonlySet<string> = new Set(),
): KeepParameter {
  const lower = names.map(name => name.toLowerCase())
  const whole = new Set(lower.filter(name => !name.endsWith('*')))
  const beginnings = lower.filter(name => name.endsWith('*')).map(name => name.slice(0, -1))
  return name =>
    !except.has(name) && (whole.has(name) || beginnings.some(beginning => name.startsWith(beginning)))
}

/**
 * The rest of a URL with one of these schemes is not a location: it is an address, a telephone number, a program, or
 * the whole content of a file.
 */
const NOT_A_PLACE =
  /^\s*(?:mailto|tel|sms|smsto|callto|facetime|facetime-audio|sip|sips|xmpp|javascript|data|blob|vbscript):(?=\S)/i
/** A text without any of these has nothing to filter. */
const MARK = /[?#;]|\/\/[^/\s]*@|%(?:25)*(?:3f|23|3b)/i
/** Characters around a URL in a text. Quotes are escaped if the text is JSON. */
const AROUND = /((?:[\s"'<>`]|\\+["'nrt])+)/
const URL_START = /^(?:[a-z][a-z0-9+.-]*:)?\/|:\/\/|^www\.|^\.\.?\//i
const CODED_SEMICOLON = /%(?:25)*3b/i
const CODED_MARK = /%(?:25)*(?:3f|23|3b)/i

/** Removes the parts of URLs that may not be stored. */
export interface UrlFilter {
  /** Filters each URL in a text; all other text stays as it is. */
  text(text: string): string
  /** Filters a query without its question mark. */
  query(query: string): string
  /** Filters a fragment without its number sign. */
  fragment(fragment: string): string
}

/**
 * Creates a filter that keeps only the parameters that `keep` allows, in the query, the fragment and the path
 * (`;name=value`) of a URL. It removes login and password, and keeps only the scheme of mailto:, tel: and similar URLs.
 * URLs within the kept parameters, and percent-encoded ones, are filtered too.
 */
export function createUrlFilter(keep: KeepParameter): UrlFilter {
  return { text: filterText, query: filterQuery, fragment: filterFragment }

  function filterText(text: string): string {
    const scheme = NOT_A_PLACE.exec(text)?.[0]
    if (scheme !== undefined) return scheme.trimStart()
    if (!MARK.test(text)) return text
    return text
      .split(AROUND)
      .map((piece, index) => (index % 2 === 1 || !MARK.test(piece) ? piece : filterUrl(piece)))
      .join('')
  }

  /** A piece of text without spaces, which may be a URL, or a part of one such as `?a=1`. */
  function filterUrl(piece: string): string {
    const [beforeHash, fragment] = splitAt(piece, '#')
    const [base, query] = splitAt(beforeHash, '?')
    const isUrl = URL_START.test(base)
    const kept = query === undefined ? undefined : isUrl || query.includes('=') ? filterQuery(query) : query
    const keptFragment = fragment === undefined ? undefined : filterFragment(fragment)
    const tail = `${mark('?', query, kept)}${mark('#', fragment, keptFragment)}`
    return `${isUrl ? filterBase(base) : filterCoded(base)}${tail}`
  }

  /** A fragment may be a query (#token=…), or a route with one (#/cart?token=…). */
  function filterFragment(fragment: string): string {
    if (!fragment.includes('=')) return fragment
    const [route, query] = splitAt(fragment, '?')
    const keptRoute = route.includes('=') ? filterQuery(route) : route
    const kept = query === undefined ? '' : filterQuery(query)
    return kept === '' ? keptRoute : `${keptRoute}?${kept}`
  }

  function filterQuery(query: string): string {
    const pairs = query.split('&')
    const kept = pairs.filter(pair => keep(nameOf(pair)))
    return kept.map(filterPair).join('&')
  }

  function filterPair(pair: string): string {
    const equals = pair.indexOf('=')
    if (equals < 0) return pair
    const value = pair.slice(equals + 1)
    const filtered = filterCoded(MARK.test(value) ? withoutParameters(filterNested(value)) : value)
    return filtered === value ? pair : `${pair.slice(0, equals + 1)}${filtered}`
  }

  /** Filters a value that is itself a URL and was not encoded. */
  function filterNested(value: string): string {
    return URL_START.test(value) || value.includes('?') ? filterUrl(value) : value
  }

  function filterBase(base: string): string {
    const start = base.indexOf('//')
    const bare = start < 0 ? base : `${base.slice(0, start + 2)}${withoutLogin(base.slice(start + 2))}`
    if (!MARK.test(bare)) return bare
    return withoutParameters(bare).split('/').map(filterSegment).join('/')
  }

  /** A part of a path, whose parameters may be encoded. */
  function filterSegment(segment: string): string {
    const filtered = filterCoded(segment)
    const decoded = CODED_SEMICOLON.test(filtered) ? decode(filtered) : filtered
    // Codes that can't be decoded stay.
    if (decoded === filtered) return filtered
    const kept = filterSegment(withoutParameters(decoded))
    return kept === decoded ? filtered : encodeURIComponent(kept)
  }

  /** Parameters of a path: /cart;jsessionid=1F. */
  function withoutParameters(text: string): string {
    if (!text.includes(';')) return text
    return text.replace(/;([^;=/]*)=[^;/]*/g, (pair, name: string) => (keep(nameOf(name)) ? pair : ''))
  }

  /** Filters a percent-encoded text. It is encoded again only if the filter changed it. */
  function filterCoded(text: string): string {
    if (!CODED_MARK.test(text)) return text
    const decoded = decode(text)
    const filtered = filterText(decoded)
    return filtered === decoded ? text : encodeURIComponent(filtered)
  }
}

function withoutLogin(authorityOn: string): string {
  const slash = authorityOn.indexOf('/')
  const authority = slash < 0 ? authorityOn : authorityOn.slice(0, slash)
  const at = authority.lastIndexOf('@')
  return at < 0 ? authorityOn : authorityOn.slice(at + 1)
}

/** Returns the mark and the kept text after it; nothing when the filter removed the whole text. */
function mark(sign: string, sent: string | undefined, kept: string | undefined): string {
  if (sent === undefined || kept === undefined) return ''
  return kept === '' && sent !== '' ? '' : `${sign}${kept}`
}

function nameOf(pair: string): string {
  const end = pair.indexOf('=')
  const name = (end < 0 ? pair : pair.slice(0, end)).toLowerCase()
  return name.includes('%') || name.includes('+') ? decode(name.replaceAll('+', ' ')).toLowerCase() : name
}

/** Percent codes decoded once, where they can be. */
function decode(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, codes => {
    try {
      return decodeURIComponent(codes)
    } catch {
      return codes
    }
  })
}

function splitAt(text: string, sign: string): [string, string | undefined] {
  const at = text.indexOf(sign)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}
