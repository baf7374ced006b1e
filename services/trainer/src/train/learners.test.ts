import { createModel } from '@sluicebox/model/runtimes/create-model'
import { writeParameters } from '@sluicebox/model/parameters/parameters-file'
import type { Parameters, TreesParameters } from '@sluicebox/model/parameters/parameters'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { trainerConfig } from '../config.ts'
import type { TrainingTable } from '../table.ts'
import { selectRows, shopTable, testTable } from '../testing/table.ts'
import { fitBoosting, type BoostingOptions } from './boosting.ts'
import { fitForest } from './forest.ts'
import type { LearnerInput } from './learner.ts'
import { fitLinear } from './linear.ts'
import { fitMarkov } from './markov.ts'
import { rowWeights } from './split.ts'

const defaults = trainerConfig.parse(undefined)
/** Fits the training rows exactly: for problems without noise. */
const eager: BoostingOptions = {
  treesMax: 60,
  depthMax: 3,
  shrinkage: 0.5,
  l2: 0.01,
  leafWeightMin: 1e-3,
  gainMin: 0,
  sessionShare: 1,
  featureShare: 1,
  binsMax: 255,
  patience: 0,
}
const forest = { ...defaults.forest, trees: 40 }

const learners = {
  trees: (input: LearnerInput) => fitBoosting(input, { ...defaults.trees, treesMax: 40 }, {}),
  forest: (input: LearnerInput) => fitForest(input, forest, {}),
  linear: (input: LearnerInput) => fitLinear(input, defaults.linear, {}),
}

describe.each(Object.entries(learners))('%s', (_name, learn) => {
  test('the same rows and seed give the same bytes', async () => {
    const input = inputOf(shopTable(300))
    const [one, other] = [await learn(input), await learn(input)]
    expect(bytesOf(one.parameters, 4)).toEqual(bytesOf(other.parameters, 4))
  })

  test('what it learns ranks sessions that it never saw', async () => {
    const { parameters } = await learn(inputOf(shopTable(1_500)))
    const table = shopTable(1_000, 2)
    expect(aucOf(parameters, table)).toBeGreaterThan(0.75)
  })

  test('the order of rows barely changes how good the model is', async () => {
    const table = shopTable(600)
    const shuffled = selectRows(
      table,
      Int32Array.from({ length: table.rowCount }, (_, i) => (i * 7) % table.rowCount),
    )
    expect(table.rowCount % 7).not.toBe(0)
    const unseen = shopTable(1_000, 2)
    const [one, other] = [await learn(inputOf(table)), await learn(inputOf(shuffled))]
    expect(aucOf(other.parameters, unseen)).toBeCloseTo(aucOf(one.parameters, unseen), 1)
  })

  test('a constant feature and one without values change nothing and break nothing', async () => {
    const table = shopTable(200)
    const wider: TrainingTable = {
      ...table,
      featureNames: [...table.featureNames, 'constant', 'empty'],
      features: [
        ...table.features,
        new Float64Array(table.rowCount).fill(7),
        new Float64Array(table.rowCount).fill(NaN),
      ],
    }
    const { parameters } = await learn(inputOf(wider))
    const model = createModel(parameters, 6)
    for (const row of [0, 1, 2]) {
      const at = (constant: number, empty: number) =>
        model.score(Float64Array.from([...table.features.map(column => column[row]!), constant, empty]))
      expect(Number.isFinite(at(7, NaN))).toBe(true)
      expect(at(7, NaN)).toBe(at(7, 3))
    }
  })

  test('stops when the signal aborts', async () => {
    const stop = new AbortController()
    const progress = () => stop.abort(new Error('enough'))
    const input = inputOf(shopTable(200))
    const report = { progress, signal: stop.signal }
    const running =
      learn === learners.linear
        ? fitLinear(input, defaults.linear, report)
        : learn === learners.forest
          ? fitForest(input, forest, report)
          : fitBoosting(input, defaults.trees, report)
    await expect(running).rejects.toThrow('enough')
  })
})

