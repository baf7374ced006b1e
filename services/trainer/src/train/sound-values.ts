/** A value this many times farther from the median than half of the other values is a mistake. */
const DISTANCE_FACTOR = 10_000
/** Beyond this, sums of squares would overflow. */
const SIZE_MAX = 1e100

/**
 * Returns the values of a column from which to compute mean and deviation: the finite ones, except outliers so far from
 * the others that one of them would decide both. Without outliers, all finite values are used.
 */
export function soundValues(column: Float64Array, rows: Int32Array): (value: number) => boolean {
  const values = Float64Array.from(rows, row => column[row]!)
    .filter(value => Math.abs(value) <= SIZE_MAX)
    .sort()
  const median = values[values.length >> 1] ?? 0
  // Many features have the same number in most rows: only the other values show what is far.
  const distances = values
    .map(value => Math.abs(value - median))
    .filter(distance => distance > 0)
    .sort()
  const distanceMax = distances.length === 0 ? SIZE_MAX : DISTANCE_FACTOR * distances[distances.length >> 1]!
  return value => Math.abs(value) <= SIZE_MAX && Math.abs(value - median) <= distanceMax
}
