import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_RULES } from './defaults.ts'
import { compileGlob, compilePath, compileRegex, normalName, regexFault } from './patterns.ts'
import { ruleSchema } from './rule.ts'

test.each<[string, string, Record<string, string> | null]>([
  ['/', '/', {}],
  ['/', '/x', null],
  ['/cart', '/cart', {}],
  ['/cart', '/CART/', {}],
  ['/cart', '/cart/x', null],
  ['/cart/**', '/cart', {}],
  ['/cart/**', '/cart/x/y/', {}],
  ['/**/cart', '/cart', {}],
  ['/**/cart', '/a/b/cart', {}],
  ['/**/cart', '/scart', null],
  ['/*/cart', '/a/cart', {}],
  ['/*/cart', '/a/b/cart', null],
  ['/p/:id', '/p/7', { id: '7' }],
  ['/p/:id', '/p/', null],
  ['/p/:id/**', '/p/7/x', { id: '7' }],
  ['/*-p-:id.html', '/a-b-p-7.html', { id: '7' }],
  ['/(a|b.c)/x', '/b.c/x', {}],
  ['/(a|b.c)/x', '/bxc/x', null],
  ['/a+b', '/a+b', {}],
  ['/日本/:x', '/日本/1', { x: '1' }],
])('%s on %s', (pattern, path, groups) => {
  const match = compilePath(pattern).exec(path)
  expect(match === null ? null : { ...match.groups }).toEqual(groups)
})

test.each(['cart', '/a:', '/(a', '/a)', '/:x/:x', `/${'x'.repeat(3000)}`])(
  '%s is not a path pattern',
  pattern => {
    expect(() => compilePath(pattern)).toThrow()
  },
)

test.each(['^/p/(\\d+)$', '(?:a|b)?c', '[(+*]+', '\\(a+\\)', '(?<id>[^/]{1,20})', 'a{2,}', '^/(?:de|en)/x'])(
  '%s may be used',
  source => {
    expect(regexFault(source)).toBeUndefined()
  },
)

test.each([
  ['(a+)+', 'repeats a group'],
  ['(a|b)*', 'repeats a group'],
  ['((a*)b)+', 'repeats a group'],
  ['(?:a{1,9}){2}', 'repeats a group'],
  ['(a)\\1', 'refers back'],
  ['(?<x>a)\\k<x>', 'refers back'],
  ['.*.*.*.*', '4 unbounded'],
  ['x'.repeat(501), '501 characters'],
])('%s may not: it %s', (source, fault) => {
  expect(regexFault(source)).toContain(fault)
  expect(() => compileRegex(source)).toThrow(fault)
})

test('what is not a regular expression is refused with its reason', () => {
  expect(() => compileRegex('(')).toThrow(/"\(" is not a regular expression: /)
})

test.each([
  ['iglu:com.acme/*', 'iglu:com.acme/vote/jsonschema/1-0-0', true],
  ['iglu:com.acme/*', 'iglu:comxacme/vote', false],
  ['*/vote/*', 'iglu:a/vote/b', true],
  ['a', 'ab', false],
])('%s matches %s: %s', (glob, text, expected) => {
  expect(compileGlob(glob).test(text)).toBe(expected)
})

test.each([
  ['Add to Cart', 'add_to_cart'],
  ['add-to-cart', 'add_to_cart'],
  ['addToCart', 'add_to_cart'],
  ['  ADD__TO CART! ', 'add_to_cart'],
  ['step2Done', 'step2_done'],
  ['', ''],
  ['Größe', 'größe'],
])('%s is %s', (name, expected) => {
  expect(normalName(name)).toBe(expected)
})

test('a name made normal is normal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), name => {
      expect(normalName(normalName(name))).toBe(normalName(name))
    }),
  )
})

test('the rules that ship are such as a configuration may have', () => {
  for (const rule of DEFAULT_RULES) expect(ruleSchema.safeParse(rule).error).toBeUndefined()
})
