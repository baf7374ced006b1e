import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compilePattern } from './pattern.ts'

test.each([
  [
    '^[a-f0-9]{8}-([a-f0-9]{4}-){3}[a-f0-9]{12}$',
    '0f6b52a0-2a1f-4c55-8f1d-3f6f9a1b7c20',
    '0f6b52a0-2a1f-4c55-8f1d',
  ],
  ['[0-9]{3}', 'x123y', 'x12y'],
  ['^[A-Z]{3}$|^[A-Z]{2}$', 'EU', 'EURO'],
  ['^https?://[^/]+(/.*)?$', 'https://a.test/b', 'ftp://a.test'],
  ['^.{2,5000}$', 'ab', 'a'],
  ['^.$', '😀', 'ab'],
  ['^\\u00e9\\/\\-\\_$', 'é/-_', 'e/-_'],
  ['^\\p{L}+$', 'Äpfel', '7'],
  ['^(?<year>\\d{4})$', '2026', '26'],
  ['^\\$[^|]|x$', '$a', '$|'],
  ['', '', undefined],
])('%s matches %j, and not %j', (pattern, match, other) => {
  const compiled = compilePattern(pattern)
  expect(compiled?.test(match)).toBe(true)
  if (other !== undefined) expect(compiled?.test(other)).toBe(false)
})

test.each(['^(?=a)b', '(?<!a)b', '(a)\\1', '(?<y>a)\\k<y>', '^(a{1,500}b){1,900}$', '[a-z', '(', 'a**'])(
  '%s has no matcher in bounded time',
  pattern => {
    expect(compilePattern(pattern)).toBeUndefined()
  },
)

const letter = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '\\.', '-', '1')
const times = fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '{2,}')
const parts = fc.array(
  fc.tuple(letter, times).map(pair => pair.join('')),
  { minLength: 1, maxLength: 4 },
)
const pattern = fc
  .tuple(fc.constantFrom('^', ''), parts, fc.constantFrom('', '$'), fc.option(parts), fc.boolean())
  .map(([start, first, end, second, isGrouped]) => {
    const group = `${isGrouped ? '(' : ''}${first.join('')}${isGrouped ? ')+' : ''}`
    return `${start}${group}${end}${second === null ? '' : `|${start}${second.join('')}${end}`}`
  })

test('a pattern matches what it matches in JavaScript', () => {
  fc.assert(
    fc.property(
      pattern,
      fc.string({ unit: fc.constantFrom('a', 'b', '1', '.', '-', ' '), maxLength: 8 }),
      (source, text) => {
        expect(compilePattern(source)?.test(text)).toBe(new RegExp(source, 'u').test(text))
      },
    ),
    { numRuns: 2_000 },
  )
})

test('a text that is too long for its pattern is accepted', () => {
  const compiled = compilePattern('^(?:a?b?){900}$')
  expect(compiled?.test('c')).toBe(false)
  expect(compiled?.test('c'.repeat(20_000))).toBe(true)
})
