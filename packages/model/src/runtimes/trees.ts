import { treeDepth } from '../parameters/check-parameters.ts'
import { layOutComplete } from './complete-trees.ts'
import { layOutLinked } from './linked-trees.ts'
import type { Model } from './model.ts'
import type { TreesParameters } from '../parameters/parameters.ts'
import { createRow, fillRow } from './row.ts'
import { sigmoid } from './sigmoid.ts'

/** Deeper trees are mostly air when they are filled up to complete ones. */
const COMPLETE_DEPTH_MAX = 8
/** Nodes of all complete trees together, at 28 bytes per node. */
const COMPLETE_NODES_MAX = 4_000_000

/**
 * Gradient boosted trees and forests. A feature's contribution is the sum, over the nodes on the row's paths that test
 * it, of how much the step from node to child changes the mean: the path-based decomposition of A. Saabas,
 * "Interpreting random forests" (2014), and A. Palczewska et al., "Interpreting random forest models using a feature
 * contribution method" (2013). It is exact: the steps of a path add up to leaf − root.
 */
export function createTrees(parameters: TreesParameters, featureCount: number): Model {
  const { trees, link } = parameters
  const baseline = trees.reduce((sum, tree) => sum + tree.value[0]!, parameters.baseline)
  const depth = trees.reduce((deepest, tree) => Math.max(deepest, treeDepth(tree)), 0)
  const isComplete = depth <= COMPLETE_DEPTH_MAX && trees.length * 2 ** (depth + 1) <= COMPLETE_NODES_MAX
  const layout = isComplete
    ? layOutComplete(parameters, featureCount, depth)
    : layOutLinked(parameters, featureCount)
  const row = createRow(featureCount)
  const parts = createRow(featureCount)

  return {
    featureCount,
    baseline,
    score(features) {
      fillRow(row, features, featureCount)
      return layout.score(row)
    },
    explain(features, contributions) {
      fillRow(row, features, featureCount)
      parts.fill(0)
      const sum = layout.explain(row, parts)
      for (let i = 0; i < featureCount; i++) contributions[i] = parts[i]! + parts[featureCount + i]!
      return sum
    },
    probability: link === 'logit' ? sigmoid : score => Math.min(1, Math.max(0, score)),
  }
}
