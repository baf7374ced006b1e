import fc from 'fast-check'
import type {
  LinearParameters,
  MarkovParameters,
  Parameters,
  Tree,
  TreesParameters,
} from '../parameters/parameters.ts'

// For tests: arbitrary parameters and rows, and trees as plain objects to compare with.

/** A tree as a plain object. */
export type PlainNode =
  | { readonly value: number }
  | {
      readonly value: number
      readonly feature: number
      readonly threshold: number
      readonly missingLeft: boolean
      readonly left: PlainNode
      readonly right: PlainNode
    }

/** Few values, so that a feature often equals a threshold. */
const grid = fc.constantFrom(-1e300, -1, -5e-324, 0, 5e-324, 0.1 + 0.2, 0.3, 1, 7, 1e300)
const threshold = fc.oneof(grid, fc.double({ noNaN: true, noDefaultInfinity: true }))
const value = fc.double({ min: -100, max: 100, noNaN: true })

/** A row of features with missing and infinite values among them. */
export function arbitraryRow(featureCount: number): fc.Arbitrary<Float64Array> {
  const feature = fc.oneof(grid, fc.constantFrom(NaN, Infinity, -Infinity, -0), fc.double())
  return fc
    .array(feature, { minLength: featureCount, maxLength: featureCount })
    .map(features => Float64Array.from(features))
}

/** Trees of any shape: a leaf that is split a few times, now here, now there, often below the last split. */
export function arbitraryPlainTree(featureCount: number, depthMax: number): fc.Arbitrary<PlainNode> {
  const split = fc.record({
    leaf: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, fc.nat()),
    feature: fc.nat(featureCount - 1),
    threshold,
    missingLeft: fc.boolean(),
    values: fc.tuple(value, value),
  })
  return fc.tuple(value, fc.array(split, { maxLength: 40 })).map(([rootValue, splits]) => {
    interface Growing {
      value: number
      depth: number
      split?: { feature: number; threshold: number; missingLeft: boolean; left: Growing; right: Growing }
    }
    const root: Growing = { value: rootValue, depth: 0 }
    const leaves = [root]
    for (const { leaf, feature, threshold, missingLeft, values } of splits) {
      const node = leaves[leaf % leaves.length]!
      if (node.depth === depthMax) continue
      const [left, right] = values.map((childValue): Growing => ({
        value: childValue,
        depth: node.depth + 1,
      }))
      node.split = { feature, threshold, missingLeft, left: left!, right: right! }
      leaves.splice(leaves.indexOf(node), 1)
      leaves.unshift(left!, right!)
    }
    const settle = (node: Growing): PlainNode =>
      node.split === undefined
        ? { value: node.value }
        : { value: node.value, ...node.split, left: settle(node.split.left), right: settle(node.split.right) }
    return settle(root)
  })
}

/** The columns of a plain tree, its nodes in the order in which a walk to the left meets them. */
export function toColumns(root: PlainNode): Tree {
  const nodes: PlainNode[] = []
  const children: [number, number][] = []
  const visit = (node: PlainNode): number => {
    const index = nodes.push(node) - 1
    if ('feature' in node) children[index] = [visit(node.left), visit(node.right)]
    return index
  }
  visit(root)
  const inner = (node: PlainNode) => ('feature' in node ? node : undefined)
  return {
    feature: Int32Array.from(nodes, node => inner(node)?.feature ?? -1),
    threshold: Float64Array.from(nodes, node => inner(node)?.threshold ?? 0),
    missingLeft: Uint8Array.from(nodes, node => Number(inner(node)?.missingLeft ?? false)),
    left: Int32Array.from(nodes, (_node, i) => children[i]?.[0] ?? -1),
    right: Int32Array.from(nodes, (_node, i) => children[i]?.[1] ?? -1),
    value: Float64Array.from(nodes, node => node.value),
  }
}

export function arbitraryTrees(featureCount: number, depthMax: number): fc.Arbitrary<TreesParameters> {
  return fc
    .record({
      link: fc.constantFrom('logit' as const, 'identity' as const),
      baseline: value,
      plain: fc.array(arbitraryPlainTree(featureCount, depthMax), { maxLength: 9 }),
    })
    .map(({ link, baseline, plain }) => ({ kind: 'trees', link, baseline, trees: plain.map(toColumns) }))
}

export function arbitraryLinear(featureCount: number): fc.Arbitrary<LinearParameters> {
  return fc.record({
    kind: fc.constant('linear' as const),
    intercept: value,
    weights: column(value, featureCount),
    means: column(value, featureCount),
    scales: column(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), featureCount),
  })
}

export function arbitraryMarkov(featureCount: number): fc.Arbitrary<MarkovParameters> {
  const times = fc.nat(1_000)
  return fc.record({
    kind: fc.constant('markov' as const),
    prior: value,
    positives: column(times, featureCount),
    negatives: column(times, featureCount),
    from: column(fc.nat(3), featureCount).map(states => Int32Array.from(states)),
    smoothing: fc.constantFrom(0.5, 1, 10),
  })
}

export function arbitraryParameters(featureCount: number): fc.Arbitrary<Parameters> {
  return fc.oneof(
    arbitraryTrees(featureCount, 5),
    arbitraryLinear(featureCount),
    arbitraryMarkov(featureCount),
  )
}

function column(entry: fc.Arbitrary<number>, length: number): fc.Arbitrary<Float64Array> {
  return fc.array(entry, { minLength: length, maxLength: length }).map(entries => Float64Array.from(entries))
}