describe('boosted trees', () => {
  test('the loss falls with every tree when all rows grow each', async () => {
    const { trainLosses } = await fitBoosting(
      inputOf(shopTable(300)),
      { ...eager, shrinkage: 0.1, l2: 1 },
      {},
    )
    expect(trainLosses).toHaveLength(60)
    trainLosses.forEach((loss, i) => i > 0 && expect(loss).toBeLessThan(trainLosses[i - 1]!))
  })

  test('exclusive or needs trees of depth 2', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => {
      const [a, b] = [i % 2, (i >> 1) % 2]
      // A few rows more of one kind: with four equal corners no first test would improve anything.
      return { features: [a, b], label: a ^ b, session: `s${i}` }
    }).concat(Array.from({ length: 9 }, (_, i) => ({ features: [0, 1], label: 1, session: `t${i}` })))
    const input = inputOf(testTable(rows))
    const flat = await fitBoosting(input, { ...eager, depthMax: 1 }, {})
    const deep = await fitBoosting(input, { ...eager, depthMax: 2 }, {})
    expect(aucOf(flat.parameters, testTable(rows))).toBeLessThan(0.8)
    expect(aucOf(deep.parameters, testTable(rows))).toBe(1)
  })

  test.each([
    { name: 'rising', label: (x: number) => (x > 40 ? 1 : 0), direction: 1 },
    { name: 'falling', label: (x: number) => (x > 40 ? 0 : 1), direction: -1 },
  ])('a $name step is found where it is', async ({ label, direction }) => {
    const rows = Array.from({ length: 100 }, (_, x) => ({ features: [x], label: label(x) }))
    const { parameters } = await fitBoosting(inputOf(testTable(rows)), eager, {})
    const model = createModel(parameters, 1)
    const scores = rows.map(row => model.score(Float64Array.from(row.features)))
    expect(Math.sign(scores[41]! - scores[40]!)).toBe(direction)
    scores.forEach(
      (score, x) => x > 0 && expect(direction * (score - scores[x - 1]!)).toBeGreaterThanOrEqual(0),
    )
  })

  test('missing values go to the side that fits them, or to one of their own', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => {
      const kind = i % 3
      return { features: [kind === 0 ? NaN : kind === 1 ? i : 1_000 + i], label: kind === 1 ? 0 : 1 }
    })
    const both = await fitBoosting(inputOf(testTable(rows)), eager, {})
    expect(aucOf(both.parameters, testTable(rows))).toBe(1)

    const onlyMissing = rows.map(({ features }, i) => ({ features, label: i % 3 === 0 ? 1 : 0 }))
    const own = await fitBoosting(inputOf(testTable(onlyMissing)), { ...eager, depthMax: 1 }, {})
    expect(aucOf(own.parameters, testTable(onlyMissing))).toBe(1)
  })

  test('stops where the validation loss is lowest', async () => {
    const table = shopTable(200)
    const half = Math.floor(table.rowCount / 2)
    const rows = Int32Array.from({ length: table.rowCount }, (_, i) => i)
    const validLosses: number[] = []
    const { parameters } = await fitBoosting(
      { ...inputOf(table), trainRows: rows.subarray(0, half), validRows: rows.subarray(half) },
      { ...eager, treesMax: 500, patience: 10 },
      { progress: ({ validLoss }) => validLosses.push(validLoss!) },
    )
    expect(validLosses.length).toBeLessThan(500)
    expect(validLosses[parameters.trees.length - 1]).toBe(Math.min(...validLosses))
    expect(validLosses).toHaveLength(parameters.trees.length + 10)
  })

  test('an inner node holds the mean of its leaves by the weight that reached them', async () => {
    const table = shopTable(150)
    const input = inputOf(table)
    const { parameters } = await fitBoosting(input, { ...eager, treesMax: 1 }, {})
    const { trees } = parameters as TreesParameters
    const tree = trees[0]!
    let [sum, total] = [0, 0]
    const model = createModel({ ...parameters, baseline: 0 }, 4)
    for (let row = 0; row < table.rowCount; row++) {
      sum += input.weight[row]! * model.score(Float64Array.from(table.features, column => column[row]!))
      total += input.weight[row]!
    }
    expect(tree.value[0]).toBeCloseTo(sum / total, 10)
  })

  test('scores computed from bins while learning are those of the finished model', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 10_000 }), async seed => {
        const table = shopTable(60, seed)
        const input = inputOf(table)
        const { parameters, trainLosses } = await fitBoosting(
          input,
          { ...eager, treesMax: 5, sessionShare: 0.6 },
          {},
        )
        const model = createModel(parameters, 4)
        let [loss, total] = [0, 0]
        for (let row = 0; row < table.rowCount; row++) {
          const score = model.score(Float64Array.from(table.features, column => column[row]!))
          loss += input.weight[row]! * Math.log1p(Math.exp(table.label[row] === 1 ? -score : score))
          total += input.weight[row]!
        }
        expect(trainLosses.at(-1)).toBeCloseTo(loss / total, 10)
      }),
      { numRuns: 20 },
    )
  })
})

