import { describe, expect, test } from 'vitest'
import { chooseThreshold, type ThresholdRule } from './threshold.ts'

// By falling probability: hit, hit, miss, hit, miss, miss.
const probability = Float64Array.from([0.9, 0.8, 0.7, 0.6, 0.3, 0.1])
const label = Uint8Array.from([1, 1, 0, 1, 0, 0])
const weight = new Float64Array(6).fill(1)

describe('threshold', () => {
  test.each([
    { name: 'highest F1', rule: { by: 'f1' }, value: 0.6 },
    { name: 'only certain ones', rule: { by: 'precision', min: 1 }, value: 0.8 },
    { name: 'most found at three quarters right', rule: { by: 'precision', min: 0.75 }, value: 0.6 },
    { name: 'fewest decisions that find a third', rule: { by: 'recall', min: 1 / 3 }, value: 0.9 },
    { name: 'fewest decisions that find all', rule: { by: 'recall', min: 1 }, value: 0.6 },
    { name: 'missing one is dear', rule: { by: 'cost', needless: 1, missed: 10 }, value: 0.6 },
    { name: 'deciding without need is dear', rule: { by: 'cost', needless: 10, missed: 1 }, value: 0.8 },
  ] as { name: string; rule: ThresholdRule; value: number }[])('$name', ({ rule, value }) => {
    expect(chooseThreshold(rule, probability, label, weight).value).toBe(value)
  })

  test('rows of one probability are decided on together', () => {
    const tied = Float64Array.from([0.5, 0.5, 0.5, 0.4])
    const { value, chosenBy } = chooseThreshold(
      { by: 'precision', min: 0.6 },
      tied,
      Uint8Array.from([1, 1, 0, 0]),
      weight,
    )
    expect(value).toBe(0.5)
    expect(chosenBy).toContain('precision 66.7 %, recall 100.0 %')
  })

  test('an unreachable precision decides nothing, and says so', () => {
    const { value, chosenBy } = chooseThreshold(
      { by: 'precision', min: 0.9 },
      probability,
      new Uint8Array(6),
      weight,
    )
    expect(value).toBe(1)
    expect(chosenBy).toContain('no threshold reaches it')
  })
})
