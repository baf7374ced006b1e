/** Most bins that a feature's values are put into; one more holds the missing ones, and all fit a byte. */
const BINS_MAX = 255

/** Feature values as small numbers, so that a split is found by adding up bins instead of sorting rows. */
export interface Bins {
  readonly rowCount: number
  /** Bin of each row, by feature. */
  readonly columns: readonly Uint8Array[]
  /** A value is in bin b when it is ≤ edges[b] and > edges[b − 1]; the last bin has no edge. */
  readonly edges: readonly Float64Array[]
  /** Where each feature's bins start when those of all features are in one array; one entry more than features. */
  readonly offsets: Int32Array
}

/** Bins that a feature's values fill: the bin with this number is the one of missing values. */
export function valueBinCount(bins: Bins, feature: number): number {
  return bins.edges[feature]!.length + 1
}

/** Puts every value into a bin. Where bins begin and end is decided by the rows of `rows` alone. */
export function createBins(features: readonly Float64Array[], rows: Int32Array, binsMax = BINS_MAX): Bins {
  const edges = features.map(column => findEdges(column, rows, Math.min(binsMax, BINS_MAX)))
  const offsets = new Int32Array(features.length + 1)
  edges.forEach((list, f) => (offsets[f + 1] = offsets[f]! + list.length + 2))
  return {
    rowCount: features[0]?.length ?? 0,
    columns: features.map((column, f) => assignBins(column, edges[f]!)),
    edges,
    offsets,
  }
}

/** Between two neighbouring values, so that values never seen in training fall on the nearer side. */
function between(low: number, high: number): number {
  const middle = low + (high - low) / 2
  return middle < high ? middle : low
}

function findEdges(column: Float64Array, rows: Int32Array, binsMax: number): Float64Array {
  const sorted = new Float64Array(rows.length)
  let count = 0
  for (const row of rows) {
    const value = column[row]!
    if (Number.isFinite(value)) sorted[count++] = value
  }
  const values = sorted.subarray(0, count).sort()

  let distinct = count === 0 ? 0 : 1
  for (let i = 1; i < count; i++) if (values[i] !== values[i - 1]) distinct++

  const edges: number[] = []
  // Few values: one bin each. Many: equal shares of the rows, where a value that fills a share alone keeps its bin.
  let rowsLeft = count
  let binsLeft = distinct <= binsMax ? 0 : binsMax
  let inBin = 0
  for (let i = 1; i < count; i++) {
    inBin++
    if (values[i] === values[i - 1]) continue
    if (binsLeft > 0 && (inBin < rowsLeft / binsLeft || edges.length === binsMax - 1)) continue
    edges.push(between(values[i - 1]!, values[i]!))
    rowsLeft -= inBin
    if (binsLeft > 1) binsLeft--
    inBin = 0
  }
  return Float64Array.from(edges)
}

function assignBins(column: Float64Array, edges: Float64Array): Uint8Array {
  const missing = edges.length + 1
  const bins = new Uint8Array(column.length)
  for (let row = 0; row < column.length; row++) {
    const value = column[row]!
    if (Number.isNaN(value)) {
      bins[row] = missing
      continue
    }
    // The first edge that the value does not exceed.
    let low = 0
    let high = edges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (value <= edges[middle]!) high = middle
      else low = middle + 1
    }
    bins[row] = low
  }
  return bins
}
