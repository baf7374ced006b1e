// Memory for what varies in size from session to session: ids of events, texts. Blocks of a few sizes, each twice the
// one before, in typed arrays: nothing for the garbage collector to visit, freed blocks are used again.

/** A block; 0 means that there is no block. */
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

/** Sizes go up by this, and by doubling from the eighth on. */
const STEP_BYTES = 16
const STEPS = 8
const CLASS_COUNT = 24
const CHUNK_WORDS = 16 * 1024
const INDEX_BITS = 27
const INDEX_MASK = (1 << INDEX_BITS) - 1

export const BLOCK_BYTES_MAX = bytesOfClass(CLASS_COUNT - 1)

function bytesOfClass(i: number): number {
  return i < STEPS ? (i + 1) * STEP_BYTES : (STEPS * STEP_BYTES) << (i - STEPS + 1)
}

function classOfBytes(bytes: number): number {
  if (bytes <= STEPS * STEP_BYTES) return Math.max(0, Math.ceil(bytes / STEP_BYTES) - 1)
  return STEPS - 1 + (32 - Math.clz32((bytes - 1) / (STEPS * STEP_BYTES)))
}

/** Memory for some blocks of one size. */
interface Chunk {
  readonly words: Uint32Array<ArrayBuffer>
  /** Blocks handed out so far, freed ones included. */
  used: number
  live: number
  /** First of the freed blocks + 1; each holds the next one in its first word. */
  freed: number
}

/** Blocks of one size. */
interface SizeClass {
  readonly wordCount: number
  /** A chunk has 2 to the power of this many blocks. */
  readonly indexBits: number
  /** A chunk without a block in use is given back; its place is taken by the next new one. */
  readonly chunks: (Chunk | undefined)[]
  /** Chunks that may have room: those that turn out to have none are dropped when they come up. */
  readonly roomy: number[]
}

export function createBlocks(): Blocks {
  const classes = Array.from({ length: CLASS_COUNT }, (_, i): SizeClass => {
    const wordCount = bytesOfClass(i) / 4
    const indexBits = Math.max(0, Math.floor(Math.log2(CHUNK_WORDS / wordCount)))
    return { wordCount, indexBits, chunks: [], roomy: [] }
  })

  const classOf = (ref: BlockRef): SizeClass => classes[(ref - 1) >>> INDEX_BITS]!
  const chunkOf = (size: SizeClass, ref: BlockRef): Chunk =>
    size.chunks[((ref - 1) & INDEX_MASK) >>> size.indexBits]!
  const startOf = (size: SizeClass, ref: BlockRef): number =>
    ((ref - 1) & ((1 << size.indexBits) - 1)) * size.wordCount

  /** Number of a chunk that has room. */
  function findRoom(size: SizeClass): number {
    const { chunks, roomy } = size
    for (;;) {
      const last = roomy.at(-1)
      if (last === undefined) break
      const chunk = chunks[last]
      if (chunk !== undefined && chunk.live < 1 << size.indexBits) return last
      roomy.pop()
    }
    const vacant = chunks.indexOf(undefined)
    const added = vacant < 0 ? chunks.length : vacant
    if (added > INDEX_MASK >>> size.indexBits) throw new RangeError('no block is left')
    chunks[added] = { words: new Uint32Array(size.wordCount << size.indexBits), used: 0, live: 0, freed: 0 }
    roomy.push(added)
    return added
  }

  return {
    allocate(bytes) {
      if (bytes > BLOCK_BYTES_MAX) throw new RangeError(`no block holds ${bytes} bytes`)
      const i = classOfBytes(bytes)
      const size = classes[i]!
      const number = findRoom(size)
      const chunk = size.chunks[number]!
      const index = chunk.freed > 0 ? chunk.freed - 1 : chunk.used++
      if (chunk.freed > 0) chunk.freed = chunk.words[index * size.wordCount]!
      chunk.live++
      return (((i << INDEX_BITS) | (number << size.indexBits) | index) >>> 0) + 1
    },
    free(ref) {
      const size = classOf(ref)
      const number = ((ref - 1) & INDEX_MASK) >>> size.indexBits
      const chunk = size.chunks[number]!
      const blockCount = 1 << size.indexBits
      if (chunk.live === blockCount) size.roomy.push(number)
      chunk.live--
      if (chunk.live === 0 && size.chunks.length > 1) {
        size.chunks[number] = undefined
        return
      }
      const index = (ref - 1) & (blockCount - 1)
      chunk.words[index * size.wordCount] = chunk.freed
      chunk.freed = index + 1
    },
    words(ref) {
      return chunkOf(classOf(ref), ref).words
    },
    start(ref) {
      return startOf(classOf(ref), ref)
    },
    wordCount(ref) {
      return classOf(ref).wordCount
    },
    get bytes() {
      return classes.reduce(
        (sum, { chunks }) => chunks.reduce((all, chunk) => all + (chunk?.words.byteLength ?? 0), sum),
        0,
      )
    },
    save() {
      const parts: Uint32Array<ArrayBuffer>[] = [Uint32Array.from(classes, ({ chunks }) => chunks.length)]
      for (const { wordCount, chunks } of classes)
        for (const chunk of chunks) {
          const { used, live, freed } = chunk ?? { used: 0, live: 0, freed: 0 }
          parts.push(Uint32Array.of(used, live, freed))
          if (live > 0) parts.push(chunk!.words.subarray(0, used * wordCount))
        }
      return parts
    },
    restore([counts, ...parts]) {
      let next = 0
      classes.forEach((size, i) => {
        size.chunks.length = 0
        size.roomy.length = 0
        for (let number = 0; number < counts![i]!; number++) {
          const [used, live, freed] = parts[next++]!
          if (live === 0) {
            size.chunks.push(undefined)
            continue
          }
          const words = new Uint32Array(size.wordCount << size.indexBits)
          words.set(parts[next++]!)
          size.chunks.push({ words, used: used!, live: live!, freed: freed! })
          size.roomy.push(number)
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

/** Whether `putText` put this text there. Texts of ASCII, which most ids are, are compared where they are. */
export function isText(blocks: Blocks, ref: BlockRef, text: string): boolean {
  const words = blocks.words(ref)
  const start = blocks.start(ref)
  const length = words[start]!
  if (length < text.length) return false
  const bytes = bytesOf(words)
  const from = 4 * (start + 1)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return getText(blocks, ref) === text
    if (bytes[from + i] !== code) return false
  }
  return length === text.length
}

function bytesOf(words: Uint32Array): Buffer {
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength)
}
