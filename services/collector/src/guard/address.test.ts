import { describe, expect, test } from 'vitest'
import { clientAddress, createAddressReader } from './address.ts'

const options = { ipv4PrefixBits: 24, ipv6PrefixBits: 48 }

describe('clientAddress', () => {
  test.each([
    ['trusts no header without proxies', 0, '198.51.100.1', 'peer'],
    ['takes the last entry behind one proxy', 1, '10.0.0.1, 198.51.100.1', '198.51.100.1'],
    ['takes the one before it behind two', 2, '10.0.0.1, 198.51.100.1, 192.0.2.1', '198.51.100.1'],
    ['takes the first when there are fewer than proxies', 3, '10.0.0.1, 198.51.100.1', '10.0.0.1'],
    ['takes the peer when there is no header', 1, undefined, 'peer'],
    ['passes over empty elements', 1, '10.0.0.1, , 198.51.100.1, ,', '198.51.100.1'],
    ['reads quoted addresses', 1, '10.0.0.1, "[2001:db8::7]:4711"', '[2001:db8::7]:4711'],
    ['takes the peer when the header is empty', 1, ' , ', 'peer'],
  ])('%s', (_name, hops, header, expected) => {
    expect(clientAddress('peer', header, hops)).toBe(expected)
  })
})

test('the reader gives the same for what it has seen and what it has not', () => {
  const read = createAddressReader({ ...options, trustedProxyHops: 1 })
  for (let round = 0; round < 2; round++) {
    expect(read('192.0.2.9', '203.0.113.77')).toBe('203.0.113.0')
    expect(read('192.0.2.9', '"[2001:db8:1:2::7]:4711"')).toBe('2001:db8:1::')
    expect(read('192.0.2.9', undefined)).toBe('192.0.2.0')
    expect(read('192.0.2.9', 'nonsense')).toBe(undefined)
    expect(read('192.0.2.9', 'x'.repeat(10_000))).toBe(undefined)
    expect(read(undefined, undefined)).toBe(undefined)
  }
})

test('the reader is right beyond the number of addresses that it remembers', () => {
  const read = createAddressReader({ ...options, trustedProxyHops: 0 })
  for (let i = 0; i < 10_000; i++) {
    expect(read(`10.${i >> 8}.${i & 255}.7`, undefined)).toBe(`10.${i >> 8}.${i & 255}.0`)
  }
})
