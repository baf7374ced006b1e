import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maskEmails } from './email.ts'

test.each([
  ['alone', 'jane@mail.example', '(email)'],
  ['in a path', '/users/jane.doe@mail.example/orders', '/users/(email)/orders'],
  ['percent-encoded', '/users/jane%40mail.example', '/users/(email)'],
  ['encoded twice', '/users/jane%2540mail.example/x', '/users/(email)/x'],
  ['encoded three times', 'jane%252540mail.example', '(email)'],
  ['with all of it encoded', '%6aane%40%6dail%2Eexample', '(email)'],
  [
    'behind encoded slashes',
    'https%3A%2F%2Fx.example%2Fjane%40mail.example%2Fa',
    'https%3A%2F%2Fx.example%2F(email)%2Fa',
  ],
  ['behind slashes encoded twice', 'a%252Fjane%2540mail.example%252Fb', 'a%252F(email)%252Fb'],
  ['as a parameter', 'q=jane@mail.example&page=2', 'q=(email)&page=2'],
  ['with a tag', 'jane+shop@mail.example', '(email)'],
  ['with an apostrophe', "jane.o'brien@mail.example", '(email)'],
  ['in other letters', 'jürgen@müller.example', '(email)'],
  ['in other letters, encoded', 'j%C3%BCrgen%40m%C3%BCller.example', '(email)'],
  ['in a JSON escape', '{\\"to\\":\\"jane\\u0040mail.example\\"}', '{\\"to\\":\\"(email)\\"}'],
  ['in words', 'Your order, jane@mail.example.', 'Your order, (email).'],
  ['in angle brackets', 'Jane <jane@mail.example>', 'Jane <(email)>'],
  ['twice', 'jane@a.example,joe@b.example', '(email),(email)'],
  ['twice without anything between', 'jane@a.example@b.example', '(email)(email)'],
  ['of a subdomain', 'jane@mail.shop.example.co.uk', '(email)'],
  ['as the name of a file', '/export/jane@mail.example.html', '/export/(email)'],
  ['in upper case', 'JANE@MAIL.EXAMPLE', '(email)'],
  ['in upper case codes', 'jane%40mail%2Eexample', '(email)'],
])('an address %s', (_where, text, expected) => {
  expect(maskEmails(text)).toBe(expected)
})

test.each([
  '/img/logo@2x.png',
  '/npm/bootstrap@5.3.0/dist/css/bootstrap.min.css',
  '/npm/vue@3.2.1.min.js',
  'https://medium.example/@jane.doe/story',
  '@shop.example on another network',
  'jane@localhost',
  'a @ b.example',
  '40 pairs, 100%',
  '%40',
  'half price @ 9.99',
  '(email)',
])('%j holds none', text => {
  expect(maskEmails(text)).toBe(text)
})

test('masking twice is masking once, and no address is left', () => {
  const around = fc
    .string({ maxLength: 5 })
    .map(text => text.replaceAll(/[\p{L}\p{M}\p{N}@%\\_.+~!$'*-]/gu, '/'))
  const local = fc.stringMatching(/^[a-z0-9](?:[a-z0-9._+-]{0,10}[a-z0-9])?$/)
  const domain = fc.stringMatching(/^[a-z][a-z0-9]{1,8}\.(?:example|com|co\.uk|shop)$/)
  const form = fc.constantFrom(
    (text: string) => text,
    encodeURIComponent,
    (text: string) => encodeURIComponent(encodeURIComponent(text)),
  )
  fc.assert(
    fc.property(around, local, domain, around, form, (before, name, host, after, write) => {
      const masked = maskEmails(write(`${before}/${name}@${host}/${after}`))
      expect(masked).toBe(write(`${before}/(email)/${after}`))
      expect(maskEmails(masked)).toBe(masked)
    }),
  )
})

test('a long text costs time in proportion to its length', () => {
  // Quadratic time would be minutes.
  const long = `${'a'.repeat(300_000)} ${'a@'.repeat(100_000)} ${'%41'.repeat(100_000)}40`
  expect(maskEmails(long)).toBe(long)
})
