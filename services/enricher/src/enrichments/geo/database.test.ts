import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NO_LOCATION, openGeoDatabase } from './database.ts'

const read = (name: string): Buffer => readFileSync(join(import.meta.dirname, '../../testing/geo', name))
const SMALL = read('small.mmdb')

test.each<[address: string, country: string | null, region: string | null, city: string | null]>([
  ['192.0.2.0', 'GB', 'GB-ENG', 'Boxford'],
  ['192.0.2.255', 'GB', 'GB-ENG', 'Boxford'],
  ['198.51.100.0', 'US', 'US-CA', 'San Jose'],
  ['198.51.100.128', 'CA', 'CA-ON', 'Toronto'],
  // A city without an English name has the one that is there.
  ['203.0.113.0', 'CH', null, 'Bülach'],
  ['2001:db8:1::', 'JP', 'JP-13', 'Tokyo'],
  ['2001:db8:2::', 'DE', null, null],
  // The country of who holds a network is not where it is.
  ['192.0.0.0', null, null, null],
  ['192.0.3.0', null, null, null],
  ['2001:db8:3::', null, null, null],
  ['::', null, null, null],
])('%s is in %s, %s, %s', (address, country, region, city) => {
  expect(openGeoDatabase(SMALL).locate(address)).toEqual({ country, region, city })
})

test('a database of IPv4 alone has no place for an IPv6 address', () => {
  const { locate } = openGeoDatabase(read('small-ipv4.mmdb'))
  expect(locate('192.0.2.0').country).toBe('GB')
  // Its first bits are those of 192.0.2.0.
  expect(locate('c000:200::')).toEqual(NO_LOCATION)
})

test('says what it is', () => {
  expect(openGeoDatabase(SMALL).description).toMatch(/^Example-City, built on 20\d\d-\d\d-\d\d$/)
})

test.each<[what: string, bytes: Buffer, says: RegExp]>([
  [
    'an empty file',
    Buffer.alloc(0),
    /^it is not a database in MaxMind's format \(\.mmdb\), or it is damaged: /,
  ],
  ['a text', Buffer.from('date,currency,rate\n'.repeat(50)), /^it is not a database in MaxMind's format/],
  ['zeros', Buffer.alloc(5000), /^it is not a database in MaxMind's format/],
  ['a download that was cut off', SMALL.subarray(0, 1200), /^it is not a database in MaxMind's format/],
  ['one without its beginning', SMALL.subarray(1000), /^it is (cut off|damaged)/],
  [
    'one with data that can not be read',
    damaged(SMALL, 1276, 300),
    /^it is damaged: what it has about [\da-f.:]+ can't/,
  ],
  ['one with a tree that leads nowhere', damaged(SMALL, 0, 1000), /^it is damaged/],
])('%s is refused', (_what, bytes, says) => {
  expect(() => openGeoDatabase(bytes)).toThrow(says)
})

test('whatever bytes change, it is refused or every address has a location', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(SMALL.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 }),
      fc.ipV4(),
      (changes, address) => {
        const bytes = Buffer.from(SMALL)
        for (const [at, value] of changes) bytes[at] = value
        let database
        try {
          database = openGeoDatabase(bytes)
        } catch (error) {
          expect((error as Error).message).toMatch(/^it is (not a database|damaged|cut off)/)
          return
        }
        const { country } = database.locate(address)
        expect(country === null || /^[A-Z]{2}$/.test(country)).toBe(true)
      },
    ),
  )
})

function damaged(bytes: Buffer, from: number, length: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.fill(0xff, from, from + length)
  return copy
}
