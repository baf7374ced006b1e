import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCalibration, type Calibration } from './calibration.ts'
import { sigmoid } from './runtimes/sigmoid.ts'

const points = { scores: [-1, 0, 2], probabilities: [0.1, 0.2, 0.9] }

test('none keeps the probability of the model', () => {
  expect(createCalibration({ method: 'none' }, score => score / 4)(2)).toBe(0.5)
})

test.each([
  { score: -1, probability: 0.5 },
  { score: 1, probability: 1 / (1 + Math.exp(-4)) },
  { score: 1e6, probability: 1 },
  { score: -1e6, probability: 0 },
])('platt makes $score to $probability', ({ score, probability }) => {
  expect(createCalibration({ method: 'platt', slope: 2, offset: 2 }, sigmoid)(score)).toBe(probability)
})

describe.each([
  { interpolation: 'linear' as const, between: [0.1, 0.15, 0.2, 0.55, 0.9] },
  { interpolation: 'step' as const, between: [0.1, 0.1, 0.2, 0.2, 0.9] },
])('isotonic, $interpolation', ({ interpolation, between }) => {
  const calibrate = createCalibration({ method: 'isotonic', interpolation, ...points }, sigmoid)

  test('goes through its points', () => {
    const probabilities = [-1, -0.5, 0, 1, 2].map(calibrate)
    probabilities.forEach((probability, i) => expect(probability).toBeCloseTo(between[i]!, 15))
  })

  test('keeps its first and last value outside of them', () => {
    expect([-Infinity, -1.1, 2.1, Infinity].map(calibrate)).toEqual([0.1, 0.1, 0.9, 0.9])
  })

  test('says nothing of no score', () => {
    expect(calibrate(NaN)).toBeNaN()
  })

  test('of one point is that point', () => {
    const single = createCalibration(
      { method: 'isotonic', interpolation, scores: [3], probabilities: [0.4] },
      sigmoid,
    )
    expect([2, 3, 4].map(single)).toEqual([0.4, 0.4, 0.4])
  })
})

test('a higher score never gets a lower probability', () => {
  const number = fc.double({ min: -1e6, max: 1e6, noNaN: true })
  const rising = fc
    .uniqueArray(number, { minLength: 1, maxLength: 20 })
    .map(scores => scores.sort((a, b) => a - b))
  const probability = fc.double({ min: 0, max: 1, noNaN: true })
  const isotonic = fc
    .tuple(rising, fc.array(probability, { minLength: 20, maxLength: 20 }), fc.constantFrom('linear', 'step'))
    .map(([scores, probabilities, interpolation]) => ({
      method: 'isotonic' as const,
      interpolation: interpolation as 'linear' | 'step',
      scores,
      probabilities: probabilities.slice(0, scores.length).sort((a, b) => a - b),
    }))
  const platt = fc.record({
    method: fc.constant('platt' as const),
    slope: fc.double({ min: 0, max: 1e3, noNaN: true }),
    offset: number,
  })
  fc.assert(
    fc.property(
      fc.oneof<fc.Arbitrary<Calibration>[]>(isotonic, platt),
      number,
      number,
      (calibration, one, other) => {
        const calibrate = createCalibration(calibration, sigmoid)
        const [low, high] = [calibrate(Math.min(one, other)), calibrate(Math.max(one, other))]
        expect(low).toBeLessThanOrEqual(high)
        expect(low).toBeGreaterThanOrEqual(0)
        expect(high).toBeLessThanOrEqual(1)
      },
    ),
    { numRuns: 1_000 },
  )
})
