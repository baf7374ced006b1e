// A walk over the bytes of JSON text that builds nothing. It comes before JSON.parse, which has no limits of its own:
// text of a few hundred kilobytes can nest so deeply, or hold so many keys, that parsing it delays all other requests.

export interface JsonLimits {
  /** Objects and arrays inside each other. */
  readonly depthMax: number
  /** Keys of one object. */
  readonly objectKeysMax: number
  /** Keys of all objects together. */
  readonly keysMax: number
  readonly stringBytesMax: number
}

export interface JsonViolation {
  readonly limit: keyof JsonLimits
  /** Byte at which the limit was passed. */
  readonly at: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const COLON = 0x3a
const COMMA = 0x2c

/** The first limit that the text breaks, if any. Says nothing of whether the text is JSON at all. */
export function scanJson(bytes: Uint8Array, limits: JsonLimits): JsonViolation | undefined {
  const { depthMax, objectKeysMax, keysMax, stringBytesMax } = limits
  const keysAt: number[] = [0]
  let depth = 0
  let keys = 0
  let keysHere = 0
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case QUOTE: {
        const start = at
        at = closingQuote(bytes, at)
        if (at - start - 1 > stringBytesMax) return { limit: 'stringBytesMax', at: start }
        break
      }
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        keysAt[depth] = keysHere
        keysHere = 0
        if (++depth > depthMax) return { limit: 'depthMax', at }
        break
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        if (depth > 0) keysHere = keysAt[--depth] as number
        break
      case COLON:
        if (++keysHere > objectKeysMax) return { limit: 'objectKeysMax', at }
        if (++keys > keysMax) return { limit: 'keysMax', at }
        break
      default:
        break
    }
  }
  return undefined
}

/** Where something is in the bytes: from `start` up to, not with, `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** The elements of an array, and the array itself with its brackets. */
export interface ArraySpans {
  readonly array: Span
  readonly elements: readonly Span[]
}

/**
 * Where the elements of an array are in JSON text that parses: of the text itself (`key` null), or of the value
 * of a key of the object that the text is. Undefined when there is no such array, or when the key appears twice or
 * is written with escapes, so that bytes and meaning may differ.
 */
export function findElements(bytes: Uint8Array, key: string | null): ArraySpans | undefined {
  const level = key === null ? 1 : 2
  const wanted = key === null ? undefined : Buffer.from(`"${key}"`)
  let found: ArraySpans | undefined
  let depth = 0
  let lastString: Span = { start: 0, end: 0 }
  let isWanted = key === null
  let open = -1
  let elementStart = -1
  let elements: Span[] = []

  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number
    if (byte <= 0x20) continue
    switch (byte) {
      case QUOTE: {
        if (open >= 0 && depth === level && elementStart < 0) elementStart = at
        const start = at
        at = closingQuote(bytes, at)
        lastString = { start, end: at + 1 }
        continue
      }
      case COLON:
        if (depth === 1 && wanted !== undefined) {
          const name = bytes.subarray(lastString.start, lastString.end)
          if (name.includes(BACKSLASH)) return undefined
          isWanted = wanted.equals(name)
          if (isWanted && found !== undefined) return undefined
        }
        continue
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        if (open >= 0 && depth === level && elementStart < 0) elementStart = at
        depth++
        if (byte === OPEN_ARRAY && depth === level && isWanted && open < 0 && found === undefined) {
          open = at
          elements = []
          elementStart = -1
        }
        continue
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        if (open >= 0 && depth === level) {
          if (elementStart >= 0) elements.push({ start: elementStart, end: endOf(bytes, at) })
          found = { array: { start: open, end: at + 1 }, elements }
          open = -1
          if (key === null) return found
        }
        depth--
        continue
      case COMMA:
        if (open >= 0 && depth === level) {
          elements.push({ start: elementStart, end: endOf(bytes, at) })
          elementStart = -1
        } else if (depth === 1) isWanted = key === null
        continue
      default:
        if (open >= 0 && depth === level && elementStart < 0) elementStart = at
    }
  }
  return found
}

/** The end of an element, without the white space before the comma or bracket at `at`. */
function endOf(bytes: Uint8Array, at: number): number {
  while ((bytes[at - 1] as number) <= 0x20) at--
  return at
}

/** The quote that closes the string which opens at `open`, or the end of the text. */
function closingQuote(bytes: Uint8Array, open: number): number {
  let at = open + 1
  for (; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) return at
    if (byte === BACKSLASH) at++
  }
  return at
}
