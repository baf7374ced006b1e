/**
 * The distribution of a column of numbers, kept small: the counts between edges. Drift is seen by comparing with it,
 * without the data that a model was trained on.
 */
export interface Sketch {
  /** Values seen, missing ones not counted. */
  readonly count: number
  readonly missing: number
  /** Least, greatest and mean value seen; null when there were none. */
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
  const edges = quantileEdges(values, binsMax)
  const counts = new Array<number>(edges.length + 1).fill(0)
  let missing = 0
  let min = Infinity
  let max = -Infinity
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    // The largest doubles replace infinities, which JSON cannot hold.
    // Adding 0 makes -0 a plain 0: JSON can't tell them apart.
    const value = Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, values[i]!)) + 0
    if (Number.isNaN(value)) {
      missing++
      continue
    }
    sum += value
    if (value < min) min = value
    if (value > max) max = value
    counts[binOf(edges, value)]!++
  }
  const count = values.length - missing
  if (count === 0) return { count, missing, min: null, max: null, mean: null, edges, counts }
  return { count, missing, min, max, mean: clampMean(sum / count, min, max), edges, counts }
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
