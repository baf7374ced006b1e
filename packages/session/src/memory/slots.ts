// Records of one size, numbered: the state of sessions. Kept in chunks, so that growing never copies what is there.

/** One piece of memory, seen as numbers of each size. A record is the bytes from a multiple of eight on. */
export interface Cells {
  readonly f64: Float64Array
  readonly i32: Int32Array
  readonly u32: Uint32Array<ArrayBuffer>
  readonly u16: Uint16Array
  readonly u8: Uint8Array
}

export interface Slots {
  /** The number of a record full of zeros. */
  allocate(): number
  free(slot: number): void
  /** The memory that holds the record, and where it begins there, in bytes. */
  cells(slot: number): Cells
  start(slot: number): number
  /** Every number ever handed out is below. */
  readonly end: number
  readonly count: number
  readonly bytes: number
  save(): Uint32Array<ArrayBuffer>[]
  restore(parts: readonly Uint32Array<ArrayBuffer>[]): void
}

const CHUNK_BYTES = 256 * 1024

/** `recordBytes` is a multiple of eight. */
export function createSlots(recordBytes: number): Slots {
  const bits = Math.max(4, Math.floor(Math.log2(CHUNK_BYTES / recordBytes)))
  const mask = (1 << bits) - 1
  const recordWords = recordBytes / 4
  const chunks: Cells[] = []
  let end = 0
  let count = 0
  /** First of the freed records + 1; each holds the next one in its first word. */
  let freed = 0

  function cells(slot: number): Cells {
    return chunks[slot >>> bits]!
  }
  function start(slot: number): number {
    return (slot & mask) * recordBytes
  }

  return {
    cells,
    start,
    get end() {
      return end
    },
    get count() {
      return count
    },
    get bytes() {
      return chunks.length * (recordBytes << bits)
    },
    allocate() {
      count++
      if (freed === 0) {
        if (end >>> bits === chunks.length) chunks.push(createCells(recordBytes << bits))
        return end++
      }
      const slot = freed - 1
      const at = start(slot)
      const { u32, u8 } = cells(slot)
      freed = u32[at >>> 2]!
      u8.fill(0, at, at + recordBytes)
      return slot
    },
    free(slot) {
      count--
      cells(slot).u32[start(slot) >>> 2] = freed
      freed = slot + 1
    },
    save() {
      const parts = [Uint32Array.of(end, count, freed)]
      for (let slot = 0; slot < end; slot += 1 << bits)
        parts.push(cells(slot).u32.subarray(0, Math.min(end - slot, 1 << bits) * recordWords))
      return parts
    },
    restore([counts, ...parts]) {
      end = counts![0]!
      count = counts![1]!
      freed = counts![2]!
      chunks.length = 0
      for (const part of parts) {
        const chunk = createCells(recordBytes << bits)
        chunk.u32.set(part)
        chunks.push(chunk)
      }
    },
  }
}

/** Memory of `bytes` bytes, full of zeros. */
export function createCells(bytes: number): Cells {
  const buffer = new ArrayBuffer(bytes)
  return {
    f64: new Float64Array(buffer),
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    u16: new Uint16Array(buffer),
    u8: new Uint8Array(buffer),
  }
}
