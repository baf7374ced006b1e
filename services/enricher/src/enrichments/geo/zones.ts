import timeZones from 'cldr-bcp47/bcp47/timezone.json' with { type: 'json' }

/** A zone of CLDR under its short identifier, such as `deber`; the aliases are its names in the IANA database, former ones included. */
interface Zone {
  readonly _alias?: string
  readonly _iana?: string
  /** Its territory, where the identifier does not begin with it. */
  readonly _region?: string
}

/**
 * Names that give an offset of the clock and belong to no country. The database links them to a zone that keeps the
 * same time.
 */
const NO_PLACES: ReadonlySet<string> = new Set(
  'CET EET MET WET EST MST HST EST5EDT CST6CDT MST7MDT PST8PDT'.toLowerCase().split(' '),
)

/** Identifiers of zones that are in no country: UTC, with and without an offset, Greenwich's, and the unknown one. */
const NOWHERE = /^(utc.*|gmt|unk)$/

/**
 * Countries by time zone, as trackers write it and in lower case. Unicode Technical Standard 35 (Time Zone Identifiers): a short identifier begins
 * with the ISO 3166-1 code of its zone's country, or `region` says it. There a name belongs to one country, as in zone.tab
 * of the IANA database. A zone that several countries keep (Europe/Berlin, for Denmark too) counts as the country that
 * it is named in: devices in the other countries report their own name (Europe/Copenhagen).
 */
const COUNTRIES: ReadonlyMap<string, string> = new Map(
  Object.entries(timeZones.keyword.u.tz as Readonly<Record<string, Zone | string>>)
    // The entries with an underscore describe the list itself.
    .filter((entry): entry is [string, Zone] => typeof entry[1] === 'object' && !NOWHERE.test(entry[0]))
    .flatMap(([id, { _alias = '', _iana = '', _region = id.slice(0, 2).toUpperCase() }]) =>
      `${_alias} ${_iana}`
        .split(' ')
        .filter(name => name !== '' && !NO_PLACES.has(name.toLowerCase()))
        .flatMap((name): [string, string][] => [
          [name, _region],
          [name.toLowerCase(), _region],
        ]),
    ),
)

/** The country of an IANA time zone, as ISO 3166-1 alpha-2; null for a zone without a country, and for what is not a zone. */
export function countryOfZone(name: string): string | null {
  return COUNTRIES.get(name) ?? COUNTRIES.get(name.trim().toLowerCase()) ?? null
}
