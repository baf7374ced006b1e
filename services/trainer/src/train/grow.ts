import type { Tree } from '@sluicebox/model/parameters/parameters'
import { valueBinCount, type Bins } from './bins.ts'
import type { Random } from '@sluicebox/event/random'
import { sampleBelow } from './sample.ts'

export interface GrowOptions {
  readonly depthMax: number
  /** Added to the weight of a leaf: draws its value towards 0. */
  readonly l2: number
  /** Least weight (sum of second derivatives) that each side of a split keeps. Above 0. */
  readonly leafWeightMin: number
  /** Least improvement that is worth a split. */
  readonly gainMin: number
  /** Factor on each leaf's value. */
  readonly shrinkage: number
  /** Features that may be tested, in ascending order. */
  readonly features: Int32Array
  /** How many of them are tried at each node. All: leave it out. */
  readonly featuresPerNode?: number
  readonly random: Random
}

/** The rows that grow a tree; `begin` puts them in, growing reorders them. */
export interface Grower {
  /** Rows, with first and second derivative of the loss at each. */
  readonly rows: Int32Array
  readonly gradient: Float64Array
  readonly hessian: Float64Array
  /** Grows one tree on the first `count` entries. Row r counts `weight[r]` in the mean that an inner node holds. */
  grow(count: number, weight: Float64Array, options: GrowOptions): GrownTree
}

export interface GrownTree {
  readonly tree: Tree
  /** For each node, the highest bin that goes left. */
  readonly splitBin: Int32Array
  /** For each node, how much its split improved the fit. */
  readonly gain: Float64Array
  /** Leaves with the part of `rows` that reached them. */
  readonly leaves: readonly { readonly node: number; readonly start: number; readonly end: number }[]
}

/** Missing values alone go right: no finite value exceeds this. */
const ABOVE_ALL = Number.MAX_VALUE
/** A bin emptied by subtraction holds rounding noise instead of 0. */
const NOISE = 1e-9

interface Split {
  readonly gain: number
  readonly feature: number
  readonly bin: number
  readonly missingLeft: boolean
}

interface Pending {
  readonly node: number
  readonly depth: number
  readonly start: number
  readonly end: number
  /** This node's histogram, if its parent could derive it without a pass over the rows. */
  readonly histogram: Float64Array | undefined
}

/**
 * Grows trees depth first on histograms. Buffers are kept from tree to tree: one of rows, and as many histograms as
 * a tree is deep. A node's second child costs no pass over rows: its histogram is the parent's less its sibling's.
 */
