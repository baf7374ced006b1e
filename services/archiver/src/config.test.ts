import { ConfigError } from '@sluicebox/runtime/config'
import { loadProcessConfig } from '@sluicebox/runtime/process'
import { expect, test } from 'vitest'
import { archiverConfig } from './config.ts'

test('archives every stream in windows of five minutes by default', () => {
  expect(archiverConfig.parse({})).toMatchObject({
    streams: ['raw', 'good', 'bad', 'scored'],
    windowMs: 300_000,
  })
})

test.each([
  ['SLUICEBOX_ARCHIVER_WINDOW_MS', '420000', 'must divide an hour'],
  ['SLUICEBOX_ARCHIVER_STREAMS', '[raw, cooked]', 'raw'],
  ['SLUICEBOX_ARCHIVER_RECORDS_MAX', '0', '>=1'],
  ['SLUICEBOX_ARCHIVER_WINDOW', '1000', 'SLUICEBOX_ARCHIVER_WINDOW_MS'],
])('says what is wrong with %s=%s', (name, value, says) => {
  expect(() => loadProcessConfig({ archiver: archiverConfig }, undefined, { [name]: value })).toThrow(
    ConfigError,
  )
  expect(() => loadProcessConfig({ archiver: archiverConfig }, undefined, { [name]: value })).toThrow(says)
})

test('is read from the environment', () => {
  const env = { SLUICEBOX_ARCHIVER_WINDOW_MS: '60000', SLUICEBOX_ARCHIVER_STREAMS: '[raw, scored]' }
  expect(loadProcessConfig({ archiver: archiverConfig }, undefined, env).archiver).toMatchObject({
    windowMs: 60_000,
    streams: ['raw', 'scored'],
  })
})
