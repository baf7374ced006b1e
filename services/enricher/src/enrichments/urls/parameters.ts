import { cleanText } from '@sluicebox/protocol/clean-text'

/**
 * The parameters of a URL, decoded where possible, without blanks around them. Of parameters with the same name, the
 * first that is not empty counts.
 */
export type Parameters = ReadonlyMap<string, string>

export const NO_PARAMETERS: Parameters = new Map()

/** A query or a fragment, read once: its parameters, and the part that may be kept. */
export interface ReadPart {
  readonly parameters: Parameters
  /** What may be kept, as it was written; null when nothing may. */
  readonly kept: string | null
}

/** Whether the parameter of this name, in lower case, may be kept. */
type Keep = (name: string) => boolean

const NOTHING: ReadPart = { parameters: NO_PARAMETERS, kept: null }

/** Reads the query of a URL, also one that was copied from HTML: `a=1&amp;b=2`. */
export function readUrlQuery(query: string | null, keep: Keep): ReadPart {
  return query === null || query === '' ? NOTHING : readPairs(query.split('&'), keep)
}

const PARAMETERS_BEGIN = /[?&;#]/

/**
 * Reads the fragment of a URL: parameters (`a=1&b=2`), a route and its parameters (`/cart?a=1`), or an anchor. The same
 * list as for a query decides which of its parameters are kept; the text before them is kept.
 */
export function readUrlFragment(fragment: string | null, keep: Keep): ReadPart {
  if (fragment === null || fragment === '') return NOTHING
  // A fragment that was encoded as a whole hides its parameters.
  const text = !fragment.includes('=') && /%3d/i.test(fragment) ? decode(fragment) : fragment
  if (!text.includes('=')) return { parameters: NO_PARAMETERS, kept: text }
  const pieces = text.split(PARAMETERS_BEGIN)
  const route = pieces[0]!.includes('=') ? '' : pieces.shift()!
  const { parameters, kept } = readPairs(pieces, keep)
  if (kept === null) return { parameters, kept: route === '' ? null : route }
  return { parameters, kept: route === '' ? kept : `${route}?${kept}` }
}

/** `first` and what `second` has besides. */
export function joinParameters(first: Parameters, second: Parameters): Parameters {
  if (second.size === 0) return first
  return first.size === 0 ? second : new Map([...second, ...first])
}

function readPairs(pairs: readonly string[], keep: Keep): ReadPart {
  const parameters = new Map<string, string>()
  let kept = ''
  for (const written of pairs) {
    const pair = written.startsWith('amp;') ? written.replace(/^(?:amp;)+/, '') : written
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals)).toLowerCase()
    if (name === '') continue
    const value = equals < 0 ? '' : cleanText(decode(pair.slice(equals + 1))).trim()
    if (value !== '' && !parameters.has(name)) parameters.set(name, value)
    if (keep(name)) kept += kept === '' ? pair : `&${pair}`
  }
  return { parameters, kept: kept === '' ? null : kept }
}

/** Percent codes and plus signs decoded; unchanged where it can't be. */
export function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}
