// Where a record goes: the partitioning that Kafka's own clients use, so that a stream which other programs write
// or read as well keeps each key in one place.

const SEED = 0x9747b28c | 0
const MULTIPLIER = 0x5bd1e995

const encoder = new TextEncoder()
let scratch = new Uint8Array(1024)

/**
 * The partition of `key` among `count`: murmur2 of its UTF-8 bytes, made positive, modulo the count.
 * No key counts as the empty key, so that what a stage writes never depends on anything but its records.
 */
export function partitionOf(key: string | null, count: number): number {
  const text = key ?? ''
  // UTF-8 takes at most three bytes for each UTF-16 unit.
  if (text.length * 3 > scratch.length) scratch = new Uint8Array(text.length * 3)
  const { written } = encoder.encodeInto(text, scratch)
  return (murmur2(scratch, written) & 0x7fffffff) % count
}

/** MurmurHash2 over the first `length` bytes, as a signed 32-bit integer. */
export function murmur2(bytes: Uint8Array, length = bytes.length): number {
  let hash = SEED ^ length
  const tail = length & ~3
  for (let at = 0; at < tail; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    word = Math.imul(word, MULTIPLIER)
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ word
  }
  const rest = length - tail
  if (rest > 0) {
    if (rest > 2) hash ^= bytes[tail + 2]! << 16
    if (rest > 1) hash ^= bytes[tail + 1]! << 8
    hash = Math.imul(hash ^ bytes[tail]!, MULTIPLIER)
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return hash ^ (hash >>> 15)
}
