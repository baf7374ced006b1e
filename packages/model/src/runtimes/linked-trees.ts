import type { Tree, TreesParameters } from '../parameters/parameters.ts'
import { rowEntry, type Layout } from './row.ts'

/**
 * Deep or unbalanced trees: the nodes of all trees in columns, with the two children of a node side by side, so that
 * the next node is the left child plus the outcome of the test. A leaf is its own child, so four trees of different
 * depth are walked side by side until none of them moves.
 */
export function layOutLinked({ trees, baseline }: TreesParameters, featureCount: number): Layout {
  const nodeCount = trees.reduce((sum, tree) => sum + tree.feature.length, 0)
  const groupedCount = Math.ceil(trees.length / 4) * 4
  const isFiller = groupedCount > trees.length
  const roots = new Int32Array(groupedCount).fill(nodeCount)
  const columnLength = nodeCount + (isFiller ? 1 : 0)
  const entries = new Int32Array(columnLength)
  const thresholds = new Float64Array(columnLength)
  const children = new Int32Array(columnLength)
  const values = new Float64Array(columnLength)
  /** What the step from its parent to this node adds. */
  const steps = new Float64Array(columnLength)
  if (isFiller) putLeaf(nodeCount, 0)

  let start = 0
  trees.forEach((tree, index) => {
    roots[index] = start
    place(tree, start)
    start += tree.feature.length
  })

  function putLeaf(at: number, value: number): void {
    children[at] = at
    // Nothing is greater, so the walk stays here.
    thresholds[at] = Infinity
    values[at] = value
  }

  /** Numbers the nodes again, level by level, so that siblings are neighbours. */
  function place(tree: Tree, root: number): void {
    const nodes = [0]
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!
      const at = root + i
      const value = tree.value[node]!
      if (tree.feature[node]! < 0) {
        putLeaf(at, value)
        continue
      }
      entries[at] = rowEntry(tree, node, featureCount)
      thresholds[at] = tree.threshold[node]!
      values[at] = value
      const child = root + nodes.length
      children[at] = child
      steps[child] = tree.value[tree.left[node]!]! - value
      steps[child + 1] = tree.value[tree.right[node]!]! - value
      nodes.push(tree.left[node]!, tree.right[node]!)
    }
  }

  function score(row: Float64Array): number {
    let sum = baseline + 0
    for (let group = 0; group < groupedCount; group += 4) {
      let i = roots[group]!
      let j = roots[group + 1]!
      let k = roots[group + 2]!
      let l = roots[group + 3]!
      for (;;) {
        const nextI = children[i]! + Number(row[entries[i]!]! > thresholds[i]!)
        const nextJ = children[j]! + Number(row[entries[j]!]! > thresholds[j]!)
        const nextK = children[k]! + Number(row[entries[k]!]! > thresholds[k]!)
        const nextL = children[l]! + Number(row[entries[l]!]! > thresholds[l]!)
        if (((nextI ^ i) | (nextJ ^ j) | (nextK ^ k) | (nextL ^ l)) === 0) break
        i = nextI
        j = nextJ
        k = nextK
        l = nextL
      }
      sum += values[i]!
      sum += values[j]!
      sum += values[k]!
      sum += values[l]!
    }
    return sum
  }

  function explain(row: Float64Array, contributions: Float64Array): number {
    let sum = baseline + 0
    for (let tree = 0; tree < trees.length; tree++) {
      let i = roots[tree]!
      for (;;) {
        const entry = entries[i]!
        const next = children[i]! + Number(row[entry]! > thresholds[i]!)
        if (next === i) break
        contributions[entry]! += steps[next]!
        i = next
      }
      sum += values[i]!
    }
    return sum
  }

  return { score, explain }
}
