import { isIP } from 'node:net'
import { truncateAddress, type AddressPrefixes } from './address.ts'

// Bytes that can't be parsed are written for repair, and must not carry whole addresses: wherever something reads like an
// address, in any encoding that the protocol allows, it is truncated in place.

/** Runs that may hold an address: hexadecimal digits, dots and colons, as they are, percent-encoded or as JSON escapes. */
const CANDIDATE = /(?:[0-9A-Fa-f.:]|%[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2}){3,}/g
/** Runs that may be text in base64 of either alphabet. */
const BASE64 = /[A-Za-z0-9+/_-]{16,}={0,2}/g
const IPV4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)/g
const PRINTABLE = /^[\t\n\r\x20-\x7e\u00a0-\uffff]*$/

/** The bytes with every address in them truncated. The same bytes when there is none. */
export function maskAddresses(bytes: Uint8Array, prefixes: AddressPrefixes): Uint8Array {
  // Latin-1 keeps every byte, whatever the bytes are.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const masked = maskText(text, prefixes)
  return masked === text ? bytes : Buffer.from(masked, 'latin1')
}

/** The same for a text. */
export function maskText(text: string, prefixes: AddressPrefixes): string {
  const plain = text.replace(CANDIDATE, run => maskRun(run, prefixes))
  return plain.replace(BASE64, run => {
    const decoded = Buffer.from(run, 'base64').toString('utf8')
    if (!PRINTABLE.test(decoded)) return run
    const masked = decoded.replace(CANDIDATE, inner => maskRun(inner, prefixes))
    if (masked === decoded) return run
    const encoded = Buffer.from(masked).toString(/[-_]/.test(run) ? 'base64url' : 'base64')
    return run.endsWith('=') ? encoded : encoded.replace(/=+$/, '')
  })
}

/** A run with the addresses in it truncated; as it was, byte for byte, when it holds none. */
function maskRun(run: string, prefixes: AddressPrefixes): string {
  const decoded = run.replace(
    /%([0-9A-Fa-f]{2})|\\u00([0-9A-Fa-f]{2})/g,
    (_all, percent?: string, escape?: string) => String.fromCharCode(parseInt((percent ?? escape)!, 16)),
  )
  const masked = decoded
    .split(/([^0-9A-Fa-f.:]+)/)
    .map(part => maskPart(part, prefixes))
    .join('')
  return masked === decoded ? run : masked
}

function maskPart(part: string, prefixes: AddressPrefixes): string {
  if (part.split(':').length > 2) {
    // An address may have a colon or a dot of the text around it at either end.
    for (const candidate of [part, part.replace(/^:(?!:)|(?<!:):$|\.$/g, '')])
      if (isIP(candidate) === 6) return part.replace(candidate, truncateAddress(candidate, prefixes) ?? '')
  }
  return part.replace(IPV4, address => truncateAddress(address, prefixes) ?? address)
}
