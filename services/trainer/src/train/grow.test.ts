import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBins } from './bins.ts'
import { createGrower } from './grow.ts'
import { createRandom } from '@sluicebox/event/random'

const L2 = 0.5
const value = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constant(NaN))
const row = fc.record({
  features: fc.tuple(value, value, value),
  gradient: fc.integer({ min: -4, max: 4 }),
  hessian: fc.integer({ min: 1, max: 3 }),
})
type Row = { features: readonly number[]; gradient: number; hessian: number }

describe('a grown tree', () => {
  test('takes at every node the best of all tests, with missing values on either side or alone', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 40 }), rows => {
        const { tree, gain, leaves } = grow(rows)
        for (const { node, members } of nodesOf(tree, rows)) {
          const best = bestGain(members)
          if (tree.feature[node]! >= 0) expect(gain[node]).toBeCloseTo(best, 9)
          else if (depthOf(tree, node) < 3) expect(best).toBeLessThan(1e-6)
        }
        // Each row is in one leaf, and the leaves hold what the formula says.
        expect(leaves.reduce((sum, leaf) => sum + leaf.end - leaf.start, 0)).toBe(rows.length)
        for (const { node, members } of nodesOf(tree, rows))
          if (tree.feature[node]! < 0) {
            const { g, h } = total(members)
            expect(tree.value[node]).toBeCloseTo(-g / (h + L2), 12)
          }
      }),
      { numRuns: 300 },
    )
  })

  test('is the same with a buffer of histograms that an earlier tree has used', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 30 }), rows => {
        const grower = growerOf(rows)
        const first = growWith(grower, rows)
        expect(growWith(grower, rows)).toEqual(first)
      }),
    )
  })
})

function growerOf(rows: readonly Row[]) {
  const features = [0, 1, 2].map(f => Float64Array.from(rows, r => r.features[f]!))
  return createGrower(
    createBins(
      features,
      Int32Array.from(rows, (_, i) => i),
    ),
    rows.length,
  )
}

function growWith(grower: ReturnType<typeof growerOf>, rows: readonly Row[]) {
  rows.forEach((r, i) => {
    grower.rows[i] = i
    grower.gradient[i] = r.gradient
    grower.hessian[i] = r.hessian
  })
  return grower.grow(rows.length, new Float64Array(rows.length).fill(1), {
    depthMax: 3,
    l2: L2,
    leafWeightMin: 1,
    gainMin: 1e-7,
    shrinkage: 1,
    features: Int32Array.of(0, 1, 2),
    random: createRandom(1),
  })
}

function grow(rows: readonly Row[]) {
  return growWith(growerOf(rows), rows)
}

type Tree = ReturnType<typeof grow>['tree']

function goesLeft(tree: Tree, node: number, r: Row): boolean {
  const v = r.features[tree.feature[node]!]!
  return Number.isNaN(v) ? tree.missingLeft[node] === 1 : v <= tree.threshold[node]!
}

/** Every node with the rows that reach it, by the values and not by the bins. */
function nodesOf(tree: Tree, rows: readonly Row[]): { node: number; members: readonly Row[] }[] {
  const found: { node: number; members: readonly Row[] }[] = []
  const visit = (node: number, members: readonly Row[]): void => {
    found.push({ node, members })
    if (tree.feature[node]! < 0) return
    visit(
      tree.left[node]!,
      members.filter(r => goesLeft(tree, node, r)),
    )
    visit(
      tree.right[node]!,
      members.filter(r => !goesLeft(tree, node, r)),
    )
  }
  visit(0, rows)
  return found
}

function depthOf(tree: Tree, node: number): number {
  for (let parent = 0; parent < node; parent++)
    if (tree.feature[parent]! >= 0 && (tree.left[parent] === node || tree.right[parent] === node))
      return 1 + depthOf(tree, parent)
  return 0
}

function total(rows: readonly Row[]): { g: number; h: number } {
  return rows.reduce((sum, r) => ({ g: sum.g + r.gradient, h: sum.h + r.hessian }), { g: 0, h: 0 })
}

/** By trying everything. */
function bestGain(rows: readonly Row[]): number {
  const score = (part: readonly Row[]) => {
    const { g, h } = total(part)
    return (g * g) / (h + L2)
  }
  let best = 0
  for (const f of [0, 1, 2])
    for (const threshold of [-2, -1, 0, 1, 2])
      for (const missingLeft of [true, false]) {
        const isLeft = (r: Row) => (Number.isNaN(r.features[f]!) ? missingLeft : r.features[f]! <= threshold)
        const left = rows.filter(isLeft)
        if (left.length === 0 || left.length === rows.length) continue
        best = Math.max(best, score(left) + score(rows.filter(r => !isLeft(r))) - score(rows))
      }
  return best
}