describe('random forest', () => {
  test('gives shares of positive sessions: between 0 and 1, and right in the mean', async () => {
    const table = shopTable(1_000)
    const { parameters } = await fitForest(inputOf(table), forest, {})
    const model = createModel(parameters, 4)
    const scores = Array.from({ length: table.rowCount }, (_, row) =>
      model.score(Float64Array.from(table.features, column => column[row]!)),
    )
    const mean = (numbers: ArrayLike<number>) =>
      Array.from(numbers).reduce((sum, x) => sum + x, 0) / numbers.length
    expect(Math.min(...scores)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...scores)).toBeLessThanOrEqual(1)
    expect(mean(scores)).toBeCloseTo(mean(table.label), 1)
  })
})

describe('logistic regression', () => {
  test('finds the weights that made the labels', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => {
      const [a, b] = [((i * 7919) % 1000) / 500 - 1, ((i * 104_729) % 997) / 498.5 - 1]
      const p = 1 / (1 + Math.exp(1 - 2 * a + b))
      return { features: [a, b], label: ((i * 15_485_863) % 10_007) / 10_007 < p ? 1 : 0 }
    })
    const { parameters } = await fitLinear(inputOf(testTable(rows)), { l2: 0, l1: 0, iterationsMax: 50 }, {})
    const slopes = parameters.weights.map((w, f) => w / parameters.scales[f]!)
    expect(slopes[0]).toBeCloseTo(2, 0)
    expect(slopes[1]).toBeCloseTo(-1, 0)
  })

  test('a step that would overshoot is shortened: the loss never rises', async () => {
    // Whole steps of Newton's method lead away from the minimum here.
    const features = [
      0.04, 11.54, 9.94, 1.53, 1.99, 0, 0.01, 2.16, 53.22, 0, 0.04, 0.73, 0.9, 2.74, 1.47, 2.09, 11.69, 3.76,
      1.64, 0, 0.34, 0,
    ]
    const rows = features.map((x, i) => ({ features: [x], label: i === 5 || i === 8 ? 1 : 0 }))
    const { trainLosses } = await fitLinear(
      inputOf(testTable(rows)),
      { l2: 0.01, l1: 0, iterationsMax: 50 },
      {},
    )
    trainLosses.forEach((loss, i) => i > 0 && expect(loss).toBeLessThanOrEqual(trainLosses[i - 1]!))
    expect(trainLosses.length).toBeLessThan(30)
    expect(trainLosses.at(-1)).toBeLessThan(trainLosses[0]!)
  })

  test('classes that a line separates end in finite weights', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({ features: [i], label: i >= 20 ? 1 : 0 }))
    const { parameters } = await fitLinear(
      inputOf(testTable(rows)),
      { l2: 0.1, l1: 0, iterationsMax: 50 },
      {},
    )
    expect(Number.isFinite(parameters.weights[0])).toBe(true)
    expect(aucOf(parameters, testTable(rows))).toBe(1)
  })

  test('l1 sets the weights of uninformative features to exactly 0', async () => {
    const { parameters, notes } = await fitLinear(
      inputOf(shopTable(500)),
      { l2: 0, l1: 20, iterationsMax: 50 },
      {},
    )
    expect(parameters.weights[2]).toBe(0)
    expect(parameters.weights[0]).not.toBe(0)
    expect(notes['features']).toBeLessThan(4)
  })

  test('at the end no small change of a weight lowers the penalised loss', async () => {
    const table = shopTable(200)
    const input = inputOf(table)
    const l2 = 3
    const { parameters } = await fitLinear(input, { l2, l1: 0, iterationsMax: 50 }, {})
    const lossWith = (weights: Float64Array) => {
      const model = createModel({ ...parameters, weights }, 4)
      let loss = 0
      for (let row = 0; row < table.rowCount; row++) {
        const score = model.score(Float64Array.from(table.features, column => column[row]!))
        loss += input.weight[row]! * Math.log1p(Math.exp(table.label[row] === 1 ? -score : score))
      }
      return loss + 0.5 * l2 * weights.reduce((sum, w) => sum + w * w, 0)
    }
    const best = lossWith(parameters.weights)
    for (let f = 0; f < 4; f++)
      for (const move of [-0.01, 0.01])
        expect(lossWith(parameters.weights.map((w, i) => (i === f ? w + move : w)))).toBeGreaterThan(best)
  })
})

