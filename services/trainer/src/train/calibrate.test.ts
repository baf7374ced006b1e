import { createCalibration } from '@sluicebox/model/calibration'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitCalibration, fitIsotonic, fitPlatt, type Judged } from './calibrate.ts'
import { createRandom } from '@sluicebox/event/random'

const judged = (pairs: readonly (readonly [score: number, label: number])[], weights?: number[]): Judged => ({
  score: Float64Array.from(pairs, pair => pair[0]),
  label: Uint8Array.from(pairs, pair => pair[1]),
  weight: Float64Array.from(pairs, (_, i) => weights?.[i] ?? 1),
})
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

describe('Platt’s method', () => {
  test('finds the slope and offset that made the labels', () => {
    const random = createRandom(3)
    const pairs = Array.from({ length: 20_000 }, (): [number, number] => {
      const score = 6 * random.next() - 3
      return [score, random.next() < sigmoid(0.5 * score - 1) ? 1 : 0]
    })
    const { slope, offset } = fitPlatt(judged(pairs))
    expect(slope).toBeCloseTo(0.5, 1)
    expect(offset).toBeCloseTo(-1, 1)
  })

  test('stays finite where the scores separate the outcomes', () => {
    const { slope, offset } = fitPlatt(
      judged([
        [-1, 0],
        [-2, 0],
        [1, 1],
        [2, 1],
      ]),
    )
    expect(Number.isFinite(slope) && Number.isFinite(offset)).toBe(true)
    expect(slope).toBeGreaterThan(0)
  })

  test('never reverses the order: misleading scores all get about the share of positives', () => {
    const { slope, offset } = fitPlatt(
      judged([
        [2, 0],
        [3, 0],
        [1, 0],
        [-1, 1],
      ]),
    )
    expect(slope).toBe(0)
    expect(sigmoid(offset)).toBeCloseTo(2 / 6, 10)
  })

  test('a weight of 2 is the same as the row twice', () => {
    const pairs: [number, number][] = [
      [-1, 0],
      [0, 1],
      [1, 0],
      [2, 1],
    ]
    const weighted = fitPlatt(judged(pairs, [2, 1, 1, 2]))
    const repeated = fitPlatt(judged([...pairs, pairs[0]!, pairs[3]!]))
    expect(weighted.slope).toBeCloseTo(repeated.slope, 6)
    expect(weighted.offset).toBeCloseTo(repeated.offset, 6)
  })
})

describe('isotonic regression', () => {
  test.each([
    {
      name: 'pools neighbours out of order',
      pairs: [
        [1, 0],
        [2, 1],
        [3, 0],
        [4, 1],
      ],
      probabilities: [0, 0.5, 0.5, 1],
    },
    {
      name: 'gives equal scores one value',
      pairs: [
        [1, 0],
        [1, 1],
        [2, 1],
      ],
      probabilities: [0.5, 0.5, 1],
    },
    {
      name: 'is flat where scores mislead',
      pairs: [
        [1, 1],
        [2, 0],
      ],
      probabilities: [0.5, 0.5],
    },
  ] as { name: string; pairs: [number, number][]; probabilities: number[] }[])(
    '$name',
    ({ pairs, probabilities }) => {
      const calibrate = createCalibration(fitIsotonic(judged(pairs)), sigmoid)
      expect(pairs.map(([score]) => calibrate(score))).toEqual(probabilities)
    },
  )

  test('for any rows: rises, and keeps the mean', () => {
    const pair = fc.tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: 0, max: 1 }))
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 80 }), pairs => {
        const fitted = fitIsotonic(judged(pairs))
        fitted.scores.forEach((score, i) => i > 0 && expect(score).toBeGreaterThan(fitted.scores[i - 1]!))
        fitted.probabilities.forEach(
          (p, i) => i > 0 && expect(p).toBeGreaterThanOrEqual(fitted.probabilities[i - 1]!),
        )
        const calibrate = createCalibration(fitted, sigmoid)
        const mean = (numbers: number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length
        expect(mean(pairs.map(([score]) => calibrate(score)))).toBeCloseTo(
          mean(pairs.map(([, label]) => label)),
          9,
        )
      }),
    )
  })
})

test('auto takes isotonic regression only with enough positives', () => {
  const rows = judged([
    [0, 0],
    [1, 1],
  ])
  expect(fitCalibration('auto', rows, 999).method).toBe('platt')
  expect(fitCalibration('auto', rows, 1_000).method).toBe('isotonic')
  expect(fitCalibration('none', rows, 5)).toEqual({ method: 'none' })
})
