import { setImmediate } from 'node:timers/promises'
import type { TreesParameters } from '@sluicebox/model/parameters/parameters'
import { createBins } from './bins.ts'
import { createGrower, findLeaf, type GrownTree } from './grow.ts'
import { gainsByFeature, type Fit, type FitReport, type LearnerInput } from './learner.ts'
import { createRandom } from '@sluicebox/event/random'

export interface ForestOptions {
  readonly trees: number
  readonly depthMax: number
  /** Least weight of the rows in a leaf. */
  readonly leafWeightMin: number
  /** Features tried at each node. 0: the square root of their number. */
  readonly featuresPerNode: number
  readonly binsMax: number
}

/**
 * A random forest: each tree sees as many sessions as there are, drawn with replacement, and its leaves hold the
 * share of positive rows. Least squares on labels of 0 and 1 picks the same splits as Gini impurity.
 */
export async function fitForest(
  input: LearnerInput,
  options: ForestOptions,
  report: FitReport,
): Promise<Fit<TreesParameters>> {
  const { features, label, weight, session, trainRows, validRows, seed } = input
  const bins = createBins(features, trainRows, options.binsMax)
  const grower = createGrower(bins, trainRows.length)
  const random = createRandom(seed)
  const every = Int32Array.from(features, (_, f) => f)
  const featuresPerNode = options.featuresPerNode || Math.max(1, Math.round(Math.sqrt(features.length)))

  const sessions = [...new Set(trainRows.map(row => session[row]!))]
  const times = new Float64Array(Math.max(...sessions) + 1)
  const drawnWeight = new Float64Array(label.length)
  // Sums over the trees so far, for the rows that a tree did not see: an honest estimate without a part of its own.
  const sums = new Float64Array(label.length)
  const counts = new Int32Array(label.length)
  const trees: Pick<GrownTree, 'tree' | 'gain'>[] = []
  const losses: number[] = []

  while (trees.length < options.trees) {
    await setImmediate()
    report.signal?.throwIfAborted()

    times.fill(0)
    for (let i = 0; i < sessions.length; i++) times[sessions[random.below(sessions.length)]!]!++
    let count = 0
    for (const row of trainRows) {
      const w = weight[row]! * times[session[row]!]!
      if (w === 0) continue
      drawnWeight[row] = w
      grower.rows[count] = row
      grower.gradient[count] = -w * label[row]!
      grower.hessian[count] = w
      count++
    }
    const grown = grower.grow(count, drawnWeight, {
      depthMax: options.depthMax,
      leafWeightMin: options.leafWeightMin,
      l2: 0,
      gainMin: 0,
      shrinkage: 1,
      features: every,
      featuresPerNode,
      random,
    })
    trees.push({ tree: grown.tree, gain: grown.gain })

    const value = grown.tree.value
    for (const row of trainRows) if (times[session[row]!] === 0) add(row)
    for (const row of validRows) add(row)
    const trainLoss = squaredLoss(trainRows)
    losses.push(trainLoss)
    report.progress?.({
      iteration: trees.length,
      of: options.trees,
      trainLoss,
      validLoss: validRows.length > 0 ? squaredLoss(validRows) : undefined,
    })

    function add(row: number): void {
      sums[row]! += value[findLeaf(grown, bins, row)]!
      counts[row]!++
    }
  }

  return {
    parameters: {
      kind: 'trees',
      link: 'identity',
      baseline: 0,
      trees: trees.map(({ tree }) => ({ ...tree, value: tree.value.map(value => value / trees.length) })),
    },
    trainLosses: losses,
    notes: { trees: trees.length },
    gains: gainsByFeature(trees, features.length),
  }

  /** Brier score: it stays finite for a share of 0, and the logistic loss does not. */
  function squaredLoss(rows: Int32Array): number {
    let loss = 0
    let total = 0
    for (const row of rows) {
      if (counts[row] === 0) continue
      loss += weight[row]! * (sums[row]! / counts[row]! - label[row]!) ** 2
      total += weight[row]!
    }
    return total > 0 ? loss / total : NaN
  }
}
