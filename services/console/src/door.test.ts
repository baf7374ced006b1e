import { describe, expect, test } from 'vitest'
import { refusalOf, tokenInQuery, type Door, type Visit } from './door.ts'

const LOCAL: Door = { isLocal: true, token: undefined }
const PUBLIC: Door = { isLocal: false, token: 'a long secret' }
const visit = (changes: Partial<Visit> = {}): Visit => ({
  url: '/api/status',
  headers: { host: 'localhost:8080' },
  ...changes,
})

describe('on a port of this machine', () => {
  test.each(['localhost', 'localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'page.localhost:1'])(
    'the host %s may pass',
    host => {
      expect(refusalOf(visit({ headers: { host } }), LOCAL)).toBeUndefined()
    },
  )
  test.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '',
    undefined,
  ])('the host %s is refused: a name of another site may lead here', host => {
    expect(refusalOf(visit({ headers: host === undefined ? {} : { host } }), LOCAL)?.code).toBe(421)
  })
})

describe('on a port that others reach', () => {
  test.each<[string, Visit['headers'], number | undefined]>([
    ['no token', {}, 401],
    ['another token', { authorization: 'Bearer a long secrez' }, 401],
    ['a part of the token', { authorization: 'Bearer a long' }, 401],
    ['another scheme', { authorization: 'Basic a long secret' }, 401],
    ['the token', { authorization: 'Bearer a long secret' }, undefined],
    ['the cookie', { cookie: 'a=b; sluicebox_console=a long secret' }, undefined],
    ['another cookie', { cookie: 'sluicebox_console=x' }, 401],
  ])('with %s', (_what, headers, code) => {
    expect(refusalOf(visit({ headers: { host: 'shop.example', ...headers } }), PUBLIC)?.code).toBe(code)
  })
})

describe('what changes something', () => {
  test.each<[string, Partial<Visit>, number | undefined]>([
    ['a test helper', {}, undefined],
    ['the address bar', { headers: { 'sec-fetch-site': 'none' } }, undefined],
    [
      'the own page',
      { headers: { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8080' } },
      undefined,
    ],
    ['an image of another page', { headers: { 'sec-fetch-site': 'cross-site' } }, 403],
    ['a page of another port', { headers: { 'sec-fetch-site': 'same-site' } }, 403],
    ['an old browser on another site', { headers: { origin: 'https://evil.example' } }, 403],
    ['a page without an origin', { headers: { origin: 'null' } }, 403],
  ])('from %s', (_what, { headers }, code) => {
    const asked = visit({ url: '/micro/reset', headers: { host: 'localhost:8080', ...headers } })
    expect(refusalOf(asked, LOCAL)?.code).toBe(code)
    expect(refusalOf({ ...asked, url: '/micro/reset?a=b' }, LOCAL)?.code).toBe(code)
  })
})

test('a token in the query is found', () => {
  expect(tokenInQuery('/?token=a%20b')).toBe('a b')
  expect(tokenInQuery('/')).toBeUndefined()
})
