import { parameterList } from '@sluicebox/protocol/url-filter'
import { describe, expect, test } from 'vitest'
import { createTexts } from './texts.ts'

const keep = parameterList(['q', 'utm_*'])
const texts = createTexts(keep, { masksEmails: true })

test.each([
  ['a search term', 'jane@mail.example', '(email)'],
  ['a link in a label', 'https://x.example/?token=1&q=lamp', 'https://x.example/?q=lamp'],
  ['an address in a parameter that is kept', '/p?q=jane%40mail.example', '/p?q=(email)'],
  ['a login', 'https://jane@mail.example/p', 'https://mail.example/p'],
  ['words', 'A lamp; 50 % off?', 'A lamp; 50 % off?'],
])('of %s stays what may', (_what, text, expected) => {
  expect(texts.text(text)).toBe(expected)
})

test('of an id only e-mail addresses are masked', () => {
  expect(texts.id('https://shop.example/p?id=17')).toBe('https://shop.example/p?id=17')
  expect(texts.id('jane@mail.example')).toBe('(email)')
})

describe('of a JSON text', () => {
  test.each([
    [{ targetUrl: 'https://x.example/?token=1&q=2' }, { targetUrl: 'https://x.example/?q=2' }],
    [{ targetUrl: 'mailto:jane@mail.example' }, { targetUrl: 'mailto:' }],
    [{ targetUrl: 'tel:+49301234567' }, { targetUrl: 'tel:' }],
    [
      [{ schema: 'iglu:a/b/jsonschema/1-0-0', data: { deep: [{ url: '/p?token=1' }] } }],
      [{ schema: 'iglu:a/b/jsonschema/1-0-0', data: { deep: [{ url: '/p' }] } }],
    ],
    [
      { 'jane@mail.example': true, n: 1.5, none: null },
      { '(email)': true, n: 1.5, none: null },
    ],
    [{ hash: '#access_token=1' }, { hash: '' }],
    [{ code: '%3Ftoken%3D1' }, { code: '' }],
  ])('%j stays %j', (value, expected) => {
    expect(JSON.parse(texts.json(JSON.stringify(value)))).toEqual(expected)
  })

  test('what holds nothing of that kind stays as it is, byte for byte', () => {
    const json = '{"schema":"iglu:a/b/jsonschema/1-0-0","n":1.50,"time":"10:30"}'
    expect(texts.json(json)).toBe(json)
  })
})

test('masking of e-mail addresses can be switched off, the list of parameters can be opened', () => {
  const open = createTexts(parameterList(['*']), { masksEmails: false })
  expect(open.text('/p?token=1&to=jane@mail.example')).toBe('/p?token=1&to=jane@mail.example')
})
