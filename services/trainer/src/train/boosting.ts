import { setImmediate } from 'node:timers/promises'
import type { TreesParameters } from '@sluicebox/model/parameters/parameters'
import { createBins } from './bins.ts'
import { createGrower, findLeaf, type GrownTree } from './grow.ts'
import { gainsByFeature, logLoss, logOddsOf, type Fit, type FitReport, type LearnerInput } from './learner.ts'
import { createRandom } from '@sluicebox/event/random'
import { sampleBelow } from './sample.ts'

export interface BoostingOptions {
  readonly treesMax: number
  readonly depthMax: number
  readonly shrinkage: number
  readonly l2: number
  readonly leafWeightMin: number
  readonly gainMin: number
  /** Share of the sessions that each tree sees. */
  readonly sessionShare: number
  /** Share of the features that each tree may test. */
  readonly featureShare: number
  readonly binsMax: number
  /** Stops when the validation loss has not improved for this many trees. 0: never. */
  readonly patience: number
}

/**
 * Gradient boosted trees with logistic loss. Rows of a session are drawn together, because they are near copies of
 * each other: drawn one by one, each tree would see almost every session.
 */
export async function fitBoosting(
  input: LearnerInput,
  options: BoostingOptions,
  report: FitReport,
): Promise<Fit<TreesParameters>> {
  const { features, label, weight, session, trainRows, validRows, seed } = input
  const bins = createBins(features, trainRows, options.binsMax)
  const grower = createGrower(bins, trainRows.length)
  const random = createRandom(seed)

  const baseline = logOddsOf(label, weight, trainRows)
  const score = new Float64Array(label.length).fill(baseline)
  const sessionCount = session.reduce((most, code) => Math.max(most, code), -1) + 1
  const featureCount = Math.max(1, Math.round(features.length * options.featureShare))
  const trees: Pick<GrownTree, 'tree' | 'gain'>[] = []
  const losses: number[] = []
  let best = { loss: validRows.length > 0 ? logLoss(score, label, weight, validRows) : Infinity, trees: 0 }

  while (trees.length < options.treesMax) {
    await setImmediate()
    report.signal?.throwIfAborted()

    const drawn = drawSessions()
    let count = 0
    for (const row of trainRows) {
      if (drawn !== undefined && drawn[session[row]!] === 0) continue
      const p = 1 / (1 + Math.exp(-score[row]!))
      grower.rows[count] = row
      grower.gradient[count] = weight[row]! * (p - label[row]!)
      grower.hessian[count] = weight[row]! * p * (1 - p)
      count++
    }
    const grown = grower.grow(count, weight, {
      ...options,
      features: sampleBelow(features.length, featureCount, random),
      random,
    })
    trees.push({ tree: grown.tree, gain: grown.gain })

    const value = grown.tree.value
    for (const { node, start, end } of grown.leaves)
      for (let i = start; i < end; i++) score[grower.rows[i]!]! += value[node]!
    if (drawn !== undefined)
      for (const row of trainRows)
        if (drawn[session[row]!] === 0) score[row]! += value[findLeaf(grown, bins, row)]!
    for (const row of validRows) score[row]! += value[findLeaf(grown, bins, row)]!

    const trainLoss = logLoss(score, label, weight, trainRows)
    const validLoss = validRows.length > 0 ? logLoss(score, label, weight, validRows) : undefined
    losses.push(trainLoss)
    report.progress?.({ iteration: trees.length, of: options.treesMax, trainLoss, validLoss })
    if (validLoss === undefined) best = { loss: trainLoss, trees: trees.length }
    else if (validLoss < best.loss) best = { loss: validLoss, trees: trees.length }
    else if (options.patience > 0 && trees.length - best.trees >= options.patience) break
  }

  const kept = options.patience > 0 ? trees.slice(0, best.trees) : trees
  return {
    parameters: { kind: 'trees', link: 'logit', baseline, trees: kept.map(({ tree }) => tree) },
    trainLosses: losses,
    notes: { trees: kept.length },
    gains: gainsByFeature(kept, features.length),
  }

  /** 1 for each session that grows the next tree; undefined for all. */
  function drawSessions(): Uint8Array | undefined {
    if (options.sessionShare >= 1) return undefined
    const drawn = new Uint8Array(sessionCount)
    for (let s = 0; s < sessionCount; s++) drawn[s] = random.next() < options.sessionShare ? 1 : 0
    return drawn
  }
}
