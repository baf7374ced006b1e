import { hash128, hashOfWords } from '../memory/hash.ts'

/**
 * An id as 128 bits. A UUID in its usual form (lower case) is those bits and nothing else; any other text is hashed to
 * them, and has to be kept as well, to read it back and to distinguish it from another text with the same hash.
 */
export interface Identity {
  readonly words: Uint32Array
  isUuid: boolean
  text: string
}

export function createIdentity(): Identity {
  return { words: new Uint32Array(4), isUuid: false, text: '' }
}

/** Makes `identity` that of `text`. */
export function setIdentity(identity: Identity, text: string): void {
  identity.text = text
  identity.isUuid = packUuid(text, identity.words)
  if (!identity.isUuid) hash128(text, identity.words)
}

/** Makes `identity` a UUID of version 8, made from `text`: the same text always gives the same one. */
export function setDerivedUuid(identity: Identity, text: string): void {
  const { words } = identity
  hash128(text, words)
  words[1] = (words[1]! & 0xffff0fff) | 0x8000
  words[2] = (words[2]! & 0x3fffffff) | 0x80000000
  identity.text = formatUuid(words[0]!, words[1]!, words[2]!, words[3]!)
  identity.isUuid = true
}

const pairWords = new Uint32Array(12)
const NO_ID = 2

/**
 * 128 bits, into `out`, that a session is remembered by when its texts are gone: those of its visitor and its id. Without
 * an id, those that the visitor's runs share.
 */
export function hashSession(out: Uint32Array, visitor: Identity, id?: Identity): void {
  pairWords.fill(0)
  pairWords.set(visitor.words)
  if (id !== undefined) pairWords.set(id.words, 4)
  pairWords[8] = visitor.isUuid ? 1 : 0
  pairWords[9] = id === undefined ? NO_ID : id.isUuid ? 1 : 0
  hashOfWords(pairWords, out)
}

const HEX = Buffer.from('0123456789abcdef', 'latin1')
const DIGITS = new Int8Array(128).fill(-1)
HEX.forEach((code, digit) => (DIGITS[code] = digit))
const DASH = 45
const UUID_LENGTH = 36
const uuid = Buffer.alloc(UUID_LENGTH, '-', 'latin1')

export function formatUuid(a: number, b: number, c: number, d: number): string {
  writeHex(a >>> 16, 0)
  writeHex(a, 4)
  writeHex(b >>> 16, 9)
  writeHex(b, 14)
  writeHex(c >>> 16, 19)
  writeHex(c, 24)
  writeHex(d >>> 16, 28)
  writeHex(d, 32)
  return uuid.toString('latin1')
}

function writeHex(word: number, at: number): void {
  uuid[at] = HEX[(word >>> 12) & 15]!
  uuid[at + 1] = HEX[(word >>> 8) & 15]!
  uuid[at + 2] = HEX[(word >>> 4) & 15]!
  uuid[at + 3] = HEX[word & 15]!
}

function packUuid(text: string, words: Uint32Array): boolean {
  if (
    text.length !== UUID_LENGTH ||
    text.charCodeAt(8) !== DASH ||
    text.charCodeAt(13) !== DASH ||
    text.charCodeAt(18) !== DASH ||
    text.charCodeAt(23) !== DASH
  )
    return false
  const a = hex4(text, 0)
  const b = hex4(text, 4)
  const c = hex4(text, 9)
  const d = hex4(text, 14)
  const e = hex4(text, 19)
  const f = hex4(text, 24)
  const g = hex4(text, 28)
  const h = hex4(text, 32)
  if ((a | b | c | d | e | f | g | h) < 0) return false
  words[0] = (a << 16) | b
  words[1] = (c << 16) | d
  words[2] = (e << 16) | f
  words[3] = (g << 16) | h
  return true
}

/** Four hexadecimal digits as a number; negative when one of them is not hexadecimal. */
function hex4(text: string, at: number): number {
  return (
    (digit(text.charCodeAt(at)) << 12) |
    (digit(text.charCodeAt(at + 1)) << 8) |
    (digit(text.charCodeAt(at + 2)) << 4) |
    digit(text.charCodeAt(at + 3))
  )
}

function digit(code: number): number {
  return code < 128 ? DIGITS[code]! : -1
}
