import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode, joinParameters, readUrlFragment, readUrlQuery } from './parameters.ts'

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
  ['q=+lamp%20', 'q=+lamp%20', { q: 'lamp' }],
  ['q=la%00mp%0a', 'q=la%00mp%0a', { q: 'lamp' }],
  ['q=%20&q=second', 'q=%20&q=second', { q: 'second' }],
  ['flag&q', 'q', {}],
  ['&&=x&', null, {}],
  ['a=1&amp;q=2', 'q=2', { a: '1', q: '2' }],
  ['a=1&amp;amp;q=2&amp;b=3', 'q=2', { a: '1', q: '2', b: '3' }],
  ['amp;q=2', 'q=2', { q: '2' }],
  ['__proto__=x', null, { ['__proto__']: 'x' }],
])('the query %s keeps %s', (query, kept, parameters) => {
  const read = readUrlQuery(query, keep)
  expect(read.kept).toBe(kept)
  expect([...read.parameters]).toEqual(Object.entries(parameters))
})

test.each<[string | null, string | null, Record<string, string>]>([
  [null, null, {}],
  ['', null, {}],
  ['top', 'top', {}],
  ['/cart', '/cart', {}],
  ['utm_source=mail', 'utm_source=mail', { utm_source: 'mail' }],
  ['?utm_source=mail', 'utm_source=mail', { utm_source: 'mail' }],
  ['!/cart?utm_source=mail', '!/cart?utm_source=mail', { utm_source: 'mail' }],
  ['/cart?q=1&secret=2', '/cart?q=1', { q: '1', secret: '2' }],
  ['/cart&utm_source=mail', '/cart?utm_source=mail', { utm_source: 'mail' }],
  ['/cart#utm_source=mail', '/cart?utm_source=mail', { utm_source: 'mail' }],
  ['/cart?a=1&amp;utm_source=mail', '/cart?utm_source=mail', { a: '1', utm_source: 'mail' }],
  ['/cart?secret=2', '/cart', { secret: '2' }],
  ['/cart;email=a@b.example?q=1', '/cart?q=1', { email: 'a@b.example', q: '1' }],
  ['q=1;email=a@b.example', 'q=1', { q: '1', email: 'a@b.example' }],
  ['q=1?email=a@b.example', 'q=1', { q: '1', email: 'a@b.example' }],
  ['access_token=x&q=1', 'q=1', { access_token: 'x', q: '1' }],
  ['access_token=x', null, { access_token: 'x' }],
  ['access_token%3Dx%26q%3D1', 'q=1', { access_token: 'x', q: '1' }],
  ['%2Fcart%3Femail%3Da%40b.example', '/cart', { email: 'a@b.example' }],
  ['q=a%3Db%26email%3Dx', 'q=a%3Db%26email%3Dx', { q: 'a=b&email=x' }],
  [':~:text=what%20was%20marked', null, { ':~:text': 'what was marked' }],
  ['?secret=2', null, { secret: '2' }],
])('the fragment %s keeps %s', (fragment, kept, parameters) => {
  const read = readUrlFragment(fragment, keep)
  expect(read.kept).toBe(kept)
  expect(Object.fromEntries(read.parameters)).toEqual(parameters)
})

test('whatever the separators, nothing of a parameter that may not be kept is kept', () => {
  const part = fc.constantFrom(
    '?',
    '&',
    ';',
    '#',
    '&amp;',
    '/cart',
    'top',
    'q=lamp',
    'email=hidden',
    'T=hidden',
    '=hidden',
  )
  fc.assert(
    fc.property(fc.array(part), parts => {
      const text = parts.join('')
      // A value may hold what looks like a parameter: q=lampemail=hidden is one parameter.
      fc.pre(!/(?:lamp|cart|top)(?:email|T|q|=)/.test(text))
      expect(readUrlFragment(text, keep).kept ?? '').not.toContain('hidden')
      expect(readUrlFragment(encodeURIComponent(text), keep).kept ?? '').not.toContain('hidden')
    }),
  )
})

test('what a query says comes before what the fragment says', () => {
  const joined = joinParameters(
    new Map([['q', 'query']]),
    new Map([
      ['q', 'fragment'],
      ['page', '2'],
    ]),
  )
  expect(Object.fromEntries(joined)).toEqual({ q: 'query', page: '2' })
})

test.each([
  ['a+b', 'a b'],
  ['%C3%BC', 'ü'],
  ['%C3', '%C3'],
  ['plain', 'plain'],
])('%s decoded is %s', (text, decoded) => {
  expect(decode(text)).toBe(decoded)
})
