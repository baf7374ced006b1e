import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalAddress, firstAddress, truncateAddress } from './address.ts'

const prefixes = { ipv4PrefixBits: 24, ipv6PrefixBits: 48 }

describe('truncateAddress', () => {
  test.each([
    ['203.0.113.77', '203.0.113.0'],
    ['255.255.255.255', '255.255.255.0'],
    ['203.0.113.77:54321', '203.0.113.0'],
    ['::ffff:203.0.113.77', '203.0.113.0'],
    ['::ffff:cb00:714d', '203.0.113.0'],
    ['64:ff9b::203.0.113.77', '64:ff9b::'],
    ['2001:db8:1234:5678::1', '2001:db8:1234::'],
    ['2001:DB8:AAAA::', '2001:db8:aaaa::'],
    ['[2001:db8:1234:5678::1]:443', '2001:db8:1234::'],
    ['[2001:db8:1234:5678::1]', '2001:db8:1234::'],
    ['fe80::1%eth0', 'fe80::'],
    ['::1', '::'],
    ['unknown', undefined],
    ['', undefined],
    ['203.0.113', undefined],
    ['203.0.113.256', undefined],
    ['1:2:3', undefined],
    ['::1::2', undefined],
    ['1:2:3:4:5:6:7:8:9', undefined],
    ['g::1', undefined],
    [`${'1'.repeat(200)}.1.1.1`, undefined],
  ])('%s becomes %s', (address, expected) => {
    expect(truncateAddress(address, prefixes)).toBe(expected)
  })

  test.each([
    [0, '0.0.0.0'],
    [1, '128.0.0.0'],
    [9, '203.128.0.0'],
    [16, '203.255.0.0'],
    [31, '203.255.113.254'],
    [32, '203.255.113.255'],
  ])('keeps %i bits of an IPv4 address', (ipv4PrefixBits, expected) => {
    expect(truncateAddress('203.255.113.255', { ...prefixes, ipv4PrefixBits })).toBe(expected)
  })

  test('gives the same twice as once, and makes two neighbours one', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), address => {
        const truncated = truncateAddress(address, prefixes) as string
        expect(truncateAddress(truncated, prefixes)).toBe(truncated)
      }),
    )
    fc.assert(
      fc.property(fc.ipV4(), fc.nat({ max: 255 }), (address, last) => {
        const neighbour = address.replace(/\d+$/, String(last))
        expect(truncateAddress(neighbour, prefixes)).toBe(truncateAddress(address, prefixes))
      }),
    )
  })
})

test.each([
  ['203.0.113.77', '203.0.113.77'],
  ['203.0.113.77, 10.0.0.1', '203.0.113.77'],
  [' 203.0.113.77|10.0.0.1', '203.0.113.77'],
  ['203.0.113.77 10.0.0.1', '203.0.113.77'],
  ['[2001:db8::1]:443, x', '[2001:db8::1]:443'],
  ['', ''],
])('of %j the first address is %j', (text, expected) => {
  expect(firstAddress(text)).toBe(expected)
})

test.each([
  ['203.0.113.77:80', '203.0.113.77'],
  ['[2001:DB8:0::1]', '2001:db8::1'],
  ['::ffff:203.0.113.77', '203.0.113.77'],
  ['unknown', undefined],
])('the canonical form of %s is %s', (text, expected) => {
  expect(canonicalAddress(text)).toBe(expected)
})
