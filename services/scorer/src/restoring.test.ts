import { expect, test } from 'vitest'
import { restoringHealth } from './restoring.ts'

test('is ready when nothing is being restored', () => {
  expect(restoringHealth([])).toEqual({ ok: true })
})

test.each([
  { from: 100n, position: 100n, committed: 300n, percent: 0 },
  { from: 100n, position: 299n, committed: 300n, percent: 99 },
  { from: 0n, position: 10n ** 18n / 2n, committed: 10n ** 18n, percent: 50 },
])('says how far it is: $percent %', ({ percent, ...progress }) => {
  const { position, committed } = progress
  expect(restoringHealth([{ partition: 2, ...progress }])).toEqual({
    ok: false,
    reason: 'restoring',
    details: {
      restoring: [{ partition: 2, position: String(position), committed: String(committed), percent }],
    },
  })
})
