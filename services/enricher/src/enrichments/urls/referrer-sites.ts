import { hash } from 'node:crypto'
import list from '../../../../../schemas/referrers.json' with { type: 'json' }

const MEDIA = ['search', 'social', 'email', 'paid', 'chatbot', 'internal', 'unknown'] as const

export interface ReferrerSite {
  /** `internal` for sign-in and payment providers: the visitor comes back from them and was not sent by them. */
  readonly medium: (typeof MEDIA)[number]
  /** Null for a site that is known only by a label of its host. */
  readonly source: string | null
  /** Parameters that hold the search term, in lower case; the first one present counts. */
  readonly terms: readonly string[]
}

/** Date and hash of schemas/referrers.json: every event carries it. */
export const REFERRER_SITES_VERSION = `${list.date}+${hash('sha256', JSON.stringify(list), 'hex').slice(0, 8)}`

interface Rule {
  readonly site: ReferrerSite
  /** Whether subdomains are included. */
  readonly below: boolean
  /** How the path begins; empty for every path. */
  readonly path: string
}

/** The rules by host, and by `google.` for google.com, google.de …; of several the longest path comes first. */
const RULES = new Map<string, Rule[]>()
for (const medium of MEDIA)
  for (const { source, hosts, ...group } of list[medium]) {
    const site = { medium, source, terms: 'terms' in group ? group.terms : [] }
    for (const pattern of hosts) {
      const [, below, host, ending, path = ''] = /^(\*\.)?([^/*]+?)(\.\*)?(\/.+)?$/.exec(pattern) ?? []
      if (host === undefined) throw new Error(`schemas/referrers.json: ${pattern} is not a host`)
      const key = ending === undefined ? host : `${host}.`
      RULES.set(key, [...(RULES.get(key) ?? []), { site, below: below !== undefined, path }])
    }
  }
for (const rules of RULES.values())
  rules.sort((a, b) => b.path.length - a.path.length || Number(a.below) - Number(b.below))

const { signIn, payment, email } = list.labels
const RETURN: ReferrerSite = { medium: 'internal', source: null, terms: [] }
const WEBMAIL: ReferrerSite = { medium: 'email', source: null, terms: [] }

/** One of `names`, also numbered or with a short addition: 3ds2, login-eu. */
const labels = (names: readonly string[]): RegExp =>
  new RegExp(`^(?:${names.join('|')})\\d*(?:-[a-z0-9]{1,4})?$`)
const RETURN_LABEL = labels([...signIn, ...payment])
const WEBMAIL_LABEL = labels(email)
const SIGN_IN_PATH = new RegExp(`/(?:${list.signInPaths.join('|')})(?:[/.]|$)`, 'i')

/**
 * With one of these in front, a host is still the same site: www.example.com, m.example.com, de.example.com,
 * pt-br.example.com.
 */
const SAME_SITE = /^(?:www\d*|m|mobile|[a-z]{2}(?:-[a-z]{2})?)$/

/** Longer ones are not hosts. */
const HOST_LENGTH_MAX = 253

/**
 * The site that `host`, in lower case, belongs to: by the rule of the host itself, else by a label of it, else by the rule
 * of the nearest parent that has one for it. Undefined when none has.
 */
export function findSite(host: string, path: string): ReferrerSite | undefined {
  if (host.length > HOST_LENGTH_MAX) return undefined
  const ending = endingOf(host)
  let isWhole = true
  let labelled: ReferrerSite | undefined
  for (let start = 0; ;) {
    const site = siteAt(host, start, ending, isWhole, path)
    if (site !== undefined) {
      // A site of the same kind may also be listed with a name.
      if (labelled !== undefined && labelled.medium !== site.medium) return labelled
      return isSignIn(site, path) ? RETURN : site
    }
    const dot = host.indexOf('.', start)
    if (dot < 0) return labelled
    const label = host.slice(start, dot)
    // A label counts only below a domain: in mail.example.com, but not in mail.com.
    if (dot + 1 < ending.start) labelled ??= siteOfLabel(label)
    isWhole &&= SAME_SITE.test(label)
    start = dot + 1
  }
}

function siteOfLabel(label: string): ReferrerSite | undefined {
  if (RETURN_LABEL.test(label)) return RETURN
  return WEBMAIL_LABEL.test(label) ? WEBMAIL : undefined
}

/** The site that the part of `host` from `start` on is listed for. */
function siteAt(
  host: string,
  start: number,
  ending: Ending,
  isWhole: boolean,
  path: string,
): ReferrerSite | undefined {
  const matches = ({ below, path: beginning }: Rule): boolean =>
    (isWhole || below) && beginsWith(path, beginning)
  const rule = RULES.get(host.slice(start))?.find(matches)
  if (rule !== undefined || !ending.isOpen || start >= ending.start) return rule?.site
  return RULES.get(host.slice(start, ending.start))?.find(matches)?.site
}

function beginsWith(path: string, beginning: string): boolean {
  if (!path.startsWith(beginning)) return false
  return beginning === '' || path.length === beginning.length || path[beginning.length] === '/'
}

/** Networks have pages for signing in to other sites: facebook.com/dialog/oauth. */
const isSignIn = ({ medium }: ReferrerSite, path: string): boolean =>
  medium !== 'internal' && medium !== 'unknown' && SIGN_IN_PATH.test(path)

// com.br, co.uk, or.jp …: what comes before the country in endings of two parts.
const SECOND_LEVEL = new Set(['co', 'com', 'net', 'org', 'ne', 'or', 'go', 'ac', 'gov', 'gob', 'edu', 'nom'])
const OPEN_ENDINGS = new Set(['com', 'net', 'org', 'cat'])

interface Ending {
  readonly start: number
  /** Whether the list has it as `name.*`. */
  readonly isOpen: boolean
}

function endingOf(host: string): Ending {
  const dot = host.lastIndexOf('.')
  const last = host.slice(dot + 1)
  if (last.length !== 2) return { start: dot + 1, isOpen: OPEN_ENDINGS.has(last) }
  const before = dot < 1 ? -1 : host.lastIndexOf('.', dot - 1)
  const hasTwoParts = before >= 0 && SECOND_LEVEL.has(host.slice(before + 1, dot))
  return { start: (hasTwoParts ? before : dot) + 1, isOpen: true }
}
