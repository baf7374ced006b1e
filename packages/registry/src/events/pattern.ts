import { RE2JS } from 're2js'
import { spend } from './steps.ts'

// JavaScript's regular expressions backtrack: the time of some patterns doubles with each character of a text. RE2 reads
// each character once, so a schema may hold any pattern that RE2 has. The few patterns that can't backtrack run on the
// engine of JavaScript, which is faster; most ids are checked by one of these.

/** Matches texts in time in proportion to their length. */
export interface Pattern {
  test(text: string): boolean
}

/** Texts longer than this many characters, divided by the size of the pattern, are not matched but accepted. */
const CHARACTERS_TIMES_SIZE_MAX = 2_000_000
/** Characters of a pattern with one long repetition that the engine's own matcher may run. */
const SIMPLE_CHARS_MAX = 100

const known = new Map<string, Pattern | undefined>()

/** Returns the pattern as a matcher; undefined where RE2 lacks what it uses, such as a look-ahead or a back reference. */
export function compilePattern(source: string): Pattern | undefined {
  if (!known.has(source)) known.set(source, isSimple(source) ? native(source) : linear(source))
  return known.get(source)
}

function linear(source: string): Pattern | undefined {
  // RE2 would read the reference to a named group as plain text.
  if (source.includes('\\k<')) return undefined
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(RE2JS.translateRegExp(source))
  } catch {
    return undefined
  }
  const size = compiled.programSize()
  const charsMax = CHARACTERS_TIMES_SIZE_MAX / size
  return {
    test(text) {
      if (text.length > charsMax) return true
      spend((text.length * size) >> 4)
      return compiled.test(text)
    },
  }
}

function native(source: string): Pattern {
  const compiled = expression(source) as RegExp
  return {
    test(text) {
      spend(text.length >> 4)
      return compiled.test(text)
    },
  }
}

/**
 * Whether each alternative begins at the start of the text, has no groups, and at most one repetition whose length is
 * open or above 9: then there is only one place to go back to, and little to repeat after it.
 */
function isSimple(source: string): boolean {
  if (source.length > SIMPLE_CHARS_MAX || expression(source) === undefined) return false
  return source
    .replaceAll(/\\[^1-9k]|\[(?:\\.|[^\]\\])*\]/g, 'x')
    .split('|')
    .every(
      alternative =>
        /^\^[^()\\]*$/.test(alternative) && (alternative.match(/[*+?]|\{\d*,|\{\d\d/g) ?? []).length <= 1,
    )
}

/** The pattern as JavaScript has it: by code points, or as older editions of JSON Schema wrote it, with \- and \_. */
function expression(source: string): RegExp | undefined {
  for (const flags of ['u', ''])
    try {
      return new RegExp(source, flags)
    } catch {
      // The next one may take it.
    }
  return undefined
}
