import type { Fault } from '@sluicebox/protocol/sent-event'
import type { Columns } from '../columns.ts'
import { lengthFaults, type Page } from './page.ts'
import { readUrlFragment, readUrlQuery } from './parameters.ts'
import { findSite } from './referrer-sites.ts'
import { joinUrl, splitUrl } from './url.ts'

/** What the URL of a referrer tells by itself, without regard to the page that it leads to. */
export interface Referrer {
  readonly faults: readonly Fault[] | undefined
  readonly url: string | null
  readonly host: string | null
  readonly path: string | null
  /**
   * search, social …, or unknown; `setReferrer` recognises pages of the site itself. Null without a referrer.
   */
  readonly medium: string | null
  readonly source: string | null
  readonly term: string | null
}

const LENGTHS = { scheme: 16, host: 255, path: 6000, query: 6000, fragment: 3000 }
const TERM_LENGTH_MAX = 255

export const NO_REFERRER: Referrer = {
  faults: undefined,
  url: null,
  host: null,
  path: null,
  medium: null,
  source: null,
  term: null,
}

/** Splits the URL of a referrer, drops parameters that may not be kept, and finds the kind of its site. */
export function readReferrer(text: string, keep: (name: string) => boolean): Referrer {
  const url = splitUrl(text)
  if (url === undefined)
    return without({ reason: 'field_invalid', place: 'refr', text: 'must be a URL', isMinor: true })
  const [tooLong] = lengthFaults('refr', url, LENGTHS)
  if (tooLong !== undefined) return without({ ...tooLong, isMinor: true })
  const { parameters, kept } = readUrlQuery(url.query, keep)
  const site = url.host === null ? undefined : findSite(url.host, url.path)
  const term = site?.terms.map(name => parameters.get(name)).find(value => value !== undefined)
  return {
    faults: undefined,
    url: joinUrl(url, kept, readUrlFragment(url.fragment, keep).kept),
    host: url.host,
    path: url.path === '' ? null : url.path,
    medium: site?.medium ?? 'unknown',
    source: site?.source ?? null,
    term: term === undefined ? null : bounded(term),
  }
}

const without = (fault: Fault): Referrer => ({ ...NO_REFERRER, faults: [fault] })

/** Cuts a text to at most TERM_LENGTH_MAX UTF-16 units, between characters. */
const bounded = (term: string): string =>
  term.length <= TERM_LENGTH_MAX ? term : term.slice(0, TERM_LENGTH_MAX).replace(/[\uD800-\uDBFF]$/, '')

/**
 * Whether the referrer is a page of the site itself: of the same host (with or without www), or of one of
 * `internalHosts` or below them.
 */
export function isInternal(
  referrerHost: string | null,
  pageHost: string | null,
  internalHosts: ReadonlySet<string>,
): boolean {
  if (referrerHost === null) return false
  if (pageHost !== null && (referrerHost === pageHost || withoutWww(referrerHost) === withoutWww(pageHost)))
    return true
  if (internalHosts.size === 0) return false
  for (let start = 0; start >= 0;) {
    if (internalHosts.has(referrerHost.slice(start))) return true
    const dot = referrerHost.indexOf('.', start)
    start = dot < 0 ? -1 : dot + 1
  }
  return false
}

const withoutWww = (host: string): string => (host.startsWith('www.') ? host.slice(4) : host)

type ReferrerColumns =
  | 'page_referrer'
  | 'referrer_host'
  | 'referrer_path'
  | 'referrer_medium'
  | 'referrer_source'
  | 'referrer_term'

/**
 * Sets the columns of the referrer. A page of the site itself is internal and has no source and no term; an internal
 * referrer with a source is a sign-in or payment provider.
 */
export function setReferrer(
  good: Columns<ReferrerColumns>,
  {
    page,
    referrer,
    tools,
  }: {
    readonly page: Pick<Page, 'host'>
    readonly referrer: Referrer
    readonly tools: { readonly internalHosts: ReadonlySet<string> }
  },
): void {
  const isOwn = isInternal(referrer.host, page.host, tools.internalHosts)
  good.page_referrer = referrer.url
  good.referrer_host = referrer.host
  good.referrer_path = referrer.path
  good.referrer_medium = isOwn ? 'internal' : referrer.medium
  good.referrer_source = isOwn ? null : referrer.source
  good.referrer_term = isOwn ? null : referrer.term
}
