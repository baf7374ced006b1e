import { expect, test } from 'vitest'
import { evaluate } from './evaluate.ts'
import { printEvaluation } from './print.ts'
import { scoredRows, simulatedRows } from './testing/scored-rows.ts'
import { figure, percent, sentence, timeSpan, whole, withInterval } from './words.ts'

test('an evaluation is printed as aligned tables', () => {
  const rows = simulatedRows({ sessions: 400, seed: 3 })
  const text = printEvaluation(evaluate(rows, { dataset: 'test', threshold: 0.3, seed: 1, replicates: 40 }))
  expect(text.split('\n').slice(0, 12).join('\n')).toMatchInlineSnapshot(`
    "On the test part: 400 sessions of 200 visitors, 55 reached the goal (14 %).

    How well scores tell sessions that reach the goal, by scoring moment (95 % intervals)

                      rows  reached              ROC AUC               PR AUC  Brier  calibration error
    after 1 event      400     14 %  0.768 (0.687–0.833)  0.425 (0.331–0.546)  0.100              0.049
    after 3 events     335     13 %  0.851 (0.774–0.905)  0.547 (0.349–0.671)  0.089              0.059
    after 6 events     242     12 %  0.959 (0.904–0.983)  0.853 (0.701–0.931)  0.052              0.098
    after 10 events    141     11 %  0.972 (0.859–0.995)  0.925 (0.858–1.000)  0.048              0.132
    last moment        400     14 %  0.918 (0.865–0.952)  0.784 (0.650–0.891)  0.069              0.096
    all moments      2 923     13 %  0.897 (0.854–0.928)  0.714 (0.564–0.796)  0.071              0.083
    "
  `)
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(110)
})

test('an unknown figure is a dash', () => {
  const rows = scoredRows({ label: [0, 0], score: [-1, -2] })
  const text = printEvaluation(evaluate(rows, { dataset: 'validation', threshold: 0.5, seed: 1 }))
  expect(text).toContain('On the validation part: 2 sessions of 2 visitors, 0 reached the goal (0.00 %).')
  expect(text).toMatch(/all moments +2 +0.00 % +– +– +/)
})

test.each([
  [null, '–'],
  [0, '0.000'],
  [0.00012, '1.2e-4'],
  [0.75249, '0.752'],
  [3.14159, '3.14'],
  [31.4159, '31.4'],
  [3141.59, '3142'],
  [-0.5, '-0.500'],
])('the figure %s is written %s', (value, text) => {
  expect(figure(value)).toBe(text)
})

test.each([
  [0, '0'],
  [999, '999'],
  [1_000, '1 000'],
  [1_234_567, '1 234 567'],
])('the count %s is written %s', (value, text) => {
  expect(whole(value)).toBe(text)
})

test.each([
  [null, '–'],
  [0.0042, '0.42 %'],
  [0.042, '4.2 %'],
  [0.42, '42 %'],
])('the share %s is written %s', (value, text) => {
  expect(percent(value)).toBe(text)
})

test('an interval is in brackets, where there is one', () => {
  expect(withInterval({ value: 0.75, low: 0.7, high: 0.8 })).toBe('0.750 (0.700–0.800)')
  expect(withInterval({ value: 0.75, low: null, high: null })).toBe('0.750')
})

test('a sentence has one full stop', () => {
  expect(['by time', 'by time.', 'why?'].map(sentence)).toEqual(['by time.', 'by time.', 'why?'])
})

test.each([
  ['2026-01-01T00:00:00Z', '2026-01-02T03:04:05.678Z', '2026-01-01 00:00 to 2026-01-02 03:04 UTC'],
  [null, '2026-01-02T03:04:05Z', '? to 2026-01-02 03:04 UTC'],
  [null, null, 'not known'],
])('the time from %s to %s is written %s', (from, to, text) => {
  expect(timeSpan(from, to)).toBe(text)
})
