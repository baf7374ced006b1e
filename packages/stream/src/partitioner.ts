// The partition of a record, computed as Kafka's clients do: when other programs write the same stream, each key still
// has one partition.

const SEED = 0x9747b28c | 0
const MULTIPLIER = 0x5bd1e995

const encoder = new TextEncoder()
let scratch = new Uint8Array(1024)

/**
 * Returns the partition of `key` among `count`: murmur2 of its UTF-8 bytes, made positive, modulo the count. A record
 * without a key counts as one with the empty key, so that the output of a stage depends on its records alone.
 */
export function partitionOf(key: string | null, count: number): number {
  const text = key ?? ''
  // UTF-8 needs at most three bytes for each UTF-16 unit.
  if (text.length * 3 > scratch.length) scratch = new Uint8Array(text.length * 3)
  const { written } = encoder.encodeInto(text, scratch)
  return (murmur2(scratch, written) & 0x7fffffff) % count
}

/** Returns MurmurHash2 over the first `length` bytes, as a signed 32-bit integer. */
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
