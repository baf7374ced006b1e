import { truncateAddress, type AddressPrefixes } from '@sluicebox/protocol/address'

export interface AddressOptions extends AddressPrefixes {
  readonly trustedProxyHops: number
}

/** The longest address: IPv6 in full with a zone, brackets and a port. */
const ADDRESS_LENGTH_MAX = 80

/**
 * The address that the nearest trusted proxy saw: with one trusted hop the last entry of X-Forwarded-For, with two
 * the one before it. Everything further left was written by the client or by an unknown proxy, and proves nothing.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trustedProxyHops: number,
): string | undefined {
  if (trustedProxyHops === 0 || forwardedFor === undefined) return peer
  // Proxies may leave empty elements, which RFC 9110, 5.6.1 has every reader ignore.
  const seen = forwardedFor
    .split(',')
    // RFC 7239 quotes addresses with a port, and some proxies do so here.
    .map(address => address.trim().replace(/^"(.*)"$/, '$1'))
    .filter(address => address !== '')
  return seen[Math.max(0, seen.length - trustedProxyHops)] ?? peer
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