export function createGrower(bins: Bins, rowsMax: number): Grower {
  const rows = new Int32Array(rowsMax)
  const gradient = new Float64Array(rowsMax)
  const hessian = new Float64Array(rowsMax)
  const spare = { rows: new Int32Array(rowsMax), numbers: new Float64Array(2 * rowsMax) }
  const histogramLength = 2 * bins.offsets.at(-1)!
  const free: Float64Array[] = []

  function grow(count: number, weight: Float64Array, options: GrowOptions): GrownTree {
    const { features, featuresPerNode = features.length, random, l2, leafWeightMin, depthMax } = options
    const everyFeature = featuresPerNode >= features.length
    const nodes = createNodes()
    const leaves: { node: number; start: number; end: number }[] = []
    const stack: Pending[] = [{ node: nodes.add(), depth: 0, start: 0, end: count, histogram: undefined }]

    for (let pending = stack.pop(); pending !== undefined; pending = stack.pop()) {
      const { node, depth, start, end } = pending
      const total = sum(start, end)
      const tried = everyFeature ? features : pick(features, featuresPerNode, random)
      let split: Split | undefined
      let histogram = pending.histogram
      if (depth < depthMax && total.hessian >= 2 * leafWeightMin) {
        histogram ??= fill(take(), tried, start, end)
        split = findSplit(histogram, tried, total)
      }
      const middle = split === undefined ? start : partition(start, end, split)
      if (split === undefined || middle === start || middle === end) {
        if (histogram !== undefined) free.push(histogram)
        nodes.value[node] = (-total.gradient / (total.hessian + l2)) * options.shrinkage
        leaves.push({ node, start, end })
        continue
      }

      const [left, right] = [nodes.add(), nodes.add()]
      nodes.split(node, left, right, split, thresholdOf(split))
      let [leftHistogram, rightHistogram]: (Float64Array | undefined)[] = []
      const deeper = depth + 1 < depthMax
      if (everyFeature && deeper) {
        const leftIsSmaller = middle - start <= end - middle
        const small = fill(take(), features, leftIsSmaller ? start : middle, leftIsSmaller ? middle : end)
        subtract(histogram!, small, features)
        ;[leftHistogram, rightHistogram] = leftIsSmaller ? [small, histogram] : [histogram, small]
      } else free.push(histogram!)
      stack.push({ node: right, depth: depth + 1, start: middle, end, histogram: rightHistogram })
      stack.push({ node: left, depth: depth + 1, start, end: middle, histogram: leftHistogram })
    }
    return { ...nodes.finish(leaves, rows, weight), leaves }

    function findSplit(
      histogram: Float64Array,
      tried: Int32Array,
      total: { gradient: number; hessian: number },
    ): Split | undefined {
      const { gradient: g, hessian: h } = total
      const none = (g * g) / (h + l2)
      let best = none + Math.max(options.gainMin, NOISE * none)
      let [feature, bin, missingLeft] = [-1, 0, false]
      for (const f of tried) {
        const first = 2 * bins.offsets[f]!
        const binCount = valueBinCount(bins, f)
        const missingG = histogram[first + 2 * binCount]!
        const missingH = histogram[first + 2 * binCount + 1]!
        const hasMissing = missingH > NOISE * h
        let leftG = 0
        let leftH = 0
        for (let b = 0; b < binCount; b++) {
          leftG += histogram[first + 2 * b]!
          leftH += histogram[first + 2 * b + 1]!
          // The last bin leaves nothing to the right but what is missing.
          if (b === binCount - 1 && !hasMissing) break
          if (leftH >= leafWeightMin && h - leftH >= leafWeightMin) {
            const rightG = g - leftG
            const score = (leftG * leftG) / (leftH + l2) + (rightG * rightG) / (h - leftH + l2)
            if (score > best) {
              best = score
              feature = f
              bin = b
              // No value was missing here: a missing value later goes where most rows went.
              missingLeft = !hasMissing && leftH >= h - leftH
            }
          }
          const withG = leftG + missingG
          const withH = leftH + missingH
          if (hasMissing && b < binCount - 1 && withH >= leafWeightMin && h - withH >= leafWeightMin) {
            const rightG = g - withG
            const score = (withG * withG) / (withH + l2) + (rightG * rightG) / (h - withH + l2)
            if (score > best) {
              best = score
              feature = f
              bin = b
              missingLeft = true
            }
          }
        }
      }
      return feature < 0 ? undefined : { gain: best - none, feature, bin, missingLeft }
    }
  }

  function thresholdOf({ feature, bin }: Split): number {
    return bins.edges[feature]![bin] ?? ABOVE_ALL
  }

  function sum(start: number, end: number): { gradient: number; hessian: number } {
    let g = 0
    let h = 0
    for (let i = start; i < end; i++) {
      g += gradient[i]!
      h += hessian[i]!
    }
    return { gradient: g, hessian: h }
  }

  function take(): Float64Array {
    return free.pop() ?? new Float64Array(histogramLength)
  }

  function fill(histogram: Float64Array, features: Int32Array, start: number, end: number): Float64Array {
    for (const f of features) {
      const first = 2 * bins.offsets[f]!
      histogram.fill(0, first, 2 * bins.offsets[f + 1]!)
      fillFeature(histogram, first, bins.columns[f]!, rows, gradient, hessian, start, end)
    }
    return histogram
  }

  function subtract(from: Float64Array, what: Float64Array, features: Int32Array): void {
    for (const f of features)
      for (let i = 2 * bins.offsets[f]!; i < 2 * bins.offsets[f + 1]!; i++) from[i]! -= what[i]!
  }

  /** Moves the rows that go left to the front, keeping the order on both sides. Returns where the others begin. */
  function partition(start: number, end: number, split: Split): number {
    const column = bins.columns[split.feature]!
    const missing = valueBinCount(bins, split.feature)
    let left = start
    let right = 0
    for (let i = start; i < end; i++) {
      const row = rows[i]!
      const bin = column[row]!
      const g = gradient[i]!
      const h = hessian[i]!
      if (bin === missing ? split.missingLeft : bin <= split.bin) {
        rows[left] = row
        gradient[left] = g
        hessian[left] = h
        left++
      } else {
        spare.rows[right] = row
        spare.numbers[2 * right] = g
        spare.numbers[2 * right + 1] = h
        right++
      }
    }
    for (let i = 0; i < right; i++) {
      rows[left + i] = spare.rows[i]!
      gradient[left + i] = spare.numbers[2 * i]!
      hessian[left + i] = spare.numbers[2 * i + 1]!
    }
    return left
  }

  return { rows, gradient, hessian, grow }
}

