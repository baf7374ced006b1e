import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createModel } from './create-model.ts'
import { arbitraryPlainTree, arbitraryRow, toColumns, type PlainNode } from '../testing/example-parameters.ts'
import type { Model } from './model.ts'
import { layOutLinked } from './linked-trees.ts'
import { createRow, fillRow } from './row.ts'
import { createTrees } from './trees.ts'

const FEATURES = 3
const BASELINE = 0.25

describe.each([
  { layout: 'complete', depthMax: 8, create: createTrees },
  { layout: 'linked', depthMax: 8, create: createLinkedTrees },
  { layout: 'linked (too deep to be filled up)', depthMax: 40, create: createTrees },
])('$layout', ({ depthMax, create }) => {
  const forest = fc.array(arbitraryPlainTree(FEATURES, depthMax), { maxLength: 9 })
  const modelOf = (roots: readonly PlainNode[]) =>
    create({ kind: 'trees', link: 'logit', baseline: BASELINE, trees: roots.map(toColumns) }, FEATURES)

  test('scores like a walk over objects, bit for bit, with and without reasons', () => {
    fc.assert(
      fc.property(forest, arbitraryRow(FEATURES), (roots, row) => {
        const model = modelOf(roots)
        const expected = roots.reduce((sum, root) => sum + pathOf(root, row).at(-1)!.value, BASELINE)
        expect(model.score(row)).toBe(expected)
        expect(model.explain(row, new Float64Array(FEATURES))).toBe(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('contributes for each feature what its steps change, which adds up to the score', () => {
    fc.assert(
      fc.property(forest, arbitraryRow(FEATURES), (roots, row) => {
        const model = modelOf(roots)
        // Old values must not count.
        const contributions = new Float64Array(FEATURES).fill(99)
        const score = model.explain(row, contributions)
        const expected = new Float64Array(FEATURES)
        for (const root of roots) {
          const path = pathOf(root, row)
          path.slice(1).forEach((node, i) => {
            const parent = path[i]!
            if ('feature' in parent) expected[parent.feature]! += node.value - parent.value
          })
        }
        contributions.forEach((contribution, i) => expect(contribution).toBeCloseTo(expected[i]!, 9))
        const sum = contributions.reduce((total, contribution) => total + contribution, model.baseline)
        expect(Math.abs(sum - score)).toBeLessThan(1e-9)
      }),
      { numRuns: 500 },
    )
  })
})

test.each([
  { name: 'less than', value: 0.9, missingLeft: false, side: 'left' },
  { name: 'equal', value: 1, missingLeft: false, side: 'left' },
  { name: 'the next double above', value: 1 + Number.EPSILON, missingLeft: false, side: 'right' },
  { name: '-Infinity', value: -Infinity, missingLeft: false, side: 'left' },
  { name: '-Infinity where missing goes left', value: -Infinity, missingLeft: true, side: 'left' },
  { name: 'Infinity', value: Infinity, missingLeft: false, side: 'right' },
  { name: 'Infinity where missing goes left', value: Infinity, missingLeft: true, side: 'right' },
  { name: 'missing where it goes left', value: NaN, missingLeft: true, side: 'left' },
  { name: 'missing where it goes right', value: NaN, missingLeft: false, side: 'right' },
])('a value that is $name goes $side', ({ value, missingLeft, side }) => {
  const root = { value: 0, feature: 0, threshold: 1, missingLeft, left: { value: -1 }, right: { value: 1 } }
  for (const create of [createTrees, createLinkedTrees]) {
    const model = create({ kind: 'trees', link: 'logit', baseline: 0, trees: [toColumns(root)] }, 1)
    expect(model.score(Float64Array.of(value))).toBe(side === 'left' ? -1 : 1)
  }
})

test('a spine of depth 30 is walked to its end, and to every leaf on the way', () => {
  const trees = [toColumns(spine(30))]
  const model = createModel({ kind: 'trees', link: 'logit', baseline: 0, trees }, 1)
  const contributions = new Float64Array(1)
  for (let depth = 0; depth <= 30; depth++) {
    expect(model.score(Float64Array.of(depth))).toBe(depth)
    expect(model.explain(Float64Array.of(depth), contributions)).toBe(depth)
    expect(model.baseline + contributions[0]!).toBe(depth)
  }
})

test('a model without trees, or of single leaves, scores its baseline whatever the row holds', () => {
  const row = Float64Array.of(NaN, Infinity, 0)
  const none = createModel({ kind: 'trees', link: 'logit', baseline: 1.5, trees: [] }, 3)
  const leaf = createModel(
    { kind: 'trees', link: 'logit', baseline: 1.5, trees: [toColumns({ value: 2 })] },
    3,
  )
  expect([none.score(row), none.baseline]).toEqual([1.5, 1.5])
  expect([leaf.score(row), leaf.baseline]).toEqual([3.5, 3.5])
  const contributions = new Float64Array(3)
  leaf.explain(row, contributions)
  expect([...contributions]).toEqual([0, 0, 0])
})

test('a model of no features scores an empty row', () => {
  const model = createModel(
    { kind: 'trees', link: 'logit', baseline: 1, trees: [toColumns({ value: 1 })] },
    0,
  )
  expect(model.score(new Float64Array(0))).toBe(2)
})

test.each([
  { link: 'logit' as const, score: 0, probability: 0.5 },
  { link: 'logit' as const, score: 800, probability: 1 },
  { link: 'logit' as const, score: -800, probability: 0 },
  { link: 'identity' as const, score: 0.3, probability: 0.3 },
  { link: 'identity' as const, score: 1.0000001, probability: 1 },
  { link: 'identity' as const, score: -0.2, probability: 0 },
])(
  'the score $score through the link $link is the probability $probability',
  ({ link, score, probability }) => {
    const model = createModel({ kind: 'trees', link, baseline: 0, trees: [] }, 1)
    expect(model.probability(score)).toBe(probability)
  },
)

/** Right at each level until the threshold is not passed; every leaf's value is its depth. */
function spine(levels: number, depth = 0): PlainNode {
  if (levels === 0) return { value: depth }
  return {
    value: depth / 2,
    feature: 0,
    threshold: depth,
    missingLeft: false,
    left: { value: depth },
    right: spine(levels - 1, depth + 1),
  }
}

/** The nodes that a row passes, by the rule in words. */
function pathOf(root: PlainNode, row: Float64Array): PlainNode[] {
  const path = [root]
  for (let node = root; 'feature' in node; path.push(node)) {
    const value = row[node.feature]!
    const goesLeft = Number.isNaN(value) ? node.missingLeft : value <= node.threshold
    node = goesLeft ? node.left : node.right
  }
  return path
}

/** The linked layout for trees that `createTrees` would fill up. */
function createLinkedTrees(...[parameters, featureCount]: Parameters<typeof createTrees>): Model {
  const layout = layOutLinked(parameters, featureCount)
  const row = createRow(featureCount)
  const parts = createRow(featureCount)
  return {
    ...createTrees(parameters, featureCount),
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
  }
}
