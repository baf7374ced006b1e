// State as bytes: sections of parts, each part whole words copied as they are in memory (little endian on every
// machine that Node runs on), with a checksum over all.

export type Part = Uint32Array<ArrayBuffer>

const MAGIC = 0x53425353
const FORMAT_VERSION = 1
// The first words: magic, version, checksum, count of sections, fingerprint.
const CHECKSUM = 2
const HEADER_WORDS = 8

export interface Snapshot {
  /** Four words that say what the sections can be used with. */
  readonly fingerprint: Uint32Array
  readonly sections: readonly (readonly Part[])[]
}

export function writeSnapshot({ fingerprint, sections }: Snapshot): Uint8Array {
  const wordCount = sections.reduce(
    (sum, parts) => parts.reduce((partSum, part) => partSum + 1 + part.length, sum + 1),
    HEADER_WORDS,
  )
  const words = new Uint32Array(wordCount)
  words.set([MAGIC, FORMAT_VERSION, 0, sections.length])
  words.set(fingerprint, 4)
  let at = HEADER_WORDS
  for (const parts of sections) {
    words[at++] = parts.length
    for (const part of parts) {
      words[at++] = part.length
      words.set(part, at)
      at += part.length
    }
  }
  words[CHECKSUM] = checksum(words)
  return new Uint8Array(words.buffer)
}

/** The sections of a snapshot. Throws when it was cut or changed, or was not made for `fingerprint`. */
export function readSnapshot(bytes: Uint8Array, fingerprint: Uint32Array): readonly (readonly Part[])[] {
  // A copy begins where words may begin, which a part of something larger may not. (The slice of a Buffer is not a copy.)
  const words = new Uint32Array(new Uint8Array(bytes).buffer, 0, Math.floor(bytes.length / 4))
  if (words.length < HEADER_WORDS || words[0] !== MAGIC || bytes.length % 4 !== 0)
    throw new Error('this is not a snapshot of sessions; delete it, and the state is rebuilt from the log')
  if (words[1] !== FORMAT_VERSION)
    throw new Error(
      `the snapshot has format ${words[1]}, not ${FORMAT_VERSION}; delete it, and the state is rebuilt`,
    )
  const expected = words[CHECKSUM]
  words[CHECKSUM] = 0
  if (checksum(words) !== expected)
    throw new Error(
      'the snapshot is damaged: its checksum is wrong; delete it, and the state is rebuilt from the log',
    )
  if (fingerprint.some((word, i) => words[4 + i] !== word))
    throw new Error('the snapshot was made with other features or another session policy; start without it')
  const sections: Part[][] = []
  let at = HEADER_WORDS
  for (let section = 0; section < words[3]!; section++) {
    const parts: Part[] = []
    for (let left = words[at++]!; left > 0; left--) {
      const length = words[at++]!
      parts.push(words.subarray(at, at + length))
      at += length
    }
    sections.push(parts)
  }
  return sections
}

/** Two lanes, so that one multiplication need not wait for the one before it. */
function checksum(words: Uint32Array): number {
  let even = 0x9e3779b1
  let odd = 0x85ebca6b
  const pairs = words.length & ~1
  for (let i = 0; i < pairs; i += 2) {
    even = Math.imul(even ^ words[i]!, 0x01000193)
    odd = Math.imul(odd ^ words[i + 1]!, 0x01000193)
  }
  if (pairs < words.length) even = Math.imul(even ^ words[pairs]!, 0x01000193)
  return (even ^ ((odd << 13) | (odd >>> 19)) ^ words.length) >>> 0
}
