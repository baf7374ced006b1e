// Memory for what varies in size from session to session: ids of events, texts. Blocks of a few sizes, each twice the
// one before, in typed arrays: nothing for the garbage collector to visit, freed blocks are used again.

/** A block: 0 is none. */
export type BlockRef = number

export interface Blocks {
  /** A block of at least `bytes` bytes; what it holds is anything. */
  allocate(bytes: number): BlockRef
  free(ref: BlockRef): void
  /** Where the block is: `words(ref)[start(ref)]` is its first word. */
  words(ref: BlockRef): Uint32Array<ArrayBuffer>
  start(ref: BlockRef): number
  wordCount(ref: BlockRef): number
  readonly bytes: number
  save(): Uint32Array<ArrayBuffer>[]
  restore(parts: readonly Uint32Array<ArrayBuffer>[]): void
}

const SMALLEST_BYTES = 16
const CLASS_COUNT = 20
const CHUNK_WORDS = 32 * 1024
const INDEX_BITS = 27
const INDEX_MASK = (1 << INDEX_BITS) - 1

export const BLOCK_BYTES_MAX = SMALLEST_BYTES << (CLASS_COUNT - 1)

/** Blocks of one size. */
interface SizeClass {
  readonly wordCount: number
  readonly indexBits: number
  readonly chunks: Uint32Array<ArrayBuffer>[]
  /** Blocks handed out so far, freed ones included. */
  used: number
  /** First of the freed blocks + 1; each holds the next one in its first word. */
  freed: number
}

export function createBlocks(): Blocks {
  const classes = Array.from({ length: CLASS_COUNT }, (_, i): SizeClass => {
    const wordCount = (SMALLEST_BYTES / 4) << i
    return {
      wordCount,
      indexBits: Math.max(0, Math.log2(CHUNK_WORDS / wordCount)),
      chunks: [],
      used: 0,
      freed: 0,
    }
  })

  const classOf = (ref: BlockRef): SizeClass => classes[(ref - 1) >>> INDEX_BITS]!
  const indexOf = (ref: BlockRef): number => (ref - 1) & INDEX_MASK
  const chunkOf = (size: SizeClass, index: number): Uint32Array<ArrayBuffer> =>
    size.chunks[index >>> size.indexBits]!
  const startOf = (size: SizeClass, index: number): number =>
    (index & ((1 << size.indexBits) - 1)) * size.wordCount
  const chunkWords = (size: SizeClass): number => size.wordCount << size.indexBits

  return {
    allocate(bytes) {
      if (bytes > BLOCK_BYTES_MAX) throw new RangeError(`no block holds ${bytes} bytes`)
      const i = bytes <= SMALLEST_BYTES ? 0 : 32 - Math.clz32((bytes - 1) >>> 4)
      const size = classes[i]!
      let index: number
      if (size.freed > 0) {
        index = size.freed - 1
        size.freed = chunkOf(size, index)[startOf(size, index)]!
      } else {
        index = size.used++
        if (index > INDEX_MASK) throw new RangeError('no block is left')
        if (index >>> size.indexBits === size.chunks.length)
          size.chunks.push(new Uint32Array(chunkWords(size)))
      }
      return (((i << INDEX_BITS) | index) >>> 0) + 1
    },
    free(ref) {
      const size = classOf(ref)
      const index = indexOf(ref)
      chunkOf(size, index)[startOf(size, index)] = size.freed
      size.freed = index + 1
    },
    words(ref) {
      return chunkOf(classOf(ref), indexOf(ref))
    },
    start(ref) {
      return startOf(classOf(ref), indexOf(ref))
    },
    wordCount(ref) {
      return classOf(ref).wordCount
    },
    get bytes() {
      return classes.reduce((sum, size) => sum + 4 * chunkWords(size) * size.chunks.length, 0)
    },
    save() {
      const parts = [Uint32Array.from(classes.flatMap(size => [size.used, size.freed]))]
      for (const size of classes) {
        let left = size.used * size.wordCount
        for (const chunk of size.chunks) {
          parts.push(chunk.subarray(0, Math.min(left, chunk.length)))
          left -= Math.min(left, chunk.length)
        }
      }
      return parts
    },
    restore([counts, ...parts]) {
      let next = 0
      classes.forEach((size, i) => {
        size.used = counts![2 * i]!
        size.freed = counts![2 * i + 1]!
        size.chunks.length = 0
        for (let left = size.used * size.wordCount; left > 0; left -= chunkWords(size)) {
          const chunk = new Uint32Array(chunkWords(size))
          chunk.set(parts[next++]!)
          size.chunks.push(chunk)
        }
      })
    },
  }
}

/** The text in a block of its own. */
export function putText(blocks: Blocks, text: string): BlockRef {
  const bytes = Buffer.byteLength(text, 'utf8')
  const ref = blocks.allocate(4 + bytes)
  const words = blocks.words(ref)
  const start = blocks.start(ref)
  words[start] = bytes
  bytesOf(words).write(text, 4 * (start + 1), bytes, 'utf8')
  return ref
}

/** The text that `putText` put there. */
export function getText(blocks: Blocks, ref: BlockRef): string {
  const words = blocks.words(ref)
  const start = blocks.start(ref)
  const from = 4 * (start + 1)
  return bytesOf(words).toString('utf8', from, from + words[start]!)
}

function bytesOf(words: Uint32Array): Buffer {
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength)
}
