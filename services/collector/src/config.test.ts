import { listSettings } from '@sluicebox/runtime/config'
import { expect, test } from 'vitest'
import { collectorConfig } from './config.ts'

test('every setting says what it is', () => {
  const settings = listSettings(collectorConfig)
  expect(settings.length).toBeGreaterThan(50)
  expect(
    settings.filter(({ description }) => !/^[A-Z`].*\.$/.test(description)).map(({ path }) => path),
  ).toEqual([])
})

test('needs nothing to be set', () => {
  expect(collectorConfig.parse({})).toMatchObject({ host: '127.0.0.1', port: 8080, heartbeatMs: 2_000 })
})

test.each([
  ['an unknown key', { prot: 1 }],
  ['an unknown key further in', { limits: { bodyBytes: 1 } }],
  ['a header that holds secrets among those to keep', { privacy: { storedHeaders: ['Cookie'] } }],
  ['a header that holds addresses among those to keep', { privacy: { storedHeaders: ['X-Forwarded-For'] } }],
  ['a path that is mapped to a redirect', { paths: { '/a/b': '/r/tp2' } }],
  ['a path with a query', { paths: { '/a?b': '/i' } }],
  ['an origin with a path', { cors: { applications: [{ appId: 'a', origins: ['https://a.example/'] }] } }],
  ['a limit of nothing', { limits: { bodyBytesMax: 0 } }],
  ['a half byte', { limits: { bodyBytesMax: 1.5 } }],
  ['a prefix that is longer than an address', { privacy: { ipv4PrefixBits: 33 } }],
])('refuses %s', (_name, settings) => {
  expect(collectorConfig.safeParse(settings).success).toBe(false)
})
