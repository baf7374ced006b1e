import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseIso } from './instant.ts'

const at = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString()

test.each([
  ['2026-11-20T09:30:00Z', '2026-11-20T09:30:00.000Z'],
  ['2026-11-20 09:30:00Z', '2026-11-20T09:30:00.000Z'],
  ['2026-11-20T09:30Z', '2026-11-20T09:30:00.000Z'],
  ['2026-11-20T09:30:00.1Z', '2026-11-20T09:30:00.100Z'],
  ['2026-11-20T09:30:00,123456789Z', '2026-11-20T09:30:00.123Z'],
  ['2026-11-20T09:30:00+02:00', '2026-11-20T07:30:00.000Z'],
  ['2026-11-20T09:30:00-0530', '2026-11-20T15:00:00.000Z'],
  ['2026-11-20T09:30:00+02', '2026-11-20T07:30:00.000Z'],
  ['2026-11-20T09:30:00', '2026-11-20T09:30:00.000Z'],
  ['2026-11-20', '2026-11-20T00:00:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['0001-01-01', '0001-01-01T00:00:00.000Z'],
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
  ['2026-02-29', undefined],
  ['2026-02-30T00:00:00Z', undefined],
  ['2026-04-31', undefined],
  ['2026-13-01', undefined],
  ['2026-00-01', undefined],
  ['2026-11-00', undefined],
  ['2026-11-20T24:00:00Z', undefined],
  ['2026-11-20T09:60:00Z', undefined],
  ['2026-11-20T09:30:61Z', undefined],
  ['2026-11-20T09:30:00+25:00', undefined],
  ['2026-11-20T09:30:00Z and more', undefined],
  ['2026-11-20junk', undefined],
  ['12026-11-20', undefined],
  ['+012026-11-20', undefined],
  ['20.11.2026', undefined],
  ['', undefined],
])('%j is %s', (text, expected) => {
  expect(at(parseIso(text, { zone: 'optional' }))).toBe(expected)
})

test('a zone may be required', () => {
  expect(parseIso('2026-11-20T09:30:00', { zone: 'required' })).toBeUndefined()
  expect(parseIso('2026-11-20T09:30:00Z', { zone: 'required' })).toBeDefined()
})

test('reads what JavaScript writes', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), date => {
      expect(parseIso(date.toISOString(), { zone: 'required' })).toBe(date.getTime())
    }),
  )
})
