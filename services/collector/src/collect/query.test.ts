import { describe, expect, test } from 'vitest'
import { changeQuery, queryValue } from './query.ts'

describe('queryValue', () => {
  test.each([
    ['e=pv&duid=abc', 'duid', 'abc'],
    ['duid=a%2Bb+c', 'duid', 'a+b c'],
    ['%64uid=abc', 'duid', undefined],
    ['duid=&duid=second', 'duid', 'second'],
    ['duid', 'duid', undefined],
    ['duid=', 'duid', undefined],
    ['xduid=abc', 'duid', undefined],
    ['duid=%E0%A4%A', 'duid', '%E0%A4%A'],
    ['duid=a=b', 'duid', 'a=b'],
    ['', 'duid', undefined],
    [null, 'duid', undefined],
  ])('%s has %s: %s', (query, name, expected) => {
    expect(queryValue(query, name)).toBe(expected)
  })
})

describe('changeQuery', () => {
  const upper = (name: string, value: string): string | undefined =>
    name === 'drop' ? undefined : name === 'up' ? value.toUpperCase() : value

  test.each([
    ['a=1&b=%20+%zz&c', 'a=1&b=%20+%zz&c'],
    ['drop=1&a=1&drop=2', 'a=1'],
    ['up=a%20b&a=1', 'up=A%20B&a=1'],
    ['%64rop=1&a=1', 'a=1'],
    ['drop=1', ''],
    ['&&', '&&'],
    ['', ''],
  ])('%s becomes %s', (query, expected) => {
    expect(changeQuery(query, upper)).toBe(expected)
  })
})
