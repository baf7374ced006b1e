// Archives of earlier versions, and tables of other tools, hold values that no shop has. A model learns from them what there
// is to learn, and no value makes a parameter or a score that is not a number.
import { writeParameters } from '@sluicebox/model/parameters/parameters-file'
import { createRandom } from '@sluicebox/event/random'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MODEL_KINDS, trainerConfig } from '../config.ts'
import type { TrainingTable } from '../table.ts'
import { shopTable } from '../testing/table.ts'
import { train, type TrainedModel } from './train.ts'

const { dataset: _, ...defaults } = trainerConfig.parse({ trees: { treesMax: 30 }, forest: { trees: 20 } })
const kinds = MODEL_KINDS.filter(kind => kind !== 'markov')
const HOSTILE = [
  NaN,
  Infinity,
  -Infinity,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  1e300,
  -1e300,
  1e155,
  1e18,
  -1e12,
  5e-324,
  -0,
]
const hostile = fc.oneof(fc.constantFrom(...HOSTILE), fc.double())

/** The table with hostile values in a share of the rows of each feature, and with columns of nothing else. */
function poisoned(
  table: TrainingTable,
  values: readonly number[],
  share: number,
  seed: number,
): TrainingTable {
  const random = createRandom(seed)
  const any = (): number => values[random.below(values.length)]!
  return {
    ...table,
    featureNames: [...table.featureNames, 'only_hostile', 'constant', 'nearly_constant'],
    features: [
      ...table.features.map(column => column.map(value => (random.next() < share ? any() : value))),
      new Float64Array(table.rowCount).map(any),
      new Float64Array(table.rowCount).fill(values[0]!),
      new Float64Array(table.rowCount).map((_value, row) => (row === 7 ? any() : 1)),
    ],
  }
}

function check(trained: TrainedModel, rows: readonly (readonly number[])[]): void {
  const { model, parameters } = trained
  expect(() => writeParameters(parameters, model.featureCount)).not.toThrow()
  for (const number of [...trained.score, ...trained.probability, trained.threshold.value])
    expect(number).toSatisfy(Number.isFinite)
  const contributions = new Float64Array(model.featureCount)
  for (const row of rows) {
    const score = model.explain(Float64Array.from(row), contributions)
    expect(score).toSatisfy(Number.isFinite)
    expect([...contributions].every(Number.isFinite)).toBe(true)
    expect(model.probability(score)).toSatisfy((p: number) => p >= 0 && p <= 1)
  }
}

describe.each(kinds)('%s', kind => {
  test('no table makes a model, a score or a threshold that is not a number', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(hostile, { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(1_000),
        fc.array(fc.array(hostile, { minLength: 7, maxLength: 7 }), { maxLength: 5 }),
        async (values, share, seed, rows) => {
          const trained = await train(poisoned(shopTable(120, seed + 1), values, share, seed), {
            ...defaults,
            kind,
          })
          check(trained, rows)
        },
      ),
      { numRuns: 25 },
    )
  })

  test.each([1e300, -1e300, Infinity, 1e9])(
    'values of %d in a tenth of the rows leave it usable',
    async value => {
      const clean = shopTable(1_500)
      const trained = await train(poisoned(clean, [value], 0.1, 5), { ...defaults, kind })
      check(trained, [])
      const unseen = poisoned(shopTable(600, 2), [NaN], 0, 1)
      const scores = Array.from({ length: unseen.rowCount }, (_row, row) =>
        trained.model.score(Float64Array.from(unseen.features, column => column[row]!)),
      )
      expect(aucOf(scores, unseen.label)).toBeGreaterThan(0.72)
      // Two probabilities and more: it has not settled for the mean.
      expect(Math.max(...trained.probability) - Math.min(...trained.probability)).toBeGreaterThan(0.3)
    },
  )

  test('the same table gives the same bytes', async () => {
    const table = poisoned(shopTable(150), HOSTILE, 0.2, 3)
    const [one, other] = [
      await train(table, { ...defaults, kind }),
      await train(table, { ...defaults, kind }),
    ]
    expect(writeParameters(one.parameters, 7)).toEqual(writeParameters(other.parameters, 7))
  })
})

test('what a linear model does not take is said, by feature', async () => {
  const { warnings } = await train(poisoned(shopTable(300), [1e300], 0.05, 5), {
    ...defaults,
    kind: 'linear',
  })
  expect(warnings.join('\n')).toMatch(
    /values that are far beyond all others count as missing, .*interest in \d+ of \d+ rows, price in \d+ of/,
  )
})

test('nothing is said of a table without them, and nothing changes by it', async () => {
  const { warnings } = await train(shopTable(300), { ...defaults, kind: 'linear' })
  expect(warnings.join('\n')).not.toContain('far beyond')
})

test('a markov chain takes counts only', async () => {
  const table = shopTable(300)
  const counts = { ...table, features: table.features.map((_column, f) => table.n.map(n => n % (f + 2))) }
  const clean = { ...counts, features: counts.features.map(column => Float64Array.from(column)) }
  const options = { ...defaults, kind: 'markov' as const, transitionsFrom: Int32Array.of(0, 0, 1, 1) }
  const bad = {
    ...clean,
    features: clean.features.map(column => column.map((n, row) => (row % 50 === 1 ? -1e300 : n))),
  }
  const trained = await train(bad, options)
  check(trained, [HOSTILE.slice(0, 4), HOSTILE.slice(4, 8), HOSTILE.slice(8, 12)])
  expect(trained.warnings.join('\n')).toContain('count as missing')
  expect((await train(clean, options)).warnings.join('\n')).not.toContain('count as missing')
})

/** The share of pairs of a positive and a negative row that are in the right order. */
function aucOf(scores: readonly number[], label: Uint8Array): number {
  const [positive, negative] = [1, 0].map(wanted => scores.filter((_score, row) => label[row] === wanted))
  let right = 0
  for (const p of positive!) for (const n of negative!) right += p > n ? 1 : p === n ? 0.5 : 0
  return right / (positive!.length * negative!.length)
}
