import { describe, expect, test } from 'vitest'
import { isInternal, readReferrer } from './referrer.ts'

const keep = (name: string): boolean => name === 'q'

test.each([
  ['https://www.google.com/', 'search', 'Google', null],
  ['https://www.google.co.uk/search?q=red+lamp', 'search', 'Google', 'red lamp'],
  ['https://google.de/', 'search', 'Google', null],
  ['https://google.com.br/', 'search', 'Google', null],
  ['https://google.evil.com/', 'unknown', null, null],
  ['https://notgoogle.com/', 'unknown', null, null],
  ['https://mail.google.com/mail/u/0', 'email', 'Gmail', null],
  ['https://gemini.google.com/app', 'chatbot', 'Gemini', null],
  ['https://www.bing.com/search?q=lamp', 'search', 'Bing', 'lamp'],
  ['https://yandex.ru/search/?text=%D0%BB', 'search', 'Yandex', 'л'],
  ['https://search.yahoo.com/search?p=lamp', 'search', 'Yahoo', 'lamp'],
  ['https://mail.yahoo.com/', 'email', 'Yahoo Mail', null],
  ['https://www.baidu.com/s?wd=x', 'search', 'Baidu', 'x'],
  ['android-app://com.google.android.gm/', 'email', 'Gmail', null],
  ['https://l.facebook.com/l.php?u=x', 'social', 'Facebook', null],
  ['https://t.co/abc', 'social', 'X', null],
  ['https://chatgpt.com/', 'chatbot', 'ChatGPT', null],
  ['https://ad.doubleclick.net/x', 'paid', 'Google Ads', null],
  ['https://news.example.org/a', 'unknown', null, null],
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
  [`https://www.bing.com/?q=${'x'.repeat(256)}`, 'field_too_long'],
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
