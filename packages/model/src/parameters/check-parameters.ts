import type { LinearParameters, MarkovParameters, Parameters, Tree, TreesParameters } from './parameters.ts'

/** Limits of a model. A file beyond them is refused before memory is allocated for it. */
export const PARAMETER_LIMITS = {
  features: 65_536,
  trees: 50_000,
  /** Over all trees of a model. */
  nodes: 8_000_000,
  /** Edges from the root to the deepest leaf. */
  depth: 256,
} as const

/** Throws, saying what is wrong and where, unless the parameters can score rows of `featureCount` features. */
export function checkParameters(parameters: Parameters, featureCount: number): void {
  if (!Number.isInteger(featureCount) || featureCount < 0 || featureCount > PARAMETER_LIMITS.features)
    throw new Error(
      `A model takes 0 to ${PARAMETER_LIMITS.features} features, and this one is said to take ${featureCount}.`,
    )
  switch (parameters.kind) {
    case 'trees':
      return checkTrees(parameters, featureCount)
    case 'linear':
      return checkLinear(parameters, featureCount)
    case 'markov':
      return checkMarkov(parameters, featureCount)
    default:
      parameters satisfies never
  }
}

/** Edges from the root to the deepest leaf. Relies on children coming after their parents. */
export function treeDepth(tree: Tree): number {
  const depths = new Int32Array(tree.feature.length)
  let deepest = 0
  for (let node = 0; node < depths.length; node++) {
    if (tree.feature[node]! < 0) continue
    const depth = depths[node]! + 1
    depths[tree.left[node]!] = depth
    depths[tree.right[node]!] = depth
    if (depth > deepest) deepest = depth
  }
  return deepest
}

function checkTrees({ baseline, link, trees }: TreesParameters, featureCount: number): void {
  if (link !== 'logit' && link !== 'identity')
    throw new Error(`Trees have the link logit or identity, not ${String(link)}.`)
  checkFinite('The baseline', baseline)
  if (trees.length > PARAMETER_LIMITS.trees)
    throw new Error(`The model has ${trees.length} trees; ${PARAMETER_LIMITS.trees} is the limit.`)
  let nodes = 0
  for (const [index, tree] of trees.entries()) {
    nodes += tree.feature.length
    if (nodes > PARAMETER_LIMITS.nodes)
      throw new Error(`The model's trees have more than ${PARAMETER_LIMITS.nodes} nodes, which is the limit.`)
    checkTree(tree, featureCount, `Tree ${index}`)
  }
}

function checkTree(tree: Tree, featureCount: number, where: string): void {
  const { feature, threshold, missingLeft, left, right, value } = tree
  const count = feature.length
  if (count === 0) throw new Error(`${where} has no nodes: it needs at least one leaf.`)
  for (const column of [threshold, missingLeft, left, right, value])
    if (column.length !== count) throw new Error(`${where} has columns of different lengths.`)

  // Each node but the root has exactly one parent, which comes before it: so the nodes form one tree, and a
  // walk from the root always ends.
  const hasParent = new Uint8Array(count)
  for (let node = 0; node < count; node++) {
    const here = () => `${where}, node ${node}`
    if (node > 0 && hasParent[node] === 0) throw new Error(`${here()} is not reached from the root.`)
    if (!Number.isFinite(value[node]))
      throw new Error(`${here()} has the value ${value[node]}, not a number.`)
    if (feature[node] === -1) continue
    if (feature[node]! < 0 || feature[node]! >= featureCount)
      throw new Error(`${here()} tests feature ${feature[node]} of ${featureCount}.`)
    if (!Number.isFinite(threshold[node]))
      throw new Error(`${here()} has the threshold ${threshold[node]}, not a number.`)
    if (missingLeft[node]! > 1) throw new Error(`${here()} has missingLeft ${missingLeft[node]}, not 0 or 1.`)
    for (const child of [left[node]!, right[node]!]) {
      if (child <= node || child >= count)
        throw new Error(`${here()} has the child ${child}, which is not among the nodes behind it.`)
      if (hasParent[child] === 1) throw new Error(`${where}, node ${child} has two parents.`)
      hasParent[child] = 1
    }
  }
  const depth = treeDepth(tree)
  if (depth > PARAMETER_LIMITS.depth)
    throw new Error(`${where} is ${depth} levels deep; ${PARAMETER_LIMITS.depth} is the limit.`)
}

function checkLinear({ intercept, weights, means, scales }: LinearParameters, featureCount: number): void {
  checkFinite('The intercept', intercept)
  for (const [name, column] of Object.entries({ weights, means, scales }))
    checkColumn(name, column, featureCount)
  const unscaled = scales.findIndex(scale => scale <= 0)
  if (unscaled >= 0)
    throw new Error(`The scale of feature ${unscaled} is ${scales[unscaled]}; it must be above 0.`)
}

function checkMarkov(parameters: MarkovParameters, featureCount: number): void {
  const { prior, smoothing, positives, negatives, from } = parameters
  checkFinite('The prior', prior)
  checkFinite('The smoothing', smoothing)
  if (smoothing < 0) throw new Error(`The smoothing is ${smoothing}; it must not be below 0.`)
  for (const [name, counts] of Object.entries({ positives, negatives })) {
    checkColumn(name, counts, featureCount)
    // Without smoothing, a transition that was never seen would weigh infinitely much.
    const index = counts.findIndex(count => count < 0 || count + smoothing <= 0)
    if (index >= 0)
      throw new Error(
        `Transition ${index} has a count of ${counts[index]} among the ${name} and the smoothing is ${smoothing}: ` +
          'their sum must be above 0.',
      )
  }
  if (from.length !== featureCount)
    throw new Error(`from has ${from.length} entries for ${featureCount} features.`)
  const outside = from.findIndex(state => state < 0 || state >= PARAMETER_LIMITS.features)
  if (outside >= 0) throw new Error(`Transition ${outside} leaves state ${from[outside]}, which cannot be.`)
}

function checkColumn(name: string, column: Float64Array, featureCount: number): void {
  if (column.length !== featureCount)
    throw new Error(`${name} has ${column.length} entries for ${featureCount} features.`)
  const index = column.findIndex(entry => !Number.isFinite(entry))
  if (index >= 0) throw new Error(`${name} of feature ${index} is ${column[index]}, not a number.`)
}

function checkFinite(name: string, number: number): void {
  if (!Number.isFinite(number)) throw new Error(`${name} is ${number}, not a finite number.`)
}
