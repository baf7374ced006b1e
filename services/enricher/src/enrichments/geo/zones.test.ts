import { expect, test } from 'vitest'
import { countryOfZone } from './zones.ts'

test.each<[zone: string, country: string | null]>([
  ['Europe/Berlin', 'DE'],
  ['America/New_York', 'US'],
  ['America/Argentina/Buenos_Aires', 'AR'],
  ['America/Indiana/Knox', 'US'],
  // Names of zones that were renamed or merged: the country is that of the name, not of the zone that keeps its time.
  ['Asia/Calcutta', 'IN'],
  ['Asia/Saigon', 'VN'],
  ['Africa/Asmera', 'ER'],
  ['Africa/Timbuktu', 'ML'],
  ['America/Coral_Harbour', 'CA'],
  ['Atlantic/Jan_Mayen', 'SJ'],
  ['Iceland', 'IS'],
  ['Europe/Kiev', 'UA'],
  ['Europe/Kyiv', 'UA'],
  ['US/Eastern', 'US'],
  ['GB', 'GB'],
  ['PRC', 'CN'],
  // A zone whose time several countries keep counts as the country that it is named in; the others have names of their
  // own.
  ['Europe/Copenhagen', 'DK'],
  ['Europe/Zurich', 'CH'],
  ['Europe/Busingen', 'DE'],
  ['Europe/London', 'GB'],
  ['Europe/Jersey', 'JE'],
  ['Asia/Bangkok', 'TH'],
  ['Asia/Phnom_Penh', 'KH'],
  ['America/Puerto_Rico', 'PR'],
  // Their identifiers do not begin with the country.
  ['Asia/Gaza', 'PS'],
  ['Asia/Jerusalem', 'IL'],
  ['Antarctica/McMurdo', 'AQ'],
  ['europe/berlin', 'DE'],
  [' Europe/Berlin ', 'DE'],
  ['UTC', null],
  ['GMT', null],
  ['GMT0', null],
  ['Zulu', null],
  ['Universal', null],
  ['Etc/UTC', null],
  ['Etc/GMT+5', null],
  ['Etc/Unknown', null],
  ['Factory', null],
  ['CET', null],
  ['EST', null],
  ['MST7MDT', null],
  ['PST8PDT', null],
  ['CEST', null],
  ['+01:00', null],
  ['UTC+2', null],
  ['W. Europe Standard Time', null],
  ['Europe/Atlantis', null],
  ['Europe', null],
  ['Berlin', null],
  ['', null],
  ['__proto__', null],
  ['constructor', null],
  ['toString', null],
  ['undefined', null],
])('the country of %j is %s', (zone, country) => {
  expect(countryOfZone(zone)).toBe(country)
})

test('every zone that this machine knows by a place has a country', () => {
  const places = Intl.supportedValuesOf('timeZone').filter(zone => /^[A-Z][a-z]+\/(?!GMT|UTC|UCT)/.test(zone))
  expect(places.length).toBeGreaterThan(400)
  expect(
    places.filter(zone => !zone.startsWith('Etc/') && !/^[A-Z]{2}$/.test(countryOfZone(zone) ?? '')),
  ).toEqual([])
})
