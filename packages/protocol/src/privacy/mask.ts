import { isIP } from 'node:net'
import { truncateAddress, type AddressPrefixes } from './address.ts'

// Bytes that can't be parsed are stored for repair, and must not contain complete addresses. Everything that looks like
// an address, in any encoding that the protocol allows, is truncated in place. All other bytes stay as they are.

/** A character: plain, in percent codes of any depth, or as a JSON escape of any depth. */
const CODE = String.raw`%(?:25)*[\da-f]{2}|\\+u00[\da-f]{2}`
/** Runs that may hold an address. */
const CANDIDATE = new RegExp(`(?:[\\da-f.:]|${CODE}){7,}`, 'gi')
const TOKEN = new RegExp(`${CODE}|[^]`, 'gi')
/** Texts in base64 of either alphabet, whose characters may be in percent codes or escapes. */
const BASE64_SIGN = String.raw`\\+\/|%(?:25)*2[bf]|\\+u002[bf]`
const BASE64_PADDING = String.raw`=|%(?:25)*3d|\\+u003d`
const BASE64 = new RegExp(`(?:[\\w+/-]|${BASE64_SIGN}){10,}(?:${BASE64_PADDING}){0,2}`, 'gi')
const BASE64_TOKEN = new RegExp(`${BASE64_SIGN}|${BASE64_PADDING}|[^]`, 'gi')
/** Text whose characters take two or four bytes, of which all but one are zero (UTF-16, UTF-32), in either order. */
const WIDE = /[^\0](\0{1,3})(?:[^\0]\1){6,}[^\0]?/g
/** Base64 within base64 is decoded, but nothing deeper. */
const DEPTH_MAX = 2

const PART = /[\dA-Fa-f.:]+/g
const IPV4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)/g
/** No visitor has a shorter address, and a::b is usually something else. */
const IPV6_LENGTH_MIN = 7
const IPV6_LENGTH_MAX = 45

/** Returns the bytes with every address in them truncated; the same bytes when there is none. */
export function maskAddresses(bytes: Uint8Array, prefixes: AddressPrefixes): Uint8Array {
  // Latin-1 keeps every byte, whatever the bytes are.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const narrow = text.includes('\0')
    ? text.replace(WIDE, (run, zeros) => maskWide(run, zeros as string, prefixes))
    : text
  const masked = maskText(narrow, prefixes)
  return masked === text ? bytes : Buffer.from(masked, 'latin1')
}

/** A run of wide characters, with `zeros` between them. */
function maskWide(run: string, zeros: string, prefixes: AddressPrefixes): string {
  const text = run.replaceAll(zeros, '')
  const masked = maskText(text, prefixes)
  if (masked === text) return run
  return masked.split('').join(zeros) + (run.endsWith(zeros) ? zeros : '')
}

/** Does the same for a text of unknown content: addresses in base64 are truncated too. */
export function maskText(text: string, prefixes: AddressPrefixes, depth = 0): string {
  const plain = maskPlainText(text, prefixes)
  return depth === DEPTH_MAX ? plain : plain.replace(BASE64, run => maskBase64(run, prefixes, depth + 1))
}

/** Does the same for a text that people write. */
export function maskPlainText(text: string, prefixes: AddressPrefixes): string {
  return text.replace(CANDIDATE, run => maskRun(run, prefixes))
}

/** Returns a run with its addresses truncated, and everything else as it was written. */
function maskRun(run: string, prefixes: AddressPrefixes): string {
  const tokens = tokensOf(run, TOKEN)
  const decoded = typeof tokens === 'string' ? tokens : tokens.map(decodeToken).join('')
  let masked = ''
  let end = 0
  for (const found of addressesIn(decoded)) {
    const address = decoded.slice(found.start, found.end)
    const truncated = truncateAddress(address, prefixes)
    if (truncated === undefined || truncated === address) continue
    masked += between(tokens, end, found.start) + truncated
    end = found.end
  }
  return end === 0 ? run : masked + between(tokens, end)
}

