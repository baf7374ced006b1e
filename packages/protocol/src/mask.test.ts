import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maskAddresses, maskText } from './mask.ts'

const prefixes = { ipv4PrefixBits: 24, ipv6PrefixBits: 48 }
const mask = (text: string): string => maskText(text, prefixes)

describe('an address is truncated', () => {
  test.each([
    [
      'in JSON that is cut off',
      '{"data":[{"ip":"203.0.113.77","e":"p',
      '{"data":[{"ip":"203.0.113.0","e":"p',
    ],
    ['in a form', 'e=pv&ip=203.0.113.77&p=web', 'e=pv&ip=203.0.113.0&p=web'],
    ['with percent-encoded dots', 'ip=203%2E0%2e113%2E77', 'ip=203.0.113.0'],
    ['with percent-encoded digits', 'ip=%32%30%33.0.113.77', 'ip=203.0.113.0'],
    ['in JSON escapes', '"ip":"203\\u002e0\\u002E113.77"', '"ip":"203.0.113.0"'],
    ['of IPv6', '"ip":"2001:db8:1234:5678::1"', '"ip":"2001:db8:1234::"'],
    ['of IPv6 with percent-encoded colons', 'ip=2001%3Adb8%3A1234%3A5678%3A%3A1&', 'ip=2001:db8:1234::&'],
    ['of IPv6 in brackets with a port', '[2001:db8:1234:5678::1]:443', '[2001:db8:1234::]:443'],
    ['of IPv4 as IPv6', 'x ::ffff:203.0.113.77 y', 'x 203.0.113.0 y'],
    ['with a port', '203.0.113.77:8080', '203.0.113.0:8080'],
    ['in a list', '203.0.113.77, 198.51.100.9', '203.0.113.0, 198.51.100.0'],
    [
      'in base64',
      `cx=${Buffer.from('{"data":[{"ip":"203.0.113.77"}]}').toString('base64url')}`,
      `cx=${Buffer.from('{"data":[{"ip":"203.0.113.0"}]}').toString('base64url')}`,
    ],
  ])('%s', (_where, text, expected) => {
    expect(mask(text)).toBe(expected)
  })
})

test.each([
  '2026-11-20T10:30:00Z',
  'a price of 12.50 and a version 1.2.3',
  '0e37df36-f698-11e6-8dd4-cb9ced3df976',
  'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4',
  'https://shop.example/a?b=%20%41',
])('%j is left as it is', text => {
  expect(mask(text)).toBe(text)
})

test('bytes that are not text are kept, but for the address among them', () => {
  const bytes = Buffer.concat([
    Buffer.from([0xff, 0x00, 0xc3]),
    Buffer.from('203.0.113.77'),
    Buffer.from([0x80]),
  ])
  const masked = maskAddresses(bytes, prefixes)
  expect([...masked.subarray(0, 3), masked.at(-1)]).toEqual([0xff, 0x00, 0xc3, 0x80])
  expect(Buffer.from(masked).toString('latin1')).toContain('203.0.113.0')
})

test('no address survives, whatever is around it', () => {
  const around = fc.string({ maxLength: 8 }).map(text => text.replaceAll(/[0-9a-fA-F.:%\\+/_=-]/g, ' '))
  fc.assert(
    fc.property(around, fc.oneof(fc.ipV4(), fc.ipV6()), around, (before, address, after) => {
      const masked = mask(`${before} ${address} ${after}`)
      const truncated = mask(masked)
      expect(masked).toBe(truncated)
    }),
  )
})
