import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

export interface AddressOptions {
  readonly trustedProxyHops: number
  readonly ipv4PrefixBits: number
  readonly ipv6PrefixBits: number
}

/** The longest address: IPv6 in full with a zone, brackets and a port. */
const ADDRESS_LENGTH_MAX = 80

/**
 * The address that the nearest trusted proxy saw: with one trusted hop the last entry of X-Forwarded-For, with two
 * the one before it. Everything further left was written by the client, or by somebody unknown, and proves nothing.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trustedProxyHops: number,
): string | undefined {
  if (trustedProxyHops === 0 || forwardedFor === undefined) return peer
  const seen = forwardedFor.split(',')
  return seen[Math.max(0, seen.length - trustedProxyHops)]?.trim()
}

/** Zeroes the bits of an address behind the prefix; undefined for what is no address. A port is dropped. */
export function truncateAddress(
  text: string,
  options: Pick<AddressOptions, 'ipv4PrefixBits' | 'ipv6PrefixBits'>,
): string | undefined {
  if (text.length > ADDRESS_LENGTH_MAX) return undefined
  const bare = withoutPort(text)
  // Stricter than the library, which also reads 1.2 and 16909060 as addresses.
  if (isIP(bare) === 0) return undefined
  // `process` also turns an IPv4 address that is written as an IPv6 one into IPv4.
  const address = ipaddr.process(bare)
  const bits = address.kind() === 'ipv4' ? options.ipv4PrefixBits : options.ipv6PrefixBits
  const bytes = address.toByteArray().map((byte, i) => {
    const kept = Math.min(8, Math.max(0, bits - i * 8))
    return byte & (0xff << (8 - kept))
  })
  return ipaddr.fromByteArray(bytes).toString()
}

/** 192.0.2.1:80 → 192.0.2.1, [2001:db8::1]:80 → 2001:db8::1 */
function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1]
  if (bracketed !== undefined) return bracketed
  return /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
}

/** The truncated address of a request. Remembers the last few thousand: most requests come from few addresses. */
export function createAddressReader(options: AddressOptions) {
  const known = new Map<string, string | undefined>()

  return function readAddress(
    peer: string | undefined,
    forwardedFor: string | undefined,
  ): string | undefined {
    const address = clientAddress(peer, forwardedFor, options.trustedProxyHops)
    if (address === undefined || address.length > ADDRESS_LENGTH_MAX) return undefined
    const before = known.get(address)
    if (before !== undefined || known.has(address)) return before
    const truncated = truncateAddress(address, options)
    if (known.size >= 4_096) known.clear()
    known.set(address, truncated)
    return truncated
  }
}
