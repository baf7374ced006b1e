/**
 * 128 bits of hash of a text, into `out`: MurmurHash3 (x86, 128 bits, seed 0; Austin Appleby, public domain) over its
 * UTF-16 code units. Well spread, fast, the same everywhere and forever; but no defence against deliberate collisions,
 * so a caller that must be sure compares the texts too.
 */
export function hash128(text: string, out: Uint32Array): void {
  let h1 = 0
  let h2 = 0
  let h3 = 0
  let h4 = 0
  const length = text.length
  let i = 0
  for (; i + 8 <= length; i += 8) {
    h1 = rotate(h1 ^ scramble(pair(text, i), 0x239b961b, 15, 0xab0e9789), 19)
    h1 = (Math.imul(h1 + h2, 5) + 0x561ccd1b) | 0
    h2 = rotate(h2 ^ scramble(pair(text, i + 2), 0xab0e9789, 16, 0x38b34ae5), 17)
    h2 = (Math.imul(h2 + h3, 5) + 0x0bcaa747) | 0
    h3 = rotate(h3 ^ scramble(pair(text, i + 4), 0x38b34ae5, 17, 0xa1e38b93), 15)
    h3 = (Math.imul(h3 + h4, 5) + 0x96cd1c35) | 0
    h4 = rotate(h4 ^ scramble(pair(text, i + 6), 0xa1e38b93, 18, 0x239b961b), 13)
    h4 = (Math.imul(h4 + h1, 5) + 0x32ac3b17) | 0
  }
  // The rest is shorter than a block. charCodeAt past the end is NaN, which counts as zero and changes nothing.
  if (i < length) {
    h1 ^= scramble(pair(text, i), 0x239b961b, 15, 0xab0e9789)
    h2 ^= scramble(pair(text, i + 2), 0xab0e9789, 16, 0x38b34ae5)
    h3 ^= scramble(pair(text, i + 4), 0x38b34ae5, 17, 0xa1e38b93)
    h4 ^= scramble(pair(text, i + 6), 0xa1e38b93, 18, 0x239b961b)
  }
  finishInto(out, 2 * length, h1, h2, h3, h4)
}

/** The same hash over whole words, a multiple of four of them. */
export function hashOfWords(words: Uint32Array, out: Uint32Array): void {
  let h1 = 0
  let h2 = 0
  let h3 = 0
  let h4 = 0
  for (let i = 0; i < words.length; i += 4) {
    h1 = rotate(h1 ^ scramble(words[i]!, 0x239b961b, 15, 0xab0e9789), 19)
    h1 = (Math.imul(h1 + h2, 5) + 0x561ccd1b) | 0
    h2 = rotate(h2 ^ scramble(words[i + 1]!, 0xab0e9789, 16, 0x38b34ae5), 17)
    h2 = (Math.imul(h2 + h3, 5) + 0x0bcaa747) | 0
    h3 = rotate(h3 ^ scramble(words[i + 2]!, 0x38b34ae5, 17, 0xa1e38b93), 15)
    h3 = (Math.imul(h3 + h4, 5) + 0x96cd1c35) | 0
    h4 = rotate(h4 ^ scramble(words[i + 3]!, 0xa1e38b93, 18, 0x239b961b), 13)
    h4 = (Math.imul(h4 + h1, 5) + 0x32ac3b17) | 0
  }
  finishInto(out, 4 * words.length, h1, h2, h3, h4)
}

/** The hash of `bytes` bytes, from the lanes that they were mixed into. */
function finishInto(
  out: Uint32Array,
  bytes: number,
  lane1: number,
  lane2: number,
  lane3: number,
  lane4: number,
): void {
  let h1 = lane1 ^ bytes
  let h2 = lane2 ^ bytes
  let h3 = lane3 ^ bytes
  let h4 = lane4 ^ bytes
  h1 = (h1 + h2 + h3 + h4) | 0
  h2 = finish(h2 + h1)
  h3 = finish(h3 + h1)
  h4 = finish(h4 + h1)
  h1 = finish(h1)
  h1 = (h1 + h2 + h3 + h4) | 0
  out[0] = h1
  out[1] = h2 + h1
  out[2] = h3 + h1
  out[3] = h4 + h1
}

const scratch = new Uint32Array(4)

/** 32 of the 128 bits: for values of features. */
export function hash32(text: string): number {
  hash128(text, scratch)
  return scratch[0]!
}

/** The 128 bits as 32 hexadecimal digits. */
export function hashHex(text: string): string {
  hash128(text, scratch)
  return hex8(scratch[0]!) + hex8(scratch[1]!) + hex8(scratch[2]!) + hex8(scratch[3]!)
}

const HEX2 = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function hex8(word: number): string {
  return HEX2[word >>> 24]! + HEX2[(word >>> 16) & 255]! + HEX2[(word >>> 8) & 255]! + HEX2[word & 255]!
}

function pair(text: string, i: number): number {
  return text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16)
}

function scramble(word: number, before: number, bits: number, after: number): number {
  const mixed = Math.imul(word, before)
  return Math.imul((mixed << bits) | (mixed >>> (32 - bits)), after)
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

function finish(word: number): number {
  let mixed = word | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
