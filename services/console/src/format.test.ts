import { expect, test } from 'vitest'
import { ago, count, duration, percent, rate, signed, value } from './format.ts'

test.each([
  [rate(0), '0'],
  [rate(0.04), '0.0'],
  [rate(9.94), '9.9'],
  [rate(12.4), '12'],
  [rate(1250), '1,250'],
  [rate(12_540), '12.5k'],
  [count(0), '0'],
  [count(9_999), '9,999'],
  [count(12_540), '12.5k'],
  [count(3_140_000), '3.1M'],
  [percent(0), '0\u202f%'],
  [percent(0.0004), '0.04\u202f%'],
  [percent(0.004), '0.4\u202f%'],
  [percent(0.0996), '10\u202f%'],
  [percent(0.731), '73\u202f%'],
  [percent(1), '100\u202f%'],
  [signed(0.424), '+0.42'],
  [signed(-1.3), '−1.30'],
  [signed(0), '+0.00'],
  [value(null), 'missing'],
  [value(3), '3'],
  [value(1_234_567), '1,234,567'],
  [value(0.12345), '0.123'],
  [value(129.95), '130'],
  [duration(12.4), '12 ms'],
  [duration(1_440), '1.4 s'],
  [ago(1_000, 1_500), 'now'],
  [ago(2_000, 1_500), 'now'],
  [ago(0, 59_999), '59 s ago'],
  [ago(0, 60_000), '1 min ago'],
  [ago(0, 3_600_000), '1 h ago'],
  [ago(Date.UTC(2019, 9, 1, 2, 50), Date.UTC(2026, 10, 20)), '2019-10-01 02:50'],
])('%s, to be %s', (shown, expected) => {
  expect(shown).toBe(expected)
})
