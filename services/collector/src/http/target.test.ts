import { describe, expect, test } from 'vitest'
import { hasTwoHosts, readTarget } from './target.ts'

describe('readTarget', () => {
  test.each([
    ['/i?e=pv', '/i', 'e=pv', undefined],
    ['/i', '/i', null, undefined],
    ['/i?', '/i', null, undefined],
    ['/i?a=1?b=2', '/i', 'a=1?b=2', undefined],
    ['/', '/', null, undefined],
    ['//i?e=pv', '/i', 'e=pv', undefined],
    ['/i/', '/i', null, undefined],
    ['///v1/events//', '/v1/events', null, undefined],
    ['//', '/', null, undefined],
    ['http://collect.example/i?e=pv', '/i', 'e=pv', 'collect.example'],
    ['HTTPS://collect.example:8443/i', '/i', null, 'collect.example:8443'],
    ['http://collect.example?e=pv', '/', 'e=pv', 'collect.example'],
    ['http://jane:secret@collect.example/i', '/i', null, 'collect.example'],
    ['*', '*', null, undefined],
    ['/http://x/', '/http://x', null, undefined],
  ])('of %s is %s with the query %s on %s', (target, path, query, host) => {
    expect(readTarget(target)).toEqual({ path, query, host })
  })
})

test.each([
  [[], false],
  [['Host', 'a'], false],
  [['Host', 'a', 'hOST', 'b'], true],
  [['X-Host', 'a', 'Host', 'b'], false],
])('%j has two hosts: %s', (headers, expected) => {
  expect(hasTwoHosts(headers)).toBe(expected)
})
