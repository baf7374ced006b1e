import type { Tree, TreesParameters } from '../parameters/parameters.ts'
import { rowEntry, type Layout } from './row.ts'

/**
 * Every tree filled up to a complete one of the same depth, its nodes in heap order: the children of i are 2i + 1 and
 * 2i + 2, so the next node is computed, never branched to or looked up, and four trees are walked side by side to
 * hide the latency of memory. Where a tree ends early its leaf is repeated below: any way leads to its value.
 */
export function layOutComplete(
  { trees, baseline }: TreesParameters,
  featureCount: number,
  depth: number,
): Layout {
  const innerCount = (1 << depth) - 1
  const leafCount = 1 << depth
  const nodeCount = innerCount + leafCount
  const groupedCount = Math.ceil(trees.length / 4) * 4
  const entries = new Int32Array(groupedCount * innerCount)
  const thresholds = new Float64Array(groupedCount * innerCount)
  const leaves = new Float64Array(groupedCount * leafCount)
  /** What the step from its parent to this node adds. */
  const steps = new Float64Array(groupedCount * nodeCount)
  trees.forEach((tree, index) => fill(tree, index))

  function fill(tree: Tree, index: number): void {
    const place = (node: number, at: number, parentValue: number): void => {
      const value = tree.value[node]!
      steps[index * nodeCount + at] = value - parentValue
      if (at >= innerCount) {
        leaves[index * leafCount + at - innerCount] = value
        return
      }
      const isLeaf = tree.feature[node]! < 0
      if (!isLeaf) {
        entries[index * innerCount + at] = rowEntry(tree, node, featureCount)
        thresholds[index * innerCount + at] = tree.threshold[node]!
      }
      place(isLeaf ? node : tree.left[node]!, 2 * at + 1, value)
      place(isLeaf ? node : tree.right[node]!, 2 * at + 2, value)
    }
    place(0, 0, tree.value[0]!)
  }

  function score(row: Float64Array): number {
    let sum = baseline + 0
    for (let group = 0; group < groupedCount; group += 4) {
      const a = group * innerCount
      const b = a + innerCount
      const c = b + innerCount
      const d = c + innerCount
      let i = 0
      let j = 0
      let k = 0
      let l = 0
      for (let level = 0; level < depth; level++) {
        i = 2 * i + 1 + Number(row[entries[a + i]!]! > thresholds[a + i]!)
        j = 2 * j + 1 + Number(row[entries[b + j]!]! > thresholds[b + j]!)
        k = 2 * k + 1 + Number(row[entries[c + k]!]! > thresholds[c + k]!)
        l = 2 * l + 1 + Number(row[entries[d + l]!]! > thresholds[d + l]!)
      }
      const leaf = group * leafCount - innerCount
      sum += leaves[leaf + i]!
      sum += leaves[leaf + leafCount + j]!
      sum += leaves[leaf + 2 * leafCount + k]!
      sum += leaves[leaf + 3 * leafCount + l]!
    }
    return sum
  }

  function explain(row: Float64Array, contributions: Float64Array): number {
    let sum = baseline + 0
    for (let tree = 0; tree < trees.length; tree++) {
      const start = tree * innerCount
      const stepStart = tree * nodeCount
      let i = 0
      for (let level = 0; level < depth; level++) {
        const entry = entries[start + i]!
        i = 2 * i + 1 + Number(row[entry]! > thresholds[start + i]!)
        contributions[entry]! += steps[stepStart + i]!
      }
      sum += leaves[tree * leafCount + i - innerCount]!
    }
    return sum
  }

  return { score, explain }
}
