import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, joinUrl, keptFragment, readUrlQuery, splitUrl } from './url.ts'

describe('splitUrl', () => {
  const parts = (text: string): unknown => {
    const url = splitUrl(text)
    return url === undefined ? undefined : [url.scheme, url.host, url.port, url.path, url.query, url.fragment]
  }
  test.each<[string, unknown]>([
    ['https://Shop.Example.com/A/b?C=d#E', ['https', 'shop.example.com', null, '/A/b', 'C=d', 'E']],
    ['https://shop.example.com', ['https', 'shop.example.com', null, '/', null, null]],
    ['https://shop.example.com?a', ['https', 'shop.example.com', null, '/', 'a', null]],
    ['https://shop.example.com#a?b', ['https', 'shop.example.com', null, '/', null, 'a?b']],
    ['http://localhost:8080/', ['http', 'localhost', '8080', '/', null, null]],
    ['http://localhost:/', ['http', 'localhost', null, '/', null, null]],
    ['https://user:secret@a.example/x', ['https', 'a.example', null, '/x', null, null]],
    ['https://a@b@c.example/', ['https', 'c.example', null, '/', null, null]],
    ['http://[2001:db8::1]:80/x', ['http', '[2001:db8::1]', '80', '/x', null, null]],
    ['HTTPS://bücher.example/ü', ['https', 'bücher.example', null, '/ü', null, null]],
    ['  https://a.example/  ', ['https', 'a.example', null, '/', null, null]],
    ['https://a.example/x y?q=a b', ['https', 'a.example', null, '/x y', 'q=a b', null]],
    ['android-app://com.google.android.gm/', ['android-app', 'com.google.android.gm', null, '/', null, null]],
    ['file:///home/x.html', ['file', null, null, '/home/x.html', null, null]],
    ['//cdn.example/x', [null, 'cdn.example', null, '/x', null, null]],
    ['/product/1?a=b', [null, null, null, '/product/1', 'a=b', null]],
    ['about:blank', ['about', null, null, 'blank', null, null]],
    ['data:text/html,<b>secret</b>?x#y', ['data', null, null, '', null, null]],
    ['javascript:alert(1)', ['javascript', null, null, '', null, null]],
    ['shop.example.com/x', undefined],
    ['', undefined],
    ['?a=b', undefined],
    ['https://a b.example/', undefined],
    ['https://a.example:port/', undefined],
    ['https://a.example:123456/', undefined],
    ['https://[::1/', undefined],
    ['http://[', undefined],
    ['https://<script>/', undefined],
  ])('%s', (text, expected) => {
    expect(parts(text)).toEqual(expected)
  })

  test('agrees with the standard where that agrees with itself', () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), text => {
        // The standard writes quotes in queries as codes.
        fc.pre(!text.includes("'"))
        const [own, standard] = [splitUrl(text), new URL(text)]
        fc.pre(standard.pathname === (own?.path ?? ''))
        expect([own?.host, own?.query ?? '', own?.fragment ?? '']).toEqual([
          standard.hostname,
          standard.search.slice(1),
          standard.hash.slice(1),
        ])
      }),
    )
  })

  test('put together again it is what it was', () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), text => {
        const url = splitUrl(text)
        expect(url).toBeDefined()
        if (url !== undefined) expect(splitUrl(joinUrl(url, url.query, url.fragment))).toEqual(url)
      }),
    )
  })
})

const keep = (name: string): boolean => name === 'q' || name.startsWith('utm_')

test.each<[string | null, string | null, Record<string, string>]>([
  [null, null, {}],
  ['', null, {}],
  ['q=lamp', 'q=lamp', { q: 'lamp' }],
  ['email=a%40b.example&q=1&token=x', 'q=1', { email: 'a@b.example', q: '1', token: 'x' }],
  ['UTM_Source=Mail', 'UTM_Source=Mail', { utm_source: 'Mail' }],
  ['q=a+b%20c&q=second', 'q=a+b%20c&q=second', { q: 'a b c' }],
  ['q=&q=second', 'q=&q=second', { q: 'second' }],
  ['%71=coded', '%71=coded', { q: 'coded' }],
  ['q=%zz', 'q=%zz', { q: '%zz' }],
  ['flag&q', 'q', {}],
  ['&&=x&', null, {}],
  ['__proto__=x', null, { ['__proto__']: 'x' }],
])('the query %s keeps %s', (query, kept, parameters) => {
  const read = readUrlQuery(query, keep)
  expect(read.kept).toBe(kept)
  expect([...read.parameters]).toEqual(Object.entries(parameters))
})

test.each<[string | null, string | null]>([
  [null, null],
  ['', null],
  ['top', 'top'],
  ['access_token=x&q=1', 'q=1'],
  ['access_token=x', null],
  ['/route?q=1&secret=2', '/route?q=1'],
  ['/route?secret=2', '/route'],
  ['?secret=2', null],
])('the fragment %s keeps %s', (fragment, kept) => {
  expect(keptFragment(fragment, keep)).toBe(kept)
})

test.each([
  ['a+b', 'a b'],
  ['%C3%BC', 'ü'],
  ['%C3', '%C3'],
  ['plain', 'plain'],
])('%s decoded is %s', (text, decoded) => {
  expect(decode(text)).toBe(decoded)
})
