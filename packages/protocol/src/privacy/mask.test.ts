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
    ['encoded twice', 'ip=203%252E0%252e113%252E77', 'ip=203.0.113.0'],
    ['in JSON escapes of JSON in JSON', '\\"ip\\":\\"203\\\\u002e0.113.77\\"', '\\"ip\\":\\"203.0.113.0\\"'],
    ['beside codes of something else', 'ip%3D203%2E0.113.77%26x%3D%22', 'ip%3D203.0.113.0%26x%3D%22'],
    ['beside an escaped quote', '\\u0022203.0.113.77\\u0022', '\\u0022203.0.113.0\\u0022'],
    ['of IPv6 behind a colon', 'ip:2001:db8:1234:5678::1', 'ip:2001:db8:1234::'],
    ['of IPv6 behind what may be part of it', 'ad:2001:db8:1234:5678::1', 'ad:2001:db8::'],
    ['of IPv6 in full', '2001:0db8:1234:5678:9abc:def0:1234:5678', '2001:db8:1234::'],
    ['of IPv6 before a full stop', 'from 2001:db8:1234:5678::1.', 'from 2001:db8:1234::.'],
    ['of IPv6 with a zone', 'fe80::1ff:fe23:4567:890a%eth2', 'fe80::%eth2'],
    ['of IPv4 as IPv6 in hexadecimal', '::ffff:cb00:714d', '203.0.113.0'],
    ['of a Forwarded header', 'for="[2001:db8:1234:5678::1]:4711"', 'for="[2001:db8:1234::]:4711"'],
    [
      'in base64 with padding',
      `"cx":"${Buffer.from('{"ip": "203.0.113.77"}').toString('base64')}"`,
      `"cx":"${Buffer.from('{"ip": "203.0.113.0"}').toString('base64')}"`,
    ],
    ['in base64 that is nothing else', btoa('203.0.113.77'), btoa('203.0.113.0').replace('=', '')],
    [
      'in base64 with escaped slashes',
      btoa('\u00ff\u00ff\u00ff 203.0.113.77').replaceAll('/', '\\/'),
      btoa('\u00ff\u00ff\u00ff 203.0.113.0'),
    ],
    [
      'in base64 with percent-encoded signs',
      encodeURIComponent(btoa('\u00ff\u00fb\u00ff 203.0.113.77')),
      btoa('\u00ff\u00fb\u00ff 203.0.113.0'),
    ],
    [
      'in base64 behind an encoded equals sign',
      `cx%3D${btoa('{"ip":"203.0.113.77"}').replace(/=+$/, '')}`,
      `cx%3D${btoa('{"ip":"203.0.113.0"}').replace(/=+$/, '')}`,
    ],
    [
      'in base64 among control characters',
      btoa('\u0000\u0001 203.0.113.77 x'),
      btoa('\u0000\u0001 203.0.113.0 x'),
    ],
    [
      'in base64 that was cut off',
      btoa('{"ip":"203.0.113.77","more":"of it"}').slice(0, -8),
      btoa('{"ip":"203.0.113.0","more":"o').replace(/=+$/, ''),
    ],
    ['in base64 of base64', btoa(btoa('ip 203.0.113.77')), btoa(btoa('ip 203.0.113.0').replace('=', ''))],
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
  'std::abs and 10:30:00 and 00:1b:44:11:3a:b7',
  'version 1.2.3.4.5',
  '203.0.113.0 and 2001:db8:1234::',
])('%j is left as it is', text => {
  expect(mask(text)).toBe(text)
})

test('bytes that are not text are kept, except the address among them', () => {
  const bytes = Buffer.concat([
    Buffer.from([0xff, 0x00, 0xc3]),
    Buffer.from('203.0.113.77'),
    Buffer.from([0x80]),
  ])
  const masked = maskAddresses(bytes, prefixes)
  expect([...masked.subarray(0, 3), masked.at(-1)]).toEqual([0xff, 0x00, 0xc3, 0x80])
  expect(Buffer.from(masked).toString('latin1')).toContain('203.0.113.0')
})

const wide: Readonly<Record<string, (text: string) => Buffer>> = {
  'UTF-16, low byte first': text => Buffer.from(text, 'utf16le'),
  'UTF-16, high byte first': text => Buffer.from(text, 'utf16le').swap16(),
  'UTF-32, low byte first': text => Buffer.from([...text].flatMap(each => [each.charCodeAt(0), 0, 0, 0])),
  'UTF-32, high byte first': text => Buffer.from([...text].flatMap(each => [0, 0, 0, each.charCodeAt(0)])),
}
test.each(Object.keys(wide))('an address in %s is truncated, and the text stays what it was', encoding => {
  const encode = wide[encoding] as (text: string) => Buffer
  const masked = maskAddresses(encode('{"ip":"203.0.113.77","v6":"2001:db8:1:2::3"}'), prefixes)
  expect(masked).toEqual(encode('{"ip":"203.0.113.0","v6":"2001:db8:1::"}'))
  expect(maskAddresses(encode('203.0.113.77'), prefixes)).toEqual(encode('203.0.113.0'))
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

test('a long text costs time in proportion to its length', () => {
  const long = [':', 'a:', 'aaaaa:', '1.', '%3a', 'a::', '1::2:']
    .map(part => part.repeat(200_000 / part.length))
    .join(' ')
  expect(mask(long).length).toBeGreaterThan(0)
})
