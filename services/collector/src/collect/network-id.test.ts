import { describe, expect, test } from 'vitest'
import { createCookieJar } from './network-id.ts'
import { configOf } from '../testing/parts.ts'

const defaults = configOf().cookie
const NOON = Date.UTC(2026, 10, 20, 12)

describe('reading', () => {
  const jar = createCookieJar(defaults)
  test.each([
    ['finds its own among others', 'a=1; sp=abc-def; b=2', 'abc-def'],
    ['decodes what was encoded', 'sp=abc%2Bdef', 'abc+def'],
    ['takes no id where there is none', 'a=1', undefined],
    ['takes none from a name that ends alike', 'xsp=abc', undefined],
    ['takes no empty id', 'sp=', undefined],
    ['takes no id with spaces', 'sp=a%20b', undefined],
    ['takes no id with control characters', 'sp=a%00b', undefined],
    ['takes no id that is too long', `sp=${'x'.repeat(129)}`, undefined],
    ['takes an id of the greatest length', `sp=${'x'.repeat(128)}`, 'x'.repeat(128)],
    ['takes no id of anonymous visitors', 'sp=00000000-0000-0000-0000-000000000000', undefined],
    ['takes none without cookies', undefined, undefined],
  ])('%s', (_name, header, expected) => {
    expect(jar.read(header)).toBe(expected)
  })
})

describe('writing', () => {
  test('is secure, hidden from scripts, cross-site and for a year, by default', () => {
    expect(createCookieJar(defaults).write('abc', undefined, NOON)).toBe(
      'sp=abc; Max-Age=31536000; Path=/; Expires=Sat, 20 Nov 2027 12:00:00 GMT; HttpOnly; Secure; SameSite=None',
    )
  })

  test('follows the configuration', () => {
    const jar = createCookieJar({
      ...defaults,
      name: 'nid',
      maxAgeDays: 1,
      secure: false,
      httpOnly: false,
      sameSite: 'unset',
      fallbackDomain: 'acme.com',
    })
    expect(jar.write('abc', undefined, NOON)).toBe(
      'nid=abc; Max-Age=86400; Domain=acme.com; Path=/; Expires=Sat, 21 Nov 2026 12:00:00 GMT',
    )
  })

  test.each([
    ['https://acme.com', 'acme.com'],
    ['https://www.acme.com:8443', 'acme.com'],
    ['http://deep.shop.example', 'shop.example'],
    ['https://notacme.com', 'fallback.example'],
    ['https://acme.com.evil.example', 'fallback.example'],
    ['null', 'fallback.example'],
    [undefined, 'fallback.example'],
  ])('for a page on %s it is set for %s', (origin, domain) => {
    const jar = createCookieJar({
      ...defaults,
      domains: ['acme.com', 'shop.example'],
      fallbackDomain: 'fallback.example',
    })
    expect(jar.write('abc', origin, NOON)).toContain(`; Domain=${domain};`)
  })

  test('pages of two domains in one second get a cookie each for their own', () => {
    const jar = createCookieJar({ ...defaults, domains: ['acme.com', 'shop.example'] })
    const domainFor = (origin: string, atMs = NOON): string | undefined =>
      /Domain=([^;]+)/.exec(jar.write('abc', origin, atMs))?.[1]
    expect(
      ['https://acme.com', 'https://shop.example', 'https://acme.com'].map(origin => domainFor(origin)),
    ).toEqual(['acme.com', 'shop.example', 'acme.com'])
  })

  test('a second later it expires a second later', () => {
    const jar = createCookieJar(defaults)
    expect(jar.write('abc', undefined, NOON + 999)).toContain('12:00:00 GMT')
    expect(jar.write('abc', undefined, NOON + 1_000)).toContain('12:00:01 GMT')
  })

  test('an id that the client chose can add no attribute', () => {
    const cookie = createCookieJar(defaults).write('a; Domain=evil.example', undefined, NOON)
    expect(cookie).not.toContain('Domain=evil')
  })
})

describe('expiring', () => {
  const jar = createCookieJar(defaults)
  test('takes away what the browser brought', () => {
    expect(jar.expire('sp=abc', undefined)).toBe(
      'sp=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=None',
    )
  })
  test('does nothing to a browser that brought none', () => {
    expect(jar.expire('a=1', undefined)).toBe(undefined)
    expect(jar.expire(undefined, undefined)).toBe(undefined)
  })
})
