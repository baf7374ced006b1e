/**
 * What a column of numbers looked like, kept small: the counts between fixed edges. Sketches with the same edges can be
 * merged and compared, so that drift is seen without the data that a model was trained on.
 */
export interface Sketch {
  /** Values seen, missing ones not counted. */
  readonly count: number
  readonly missing: number
  /** Of the values seen; null where there was none. */
  readonly min: number | null
  readonly max: number | null
  readonly mean: number | null
  /** Strictly rising. */
  readonly edges: number[]
  /** counts[i]: values above edges[i - 1] and up to edges[i]; the last counts what is above all edges. */
  readonly counts: number[]
}

const BINS_MAX = 20

/** The sketch of a column: its edges are the column's own quantiles. NaN is missing. */
export function createSketch(values: ArrayLike<number>, binsMax = BINS_MAX): Sketch {
  return addToSketch(emptySketch(quantileEdges(values, binsMax)), values)
}

/** A sketch that has seen nothing, with the edges of another: what it counts can be compared with that one. */
export function emptySketch(edges: number[]): Sketch {
  return {
    count: 0,
    missing: 0,
    min: null,
    max: null,
    mean: null,
    edges,
    counts: new Array<number>(edges.length + 1).fill(0),
  }
}

/** The sketch after it has seen these values too. */
export function addToSketch(sketch: Sketch, values: ArrayLike<number>): Sketch {
  const counts = [...sketch.counts]
  let { count, missing } = sketch
  let min = sketch.min ?? Infinity
  let max = sketch.max ?? -Infinity
  let sum = (sketch.mean ?? 0) * count
  for (let i = 0; i < values.length; i++) {
    // The ends of the doubles stand for infinities, which JSON cannot hold.
    // Adding 0 makes -0 a plain 0: JSON can't tell them apart.
    const value = Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, values[i]!)) + 0
    if (Number.isNaN(value)) {
      missing++
      continue
    }
    count++
    sum += value
    if (value < min) min = value
    if (value > max) max = value
    counts[binOf(sketch.edges, value)]!++
  }
  if (count === 0) return { ...sketch, missing }
  return { count, missing, min, max, mean: clampMean(sum / count, min, max), edges: sketch.edges, counts }
}

/** What both have seen. Throws if their edges differ. */
export function mergeSketches(one: Sketch, other: Sketch): Sketch {
  if (one.edges.length !== other.edges.length || one.edges.some((edge, i) => edge !== other.edges[i]))
    throw new Error('Two sketches can be merged only if they have the same edges.')
  const missing = one.missing + other.missing
  if (one.count === 0) return { ...other, missing }
  if (other.count === 0) return { ...one, missing }
  const count = one.count + other.count
  const min = Math.min(one.min!, other.min!)
  const max = Math.max(one.max!, other.max!)
  const mean = one.mean! * (one.count / count) + other.mean! * (other.count / count)
  return {
    count,
    missing,
    min,
    max,
    mean: clampMean(mean, min, max),
    edges: one.edges,
    counts: one.counts.map((inBin, i) => inBin + other.counts[i]!),
  }
}

/** The value below which a share `q` of the values lies, interpolated within its bin; NaN for an empty sketch. */
export function sketchQuantile(sketch: Sketch, q: number): number {
  if (sketch.count === 0) return NaN
  const rank = q * sketch.count
  let below = 0
  for (let bin = 0; bin < sketch.counts.length; bin++) {
    const inBin = sketch.counts[bin]!
    if (inBin === 0 || below + inBin < rank) {
      below += inBin
      continue
    }
    const from = Math.max(sketch.min!, sketch.edges[bin - 1] ?? -Infinity)
    const to = Math.min(sketch.max!, sketch.edges[bin] ?? Infinity)
    return from + (to - from) * ((rank - below) / inBin)
  }
  return sketch.max!
}

function quantileEdges(values: ArrayLike<number>, binsMax: number): number[] {
  const sorted = Float64Array.from(Array.from(values).filter(Number.isFinite)).sort()
  if (sorted.length === 0) return []
  const edges: number[] = []
  for (let bin = 1; bin < binsMax; bin++) {
    const edge = shorten(sorted[Math.floor((bin * (sorted.length - 1)) / binsMax)]!)
    if (edges.length === 0 || edge > edges.at(-1)!) edges.push(edge)
  }
  // An edge at or above the maximum would leave the last bin empty.
  while (edges.length > 0 && edges.at(-1)! >= sorted.at(-1)!) edges.pop()
  return edges
}

/** Six digits are enough for an edge, and keep the manifest short. */
function shorten(edge: number): number {
  return Number(edge.toPrecision(6))
}

/** Rounding must not move a mean outside of what was seen, nor an overflowing sum make it infinite. */
function clampMean(mean: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, mean))
}

/** The first bin whose upper edge is not below the value. */
function binOf(edges: readonly number[], value: number): number {
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (edges[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
