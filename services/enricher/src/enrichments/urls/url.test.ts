import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asciiHost, joinUrl, splitUrl } from './url.ts'

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
    ['http://[2001:db8::1]:81/x', ['http', '[2001:db8::1]', '81', '/x', null, null]],
    ['http://[2001:DB8::1]:80/x', ['http', '[2001:db8::1]', null, '/x', null, null]],
    ['http://a.example:80/', ['http', 'a.example', null, '/', null, null]],
    ['https://a.example:443/x', ['https', 'a.example', null, '/x', null, null]],
    ['https://a.example:80/', ['https', 'a.example', '80', '/', null, null]],
    ['http://a.example:443/', ['http', 'a.example', '443', '/', null, null]],
    ['//a.example:443/', [null, 'a.example', '443', '/', null, null]],
    ['HTTPS://BÜCHER.example:443/ü', ['https', 'xn--bcher-kva.example', null, '/ü', null, null]],
    ['https://a.example./x', ['https', 'a.example', null, '/x', null, null]],
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
        expect([own?.host, own?.port ?? '', own?.query ?? '', own?.fragment ?? '']).toEqual([
          standard.hostname,
          standard.port,
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

test.each([
  ['Shop.Example.com', 'shop.example.com'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['B%C3%BCcher.Example', 'xn--bcher-kva.example'],
  ['почта.рф', 'xn--80a1acny.xn--p1ai'],
  ['bücher。example', 'xn--bcher-kva.example'],
  ['shop.example.com.', 'shop.example.com'],
  ['[2001:DB8::1]', '[2001:db8::1]'],
  ['a_b.example', 'a_b.example'],
  // Not hosts, but what clients send.
  ['100%', '100%'],
  ['a%2fb', 'a%2fb'],
  ['.', '.'],
  ['', ''],
])('the host %s is written %s', (host, written) => {
  expect(asciiHost(host)).toBe(written)
})
