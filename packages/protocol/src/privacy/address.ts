import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** How many bits of an address are kept. */
export interface AddressPrefixes {
  readonly ipv4PrefixBits: number
  readonly ipv6PrefixBits: number
}

/** The longest text with one address: IPv6 in full with a zone, brackets and a port. */
const ADDRESS_LENGTH_MAX = 80

/**
 * Zeroes the bits of an address after the prefix, and returns it in canonical form: `203.0.113.77` becomes
 * `203.0.113.0`. Undefined for a text that is not an address. A port, brackets and a zone are dropped; an IPv4 address
 * written as IPv6 becomes IPv4. Truncating twice gives the same as truncating once.
 */
export function truncateAddress(text: string, prefixes: AddressPrefixes): string | undefined {
  const address = readAddress(text)
  if (address === undefined) return undefined
  const bits = address.kind() === 'ipv4' ? prefixes.ipv4PrefixBits : prefixes.ipv6PrefixBits
  const bytes = address.toByteArray().map((byte, i) => {
    const kept = Math.min(8, Math.max(0, bits - i * 8))
    return byte & (0xff << (8 - kept))
  })
  return ipaddr.fromByteArray(bytes).toString()
}

/** Returns an address in canonical form, with all of its bits; undefined for a text that is not an address. */
export function canonicalAddress(text: string): string | undefined {
  return readAddress(text)?.toString()
}

/** The first of several addresses that a client may send in one text, separated by commas, bars or spaces. */
export function firstAddress(text: string): string {
  return /^[^,|\s]*/.exec(text.trimStart())?.[0] ?? ''
}

function readAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (text.length > ADDRESS_LENGTH_MAX) return undefined
  const bare = withoutPort(text).split('%')[0] as string
  // Stricter than the library, which also reads 1.2 and 16909060 as addresses.
  if (isIP(bare) === 0) return undefined
  // `process` also turns an IPv4 address that is written as an IPv6 one into IPv4.
  return ipaddr.process(bare)
}

/** 192.0.2.1:80 → 192.0.2.1, [2001:db8::1]:80 → 2001:db8::1 */
function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1]
  if (bracketed !== undefined) return bracketed
  return /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
}
