import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileFiles } from '../../files/files.ts'
import { pageView, rawRecord, run, testConfig, testEnricher, tp2Body } from '../../testing/run.ts'
import { locateIn } from './geo.ts'

const bytes = readFileSync(join(import.meta.dirname, '../../testing/geo/small.mmdb'))
const enricher = testEnricher(
  {},
  { files: compileFiles({ geo: { name: 'small.mmdb', bytes } }, testConfig()) },
)

interface Sent {
  readonly ip: string | null
  readonly tz?: string
  readonly said?: string
  readonly anonymous?: true
}

function placeOf({ ip, tz, said, anonymous }: Sent, by = enricher) {
  const body = tp2Body(pageView({ tz, ip: said }))
  const { good } = run([rawRecord({ body, ip, privacy: anonymous ? 'anonymous' : 'none' })], by)
  const { geo_country, geo_country_source, geo_region, geo_city } = good[0]!
  return [geo_country, geo_country_source, geo_region, geo_city]
}

test.each<[what: string, sent: Sent, place: (string | null)[]]>([
  ['an address that is known', { ip: '192.0.2.0' }, ['GB', 'database', 'GB-ENG', 'Boxford']],
  ['one in IPv6', { ip: '2001:db8:1::' }, ['JP', 'database', 'JP-13', 'Tokyo']],
  ['one that the client says', { ip: '192.0.2.0', said: '203.0.113.0' }, ['CH', 'database', null, 'Bülach']],
  [
    'an address before a zone',
    { ip: '192.0.2.0', tz: 'Asia/Tokyo' },
    ['GB', 'database', 'GB-ENG', 'Boxford'],
  ],
  ['one that is not known, and a zone', { ip: '10.0.0.0', tz: 'Asia/Tokyo' }, ['JP', 'timezone', null, null]],
  ['no address, and a zone', { ip: null, tz: 'Asia/Calcutta' }, ['IN', 'timezone', null, null]],
  ['no address, and a zone of no country', { ip: null, tz: 'UTC' }, [null, null, null, null]],
  ['neither', { ip: null }, [null, null, null, null]],
  ['a text that is not an address', { ip: 'unknown', tz: 'nowhere' }, [null, null, null, null]],
  [
    'an anonymous visitor',
    { ip: '192.0.2.0', tz: 'Asia/Tokyo', anonymous: true },
    ['JP', 'timezone', null, null],
  ],
  ['an anonymous visitor without a zone', { ip: '192.0.2.0', anonymous: true }, [null, null, null, null]],
])('%s', (_what, sent, place) => {
  expect(placeOf(sent)).toEqual(place)
})

test('without a database the country is that of the zone', () => {
  expect(placeOf({ ip: '192.0.2.0', tz: 'Asia/Tokyo' }, testEnricher())).toEqual([
    'JP',
    'timezone',
    null,
    null,
  ])
})

test('the whole address is never looked up, whatever the configuration keeps', () => {
  const seen: string[] = []
  const locate = (address: string) => {
    seen.push(address)
    return { country: null, region: null, city: null }
  }
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), address => {
      seen.length = 0
      locateIn({ locate }, address)
      for (const each of seen) expect(each).toMatch(/^(\d+\.\d+\.\d+\.0|([\da-f]+:){1,3}:|::)$/)
    }),
  )
  seen.length = 0
  locateIn({ locate }, '198.51.100.200')
  expect(seen).toEqual(['198.51.100.0'])
})
