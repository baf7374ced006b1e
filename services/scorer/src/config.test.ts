import { SESSION_POLICY } from '@sluicebox/session/sessions/policy'
import { listSettings } from '@sluicebox/runtime/config'
import { loadProcessConfig } from '@sluicebox/runtime/process'
import { expect, test } from 'vitest'
import { policyOf, scorerConfig } from './config.ts'

test('without anything said, sessions are those of the default policy', () => {
  const { goal: _goal, ...policy } = SESSION_POLICY
  expect(policyOf(scorerConfig.parse({}))).toEqual(policy)
})

test.each([
  [{ eventsMax: 65_536 }, 'eventsMax'],
  [{ ageMs: 20 * 24 * 3_600_000 }, 'ageMs'],
  [{ gapMs: 0 }, 'gapMs'],
  [{ gap: 1 }, 'gap'],
])('a setting that can not be is refused: %o', (settings, name) => {
  expect(() => scorerConfig.parse(settings)).toThrow(name)
})

test('every setting is described', () => {
  for (const { path, description } of listSettings(scorerConfig))
    expect(description, path.join('.')).toMatch(/\.$/)
})

test('the process reads its settings from the environment', () => {
  const config = loadProcessConfig({ scorer: scorerConfig }, undefined, {
    SLUICEBOX_SCORER_GAP_MS: '60000',
    SLUICEBOX_DATA_DIR: 'elsewhere',
  })
  expect([config.scorer.gapMs, config.dataDir]).toEqual([60_000, 'elsewhere'])
})
