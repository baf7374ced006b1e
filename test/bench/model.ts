import { createRandom } from '@sluicebox/event/random'
import { createModel } from '@sluicebox/model/runtimes/create-model'
import type { Model } from '@sluicebox/model/runtimes/model'
import type { Parameters, Tree } from '@sluicebox/model/parameters/parameters'
import { treesReference, type Reference } from './reference.ts'
import type { Row } from './row.ts'

const TREES = 200
const DEPTH = 6
const FEATURES = 40
const ROWS = 1_000
/** Of the reference. */
const PLAIN = 0.6
const REASONS = 1.5

/**
 * Time to score one row, warm, on one core. Thresholds and rows are random: each test of a tree goes left or right with
 * even chances, the worst case for a processor that guesses ahead.
 */
export async function benchModel(): Promise<Row[]> {
  const random = createRandom(1).next
  const rows = Array.from({ length: ROWS }, () => Float64Array.from({ length: FEATURES }, random))
  const complete = createModel(
    trees(() => completeTree(DEPTH, random)),
    FEATURES,
  )
  const leafWise = createModel(
    trees(() => leafWiseTree(31, random)),
    FEATURES,
  )
  const linear = createModel(
    {
      kind: 'linear',
      intercept: -2,
      weights: Float64Array.from({ length: FEATURES }, random),
      means: new Float64Array(FEATURES),
      scales: new Float64Array(FEATURES).fill(1),
    },
    FEATURES,
  )
  const markov = createModel(
    {
      kind: 'markov',
      prior: -2,
      smoothing: 1,
      positives: Float64Array.from({ length: FEATURES }, random),
      negatives: Float64Array.from({ length: FEATURES }, random),
      from: Int32Array.from({ length: FEATURES }, (_, i) => i % 6),
    },
    FEATURES,
  )
  const shape = `${TREES} trees of depth ${DEPTH}, ${FEATURES} features`
  return [
    ...time(shape, complete, rows, { plain: PLAIN, reasons: REASONS }, treesReference()),
    ...time(`${TREES} leaf-wise trees of 31 leaves`, leafWise, rows),
    ...time('logistic regression', linear, rows),
    ...time('markov', markov, rows),
  ]
}

function time(
  name: string,
  model: Model,
  rows: readonly Float64Array[],
  targets: { plain?: number; reasons?: number } = {},
  reference?: Reference,
): Row[] {
  const contributions = new Float64Array(model.featureCount)
  const row = (
    suffix: string,
    target: number | undefined,
    score: (features: Float64Array) => number,
  ): Row => ({
    name: `${name}, ${suffix}`,
    value: medianMicroseconds(rows, score),
    unit: 'µs/row',
    ...(reference === undefined ? {} : { reference }),
    ...(target === undefined ? {} : { target: { max: target } }),
  })
  return [
    row('score', targets.plain, features => model.score(features)),
    row('score and reasons', targets.reasons, features => model.explain(features, contributions)),
  ]
}

/** The median of 15 passes of about 30 ms, after three to warm up. */
function medianMicroseconds(
  rows: readonly Float64Array[],
  score: (features: Float64Array) => number,
): number {
  let sum = 0
  const pass = (repeats: number): number => {
    const start = process.hrtime.bigint()
    for (let i = 0; i < repeats; i++) for (const row of rows) sum += score(row)
    return Number(process.hrtime.bigint() - start) / 1_000 / (repeats * rows.length)
  }
  pass(3)
  const repeats = Math.ceil(30_000 / (pass(3) * rows.length))
  const times = Array.from({ length: 15 }, () => pass(repeats)).sort((a, b) => a - b)
  // The sum is used, so that no pass can be left out by the compiler.
  return Number.isNaN(sum) ? NaN : times[7]!
}

function trees(grow: () => Tree): Parameters {
  return { kind: 'trees', link: 'logit', baseline: -2, trees: Array.from({ length: TREES }, grow) }
}

function completeTree(depth: number, random: () => number): Tree {
  const inner = 2 ** depth - 1
  return tree(
    2 * inner + 1,
    node => (node < inner ? { left: 2 * node + 1, right: 2 * node + 2 } : undefined),
    random,
  )
}

/** Splits a leaf chosen at random until there are enough. */
function leafWiseTree(leafCount: number, random: () => number): Tree {
  const leaves = [0]
  const children = new Map<number, { left: number; right: number }>()
  let count = 1
  while (leaves.length < leafCount) {
    const [parent] = leaves.splice(Math.floor(random() * leaves.length), 1)
    children.set(parent!, { left: count, right: count + 1 })
    leaves.push(count, count + 1)
    count += 2
  }
  return tree(count, node => children.get(node), random)
}

function tree(
  count: number,
  childrenOf: (node: number) => { left: number; right: number } | undefined,
  random: () => number,
): Tree {
  const columns = {
    feature: new Int32Array(count).fill(-1),
    threshold: new Float64Array(count),
    missingLeft: new Uint8Array(count),
    left: new Int32Array(count).fill(-1),
    right: new Int32Array(count).fill(-1),
    value: Float64Array.from({ length: count }, () => random() - 0.5),
  }
  for (let node = 0; node < count; node++) {
    const children = childrenOf(node)
    if (children === undefined) continue
    columns.feature[node] = Math.floor(random() * FEATURES)
    columns.threshold[node] = random()
    columns.missingLeft[node] = random() < 0.5 ? 1 : 0
    columns.left[node] = children.left
    columns.right[node] = children.right
  }
  return columns
}
