import { writeParameters } from '@sluicebox/model/parameters/parameters-file'
import { describe, expect, test } from 'vitest'
import { MODEL_KINDS, trainerConfig } from '../config.ts'
import { selectRows, shopTable, testTable } from '../testing/table.ts'
import { splitTable } from './split.ts'
import { train, type TrainOptions } from './train.ts'

const defaults = trainerConfig.parse(undefined)
const options = (changes: Partial<TrainOptions>): TrainOptions => ({
  ...defaults,
  transitionsFrom: Int32Array.from([0, 0, 1, 1]),
  ...changes,
})

describe.each(MODEL_KINDS)('%s', kind => {
  test('gives the same bytes twice, and with another seed another model where chance plays a part', async () => {
    const table = shopTable(400)
    const bytes = async (seed: number) =>
      Buffer.from(writeParameters((await train(table, options({ kind, seed }))).parameters, 4)).toString(
        'hex',
      )
    const [one, again, other] = [await bytes(1), await bytes(1), await bytes(2)]
    expect(again).toBe(one)
    if (kind === 'trees' || kind === 'forest') expect(other).not.toBe(one)
    else expect(other).toBe(one)
  })

  test('scores every row as the finished model does', async () => {
    const table = shopTable(300)
    const trained = await train(table, options({ kind }))
    const row = (r: number) => Float64Array.from(table.features, column => column[r]!)
    expect(trained.score[7]).toBe(trained.model.score(row(7)))
    expect([...trained.probability].every(p => p >= 0 && p <= 1)).toBe(true)
  })
})

test('probabilities of unseen sessions are about as high as what comes true', async () => {
  const table = shopTable(4_000)
  const { split, probability } = await train(table, options({ kind: 'trees' }))
  const mean = (of: ArrayLike<number>) =>
    split.test.reduce((sum, row) => sum + of[row]!, 0) / split.test.length
  expect(Math.abs(mean(probability) - mean(table.label))).toBeLessThan(0.05)
})

test('class weights change the scores, and calibration takes them out again', async () => {
  const table = shopTable(4_000)
  const balanced = await train(table, options({ kind: 'linear', positiveWeight: 0.2 }))
  const { split } = balanced
  const mean = (of: ArrayLike<number>) =>
    split.test.reduce((sum, row) => sum + of[row]!, 0) / split.test.length
  const plain = await train(table, options({ kind: 'linear' }))
  expect(mean(balanced.score)).toBeLessThan(mean(plain.score) - 1)
  expect(Math.abs(mean(balanced.probability) - mean(table.label))).toBeLessThan(0.05)
})

test.each([
  { name: 'never reached', label: 0, message: /never reach the goal/ },
  { name: 'always reached', label: 1, message: /all reach the goal/ },
])('a goal that is $name is an error that says what to check', async ({ label, message }) => {
  const table = testTable(Array.from({ length: 20 }, (_, i) => ({ label, features: [i] })))
  await expect(train(table, options({}))).rejects.toThrow(message)
})

test('a table without rows, or without features, is an error that says what to do', async () => {
  const table = shopTable(20)
  await expect(train(selectRows(table, new Int32Array(0)), options({}))).rejects.toThrow(
    /training part is empty/,
  )
  await expect(train({ ...table, featureNames: [], features: [] }, options({}))).rejects.toThrow(
    /no feature column/,
  )
})

test('a markov model without transition features says what is missing', async () => {
  const { transitionsFrom: _, ...without } = options({ kind: 'markov' })
  await expect(train(shopTable(100), without)).rejects.toThrow(/kind transition/)
})

test('a validation part without a positive session calibrates nothing, and warns', async () => {
  const rows = Array.from({ length: 100 }, (_, i) => ({ label: 0, features: [i % 3] }))
  const { train: trainRows } = splitTable(testTable(rows), defaults)
  trainRows.forEach((row, i) => (rows[row]!.label = i % 4 === 0 ? 1 : 0))
  const trained = await train(testTable(rows), options({}))
  expect(trained.calibration).toEqual({ method: 'none' })
  expect(trained.threshold.value).toBe(0.5)
  expect(trained.warnings.join()).toMatch(/only 0 of \d+ sessions of the validation part/)
})

test('warns when the split leaves out many sessions, and says what keeps them', async () => {
  const returning = shopTable(400)
  const table = {
    ...returning,
    visitor: { ...returning.visitor, codes: returning.visitor.codes.map(v => v % 50) },
  }
  const byTime = await train(table, options({}))
  expect(byTime.split.sessionsLeftOut).toBeGreaterThan(150)
  expect(byTime.warnings.join()).toContain('splitBy visitor keeps them all')
  const byVisitor = await train(table, options({ splitBy: 'visitor' }))
  expect(byVisitor.split.sessionsLeftOut).toBe(0)
})

test('a Markov chain of a few transitions warns, and says where more come from', async () => {
  const trained = await train(shopTable(300), options({ kind: 'markov' }))
  expect(trained.warnings.join()).toContain('4 transitions only')
})

test('a session counts once, however many rows it has, unless rows are weighted', async () => {
  const once = testTable(
    Array.from({ length: 300 }, (_, i) => ({
      session: `s${i}`,
      label: i % 3 === 0 ? 1 : 0,
      features: [i % 7, i % 5],
    })),
  )
  // Sessions that reach the goal four times as long, with the same row again and again.
  const rows = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? [i, i, i, i] : [i])).flat()
  const repeated = selectRows(once, Int32Array.from(rows))
  const weightsOf = async (table: typeof once, rowWeight: 'session' | 'row') => {
    const { parameters } = await train(table, options({ kind: 'linear', rowWeight }))
    return parameters.kind === 'linear' ? parameters.intercept : NaN
  }
  const single = await weightsOf(once, 'session')
  expect(await weightsOf(repeated, 'session')).toBeCloseTo(single, 9)
  expect(await weightsOf(repeated, 'row')).toBeGreaterThan(single + 1)
})
