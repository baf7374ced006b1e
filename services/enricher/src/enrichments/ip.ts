/**
 * An address with its host part zeroed: /24 of IPv4, /48 of IPv6, in canonical form. Null for what is no address (such
 * as `unknown`, which stands in anonymous requests). Truncating twice is truncating once.
 */
export function truncateIp(text: string): string | null {
  const v4 = readV4(text)
  if (v4 !== undefined) return `${v4[0]}.${v4[1]}.${v4[2]}.0`
  const groups = readV6(text)
  if (groups === undefined) return null
  // ::ffff:192.0.2.1 is an IPv4 address in the clothes of the other.
  if (groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff) {
    const [high, low] = [groups[6] as number, groups[7] as number]
    return `${high >> 8}.${high & 255}.${low >> 8}.0`
  }
  const kept = groups.slice(0, 3)
  while (kept.at(-1) === 0) kept.pop()
  return `${kept.map(group => group.toString(16)).join(':')}::`
}

/** The address as it was sent, for a site that keeps it whole; null for what is none. */
export function wholeIp(text: string): string | null {
  return readV4(text) !== undefined || readV6(text) !== undefined ? text.toLowerCase() : null
}

/** The first of several addresses, without port or zone: what a tracker may send as `ip`. */
export function firstIp(text: string): string {
  const first = (/^[^,|\s]*/.exec(text.trim())?.[0] ?? '').split('%')[0] as string
  if (first.startsWith('[')) return first.slice(1, first.includes(']') ? first.indexOf(']') : undefined)
  // One colon is a port's; more belong to IPv6.
  return /^[^:]+:\d+$/.test(first) ? first.slice(0, first.indexOf(':')) : first
}

function readV4(text: string): number[] | undefined {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return undefined
  const bytes = text.split('.').map(Number)
  return bytes.every(byte => byte <= 255) ? bytes : undefined
}

function readV6(text: string): number[] | undefined {
  if (text.length > 45 || !text.includes(':')) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = readGroups(halves[0] as string)
  const tail = halves.length === 2 ? readGroups(halves[1] as string) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  return [...head, ...Array<number>(missing).fill(0), ...tail]
}

function readGroups(text: string): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    const v4 = index === parts.length - 1 ? readV4(part) : undefined
    if (v4 !== undefined) {
      const [a, b, c, d] = v4 as [number, number, number, number]
      groups.push(a * 256 + b, c * 256 + d)
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(parseInt(part, 16))
    else return undefined
  }
  return groups
}
