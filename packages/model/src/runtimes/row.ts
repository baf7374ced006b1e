import type { Tree } from '../parameters/parameters.ts'

/** A row as the layouts of trees read it: every feature twice, without NaN. */
export function createRow(featureCount: number): Float64Array {
  return new Float64Array(Math.max(1, 2 * featureCount))
}

/** Copies the features into the row. A missing value becomes one that goes right, and one that goes left. */
export function fillRow(row: Float64Array, features: Float64Array, featureCount: number): void {
  for (let i = 0; i < featureCount; i++) {
    const value = features[i]!
    const isMissing = value !== value
    row[i] = isMissing ? Infinity : value
    row[featureCount + i] = isMissing ? -Infinity : value
  }
}

/** The entry of the row that a node compares: so the comparison needs no case for a missing value. */
export function rowEntry(tree: Tree, node: number, featureCount: number): number {
  return tree.feature[node]! + (tree.missingLeft[node] === 1 ? featureCount : 0)
}

/** One way to hold trees in memory. */
export interface Layout {
  /** baseline + the leaves' values, added in the order of the trees; never -0, so that both ways give the same bits. */
  score(row: Float64Array): number
  /** Returns the same, and adds the contribution of each entry of the row to `contributions`. */
  explain(row: Float64Array, contributions: Float64Array): number
}