/** Its own function, so that the hot loop is compiled on its own. */
function fillFeature(
  histogram: Float64Array,
  first: number,
  column: Uint8Array,
  rows: Int32Array,
  gradient: Float64Array,
  hessian: Float64Array,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) {
    const at = first + 2 * column[rows[i]!]!
    histogram[at]! += gradient[i]!
    histogram[at + 1]! += hessian[i]!
  }
}

function pick(features: Int32Array, count: number, random: Random): Int32Array {
  return sampleBelow(features.length, count, random).map(i => features[i]!)
}

function createNodes() {
  const feature: number[] = []
  const threshold: number[] = []
  const missingLeft: number[] = []
  const left: number[] = []
  const right: number[] = []
  const value: number[] = []
  const splitBin: number[] = []
  const gain: number[] = []
  return {
    value,
    add(): number {
      feature.push(-1)
      for (const column of [threshold, missingLeft, value, splitBin, gain]) column.push(0)
      left.push(-1)
      right.push(-1)
      return feature.length - 1
    },
    split(node: number, leftChild: number, rightChild: number, split: Split, at: number): void {
      feature[node] = split.feature
      threshold[node] = at
      missingLeft[node] = split.missingLeft ? 1 : 0
      left[node] = leftChild
      right[node] = rightChild
      splitBin[node] = split.bin
      gain[node] = split.gain
    },
    finish(leaves: GrownTree['leaves'], rows: Int32Array, weight: Float64Array) {
      const cover = new Float64Array(feature.length)
      for (const { node, start, end } of leaves)
        for (let i = start; i < end; i++) cover[node]! += weight[rows[i]!]!
      // Children come after their parent, so from the back every child is done before it.
      for (let node = feature.length - 1; node >= 0; node--) {
        if (feature[node]! < 0) continue
        const [l, r] = [left[node]!, right[node]!]
        cover[node] = cover[l]! + cover[r]!
        value[node] = (cover[l]! * value[l]! + cover[r]! * value[r]!) / cover[node]!
      }
      const tree: Tree = {
        feature: Int32Array.from(feature),
        threshold: Float64Array.from(threshold),
        missingLeft: Uint8Array.from(missingLeft),
        left: Int32Array.from(left),
        right: Int32Array.from(right),
        value: Float64Array.from(value),
      }
      return { tree, splitBin: Int32Array.from(splitBin), gain: Float64Array.from(gain) }
    },
  }
}

/** The leaf that a row of the bins reaches. */
export function findLeaf({ tree, splitBin }: GrownTree, bins: Bins, row: number): number {
  let node = 0
  for (let f = tree.feature[0]!; f >= 0; f = tree.feature[node]!) {
    const bin = bins.columns[f]![row]!
    const goesLeft = bin === valueBinCount(bins, f) ? tree.missingLeft[node] === 1 : bin <= splitBin[node]!
    node = goesLeft ? tree.left[node]! : tree.right[node]!
  }
  return node
}