/** Returns the characters of a run, each as it was written; the run itself when all of them are plain. */
function tokensOf(run: string, token: RegExp): string | readonly string[] {
  return /[\\%]/.test(run) ? (run.match(token) as string[]) : run
}

function between(tokens: string | readonly string[], start: number, end?: number): string {
  const slice = tokens.slice(start, end)
  return typeof slice === 'string' ? slice : slice.join('')
}

const decodeToken = (token: string): string =>
  token.length === 1 ? token : String.fromCharCode(parseInt(token.slice(-2), 16))

/**
 * A text in base64 may begin within a run, after letters that do not belong to it, so each of the four alignments is
 * tried.
 */
function maskBase64(run: string, prefixes: AddressPrefixes, depth: number): string {
  const tokens = tokensOf(run, BASE64_TOKEN)
  const plain = typeof tokens === 'string' ? tokens : tokens.map(decodeBase64Token).join('')
  const alphabet = /[-_]/.test(plain) ? 'base64url' : 'base64'
  for (let start = 0; start < 4; start++) {
    const decoded = Buffer.from(plain.slice(start), 'base64').toString('latin1')
    const masked = maskText(decoded, prefixes, depth)
    if (masked === decoded) continue
    const encoded = Buffer.from(masked, 'latin1').toString(alphabet)
    return between(tokens, 0, start) + (plain.endsWith('=') ? encoded : encoded.replace(/=+$/, ''))
  }
  return run
}

const decodeBase64Token = (token: string): string =>
  token.length === 1 || token.endsWith('/') ? token.slice(-1) : decodeToken(token)

interface Span {
  readonly start: number
  readonly end: number
}

/** Where addresses are in a text without codes, from left to right. */
function* addressesIn(text: string): Generator<Span> {
  for (const { 0: part, index } of text.matchAll(PART)) {
    let from = 0
    for (const { start, end } of part.split(':').length > 2 ? ipv6In(part) : []) {
      yield* ipv4In(part.slice(from, start), index + from)
      yield { start: index + start, end: index + end }
      from = end
    }
    yield* ipv4In(part.slice(from), index + from)
  }
}

function* ipv4In(part: string, offset: number): Generator<Span> {
  for (const { 0: address, index } of part.matchAll(IPV4))
    yield { start: offset + index, end: offset + index + address.length }
}

/** Finds the longest IPv6 addresses. The text around them may add a colon or a dot, or hexadecimal letters in front. */
function* ipv6In(part: string): Generator<Span> {
  for (let start = 0; start <= part.length - IPV6_LENGTH_MIN; start++) {
    if (!mayStart(part, start)) continue
    const end = ipv6End(part, start)
    if (end === undefined) continue
    yield { start, end }
    start = end - 1
  }
}

function mayStart(part: string, at: number): boolean {
  if (part[at] === ':') return part[at + 1] === ':' && part[at - 1] !== ':'
  return at === 0 || part[at - 1] === ':'
}

/** Where the longest address that begins at `start` ends; undefined if there is none. */
function ipv6End(part: string, start: number): number | undefined {
  for (let end = farthestEnd(part, start); end - start >= IPV6_LENGTH_MIN; end--) {
    const next = part[end]
    // Never in the middle of a group.
    if (next !== undefined && next !== ':' && next !== '.' && part[end - 1] !== ':') continue
    if (isIP(part.slice(start, end)) === 6) return end
  }
  return undefined
}

/** An address has at most eight colons, and only one pair may be adjacent. */
function farthestEnd(part: string, start: number): number {
  const limit = Math.min(part.length, start + IPV6_LENGTH_MAX)
  let colons = 0
  let pairs = 0
  for (let at = start; at < limit; at++) {
    if (part[at] !== ':') continue
    if (part[at - 1] === ':' && at > start && ++pairs === 2) return at - 1
    if (++colons === 9) return at
  }
  return limit
}