describe('markov', () => {
  test('counts transitions of either outcome at the last row of each session', async () => {
    const table = testTable([
      { session: 'a', n: 1, label: 1, features: [1, 0] },
      { session: 'a', n: 2, label: 1, features: [2, 1] },
      { session: 'b', n: 1, label: 0, features: [0, 3] },
      { session: 'c', n: 1, label: 0, features: [0, NaN] },
    ])
    const { parameters } = await fitMarkov(
      inputOf(table),
      { smoothing: 1, from: Int32Array.from([0, 0]) },
      {},
    )
    expect([...parameters.positives]).toEqual([2, 1])
    expect([...parameters.negatives]).toEqual([0, 3])
    expect(parameters.prior).toBeCloseTo(Math.log(1 / 2), 12)
    const model = createModel(parameters, 2)
    expect(model.score(Float64Array.from([1, 0]))).toBeGreaterThan(model.score(Float64Array.from([0, 1])))
  })
})

function inputOf(table: TrainingTable): LearnerInput {
  return {
    featureNames: table.featureNames,
    features: table.features,
    label: table.label,
    weight: rowWeights(table, { rowWeight: 'session' }),
    session: table.session.codes,
    trainRows: Int32Array.from({ length: table.rowCount }, (_, i) => i),
    validRows: new Int32Array(0),
    seed: 1,
  }
}

function bytesOf(parameters: Parameters, featureCount: number): string {
  return Buffer.from(writeParameters(parameters, featureCount)).toString('hex')
}

/** The share of pairs of a positive and a negative row that the model puts in the right order. */
function aucOf(parameters: Parameters, table: TrainingTable): number {
  const model = createModel(parameters, table.featureNames.length)
  const scores: [number[], number[]] = [[], []]
  for (let row = 0; row < table.rowCount; row++)
    scores[table.label[row] as 0 | 1].push(
      model.score(Float64Array.from(table.features, column => column[row]!)),
    )
  let right = 0
  for (const positive of scores[1])
    for (const negative of scores[0]) right += positive > negative ? 1 : positive === negative ? 0.5 : 0
  return right / (scores[0].length * scores[1].length)
}
