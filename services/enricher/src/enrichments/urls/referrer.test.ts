import { describe, expect, test } from 'vitest'
import { isInternal, readReferrer } from './referrer.ts'

const keep = (name: string): boolean => name === 'q'

test.each([
  ['https://www.google.com/', 'search', 'Google', null],
  ['https://www.google.co.uk/search?q=red+lamp', 'search', 'Google', 'red lamp'],
  // Where the link leads to is not a search term.
  ['https://www.google.com/url?q=https://shop.example/&sa=D', 'search', 'Google', null],
  ['https://www.bing.com/search?Q=lamp', 'search', 'Bing', 'lamp'],
  ['https://www.bing.com/search?q=&q=lamp', 'search', 'Bing', 'lamp'],
  ['https://yandex.ru/search/?text=%D0%BB%D0%B0%D0%BC%D0%BF%D0%B0', 'search', 'Yandex', 'лампа'],
  ['https://search.yahoo.com/search?p=lamp&q=other', 'search', 'Yahoo!', 'lamp'],
  ['https://www.baidu.com/s?wd=x', 'search', 'Baidu', 'x'],
  ['https://suche.t-online.de/fast-cgi/tsc?q=%FCber', 'search', 'T-Online', '%FCber'],
  ['https://www.startpage.com/do/search?query=a&amp;q=b', 'search', 'Startpage', 'a'],
  [`https://www.bing.com/?q=${'x'.repeat(256)}`, 'search', 'Bing', 'x'.repeat(255)],
  [`https://www.bing.com/?q=${'x'.repeat(254)}🏮`, 'search', 'Bing', 'x'.repeat(254)],
  ['https://mail.google.com/mail/u/0?q=secret', 'email', 'Gmail', null],
  ['https://www.paypal.com/?q=secret', 'internal', 'PayPal', null],
  ['https://news.example.org/a?q=lamp', 'unknown', null, null],
  ['/previous', 'unknown', null, null],
])('%s is %s, %s, %s', (url, medium, source, term) => {
  expect(readReferrer(url, keep)).toMatchObject({ faults: undefined, medium, source, term })
})

test('keeps of the URL what may be kept', () => {
  expect(readReferrer('https://me:pw@www.Bing.com/search?q=lamp&cvid=1#x', keep)).toMatchObject({
    url: 'https://www.bing.com/search?q=lamp#x',
    host: 'www.bing.com',
    path: '/search',
  })
})

test.each([
  ['nonsense', 'field_invalid'],
  [`https://a.example/${'x'.repeat(6001)}`, 'field_too_long'],
])('%s is bad', (url, reason) => {
  expect(readReferrer(url, keep).faults).toMatchObject([{ reason }])
})

describe('a referrer is internal', () => {
  const hosts = new Set(['example.com', 'shop.test'])
  test.each<[string | null, string | null, boolean]>([
    ['shop.example.net', 'shop.example.net', true],
    ['www.example.net', 'example.net', true],
    ['example.net', 'www.example.net', true],
    ['blog.example.net', 'shop.example.net', false],
    ['example.com', 'other.test', true],
    ['pay.example.com', 'other.test', true],
    ['notexample.com', 'other.test', false],
    ['pay.example.com', null, true],
    ['com', 'other.test', false],
    [null, null, false],
    [null, 'a.test', false],
  ])('%s to %s: %s', (referrer, page, expected) => {
    expect(isInternal(referrer, page, hosts)).toBe(expected)
  })
})
