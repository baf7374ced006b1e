import { describe, expect, test } from 'vitest'
import { patternFault } from './pattern.ts'

const bounds = { charsMax: undefined, unicode: true }

describe('patterns that take one step a character', () => {
  test.each([
    '',
    '^[a-f0-9]{8}-([a-f0-9]{4}-){3}[a-f0-9]{12}$',
    '^\\d+(\\.\\d+)*$',
    '^[A-Z]{3}$|^[A-Z]{2}$',
    '^https?://[^/]+(/.*)?$',
    '^(?:GET|POST) /[^ ]*$',
    '^iglu:[a-zA-Z0-9_.-]+/[a-zA-Z0-9_-]+/jsonschema/[0-9]+-[0-9]+-[0-9]+$',
    '^.*$',
    '[0-9a-f]{32}',
    '^a{0,1000}a{0,1000}b',
    '^(?=[a-z])[a-z0-9]+$',
    '^\\p{L}+$',
  ])('%s', pattern => {
    expect(patternFault(pattern, bounds)).toBe('')
  })
})

describe('patterns that can take forever', () => {
  test.each([
    ['^(a+)+$', 'in more than one way'],
    ['^(a|a)*$', 'in more than one way'],
    ['^([a-z]+)*$', 'in more than one way'],
    ['^(\\w+\\s?)*$', 'in more than one way'],
    ['^(.*,){11}P', 'in more than one way'],
    ['^(a?){30}a{30}$', 'in more than one way'],
    ['^(\\w+)\\1$', 'back reference'],
    ['^(?:(?=a)[a-z])*$', 'looks ahead inside a repetition'],
    ['^(?!(a+)+$)', 'in more than one way'],
    ['[a-z', 'is not a regular expression'],
  ])('%s', (pattern, fault) => {
    expect(patternFault(pattern, bounds)).toContain(fault)
  })
})

describe('patterns whose time grows with a power of the length', () => {
  test.each([
    { pattern: '^[a-z.]+@[a-z.]+\\.[a-z]+$', affordable: 215 },
    { pattern: '\\s+$', affordable: 3162 },
    { pattern: '^.*foo.*$', affordable: 3162 },
    { pattern: '^a{0,1001}a{0,1001}b', affordable: 3162 },
  ])('$pattern needs a maxLength of $affordable', ({ pattern, affordable }) => {
    expect(patternFault(pattern, bounds)).toContain(`"maxLength" of at most ${affordable}`)
    expect(patternFault(pattern, { ...bounds, charsMax: affordable + 1 })).not.toBe('')
    expect(patternFault(pattern, { ...bounds, charsMax: affordable })).toBe('')
  })
})

test('a pattern of draft 4 may escape what Unicode patterns must not', () => {
  expect(patternFault('^[\\w\\-]+$', { ...bounds, unicode: false })).toBe('')
  expect(patternFault('^\\_$', { ...bounds, unicode: true })).toContain('is not a regular expression')
})
