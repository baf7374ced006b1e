// Patterns that configurations hold: compiled once, and such that no URL can make one of them slow.

/** Texts are cut to this length before a pattern is matched. */
export const MATCHED_LENGTH_MAX = 512

const REGEX_LENGTH_MAX = 500
const UNBOUNDED_MAX = 3

/**
 * Compiles a path pattern: `/products/:product_id`, where `:name` is a part to capture, `*` any characters within a
 * segment, `**` any number of segments, and `(a|b)` a choice. Letters match in either case, and a last slash is no
 * matter. Throws a sentence when it is not a pattern.
 */
export function compilePath(pattern: string): RegExp {
  if (!pattern.startsWith('/')) throw new Error(`the path "${pattern}" must begin with /`)
  if (pattern.length > REGEX_LENGTH_MAX * 4)
    throw new Error(`a path pattern has at most ${REGEX_LENGTH_MAX * 4} characters`)
  let source = ''
  for (const segment of pattern.split('/').slice(1)) {
    if (segment === '**') source += '(?:/[^/]+)*'
    else if (segment !== '') source += `/${compileSegment(segment, pattern)}`
  }
  return new RegExp(`^${source}/?$`, 'iu')
}

const TOKEN = /\*|:([a-z_]+)|\(([^()]*)\)|[^*:()]+|./gu

function compileSegment(segment: string, pattern: string): string {
  let source = ''
  for (const [token, name, choices] of segment.matchAll(TOKEN)) {
    if (token === '*') source += '[^/]*'
    else if (name !== undefined) source += `(?<${name}>[^/]+)`
    else if (choices !== undefined) source += `(?:${choices.split('|').map(escape).join('|')})`
    else if (token === ':' || token === '(' || token === ')')
      throw new Error(`"${token}" in the path "${pattern}" must be part of :name or (a|b)`)
    else source += escape(token)
  }
  return source
}

const escape = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

/** Compiles a regular expression of a configuration. Throws a sentence when it is not a regular expression, or might be slow. */
export function compileRegex(source: string): RegExp {
  const fault = regexFault(source)
  if (fault !== undefined) throw new Error(fault)
  try {
    return new RegExp(source, 'iu')
  } catch (error) {
    throw new Error(`"${source}" is not a regular expression: ${(error as Error).message}`, { cause: error })
  }
}

/**
 * Why a regular expression is refused: what can take exponential time (a repeated group that itself repeats or has
 * alternatives), references back, and more unbounded repetitions than a short text can bear. Undefined when it is fine.
 */
export function regexFault(source: string): string | undefined {
  if (source.length > REGEX_LENGTH_MAX)
    return `the regular expression has ${source.length} characters; ${REGEX_LENGTH_MAX} are allowed`
  if (/\\[1-9]|\\k</.test(source)) return `"${source}" refers back to a group, which can take very long`
  // One entry for each open group: whether it holds a repetition or alternatives.
  const open: boolean[] = []
  let unbounded = 0
  let inClass = false
  for (let at = 0; at < source.length; at++) {
    const char = source[at]
    if (char === '\\') at++
    else if (inClass) inClass = char !== ']'
    else if (char === '[') inClass = true
    else if (char === '(') open.push(false)
    else if (char === '|') open.fill(true)
    else if (char === ')') {
      const isBusy = open.pop() ?? false
      if (isBusy && repeats(source, at + 1))
        return `"${source}" repeats a group that itself repeats or has alternatives, which can take very long`
    } else if (repeats(source, at) && char !== '?') {
      open.fill(true)
    }
    if (!inClass && (char === '*' || char === '+' || (char === '{' && /^\{\d*,\}/.test(source.slice(at)))))
      unbounded++
  }
  return unbounded > UNBOUNDED_MAX
    ? `"${source}" has ${unbounded} unbounded repetitions; ${UNBOUNDED_MAX} are allowed`
    : undefined
}

/** Whether a repetition begins at `at`. */
function repeats(source: string, at: number): boolean {
  const char = source[at]
  return char === '*' || char === '+' || (char === '{' && /^\{\d/.test(source.slice(at)))
}

/** `iglu:com.acme/*`: the text, where a star matches anything. */
export function compileGlob(glob: string): RegExp {
  return new RegExp(`^${glob.split('*').map(escape).join('.*')}$`, 'u')
}

/** The words of a name in lower case with _ between them: Add to Cart, add-to-cart and addToCart are add_to_cart. */
export function normalName(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '_')
    .replaceAll(/^_+|_+$/g, '')
}
