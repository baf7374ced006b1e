import { truncateAddress } from '@sluicebox/protocol/address'
import type { RawRecord } from '@sluicebox/event/records'
import type { SentEvent } from '@sluicebox/protocol/sent-event'
import { addressText, type Ip } from '../address.ts'
import type { Columns } from '../columns.ts'
import { NO_LOCATION, type GeoDatabase, type Location } from './database.ts'
import { countryOfZone } from './zones.ts'

/**
 * The most bits of an address that are looked up, even if records keep more: a location is never that of a single
 * connection.
 */
const LOOKED_UP = { ipv4PrefixBits: 24, ipv6PrefixBits: 48 }

/** Truncates an address and looks it up. A text that is not an address has no location. */
export function locateIn({ locate }: Pick<GeoDatabase, 'locate'>, address: string): Location {
  const truncated = truncateAddress(address, LOOKED_UP)
  return truncated === undefined ? NO_LOCATION : locate(truncated)
}

/**
 * Sets the columns of the place: by the address if the database knows it, else the country of the time zone. An
 * anonymous visitor only has the latter.
 */
export function setGeo(
  good: Columns<'geo_country' | 'geo_country_source' | 'geo_region' | 'geo_city'>,
  {
    event,
    raw,
    tools,
  }: {
    readonly event: Pick<SentEvent, 'ip' | 'timezone'>
    readonly raw: Pick<RawRecord, 'ip' | 'privacy'>
    readonly tools: { readonly readIp: (text: string) => Ip }
  },
): void {
  const text = raw.privacy === 'anonymous' ? null : addressText(event, raw)
  const { country, region, city } = text === null ? NO_LOCATION : tools.readIp(text).location
  const byZone = country === null && event.timezone !== null ? countryOfZone(event.timezone) : null
  good.geo_country = country ?? byZone
  good.geo_country_source = country !== null ? 'database' : byZone === null ? null : 'timezone'
  good.geo_region = region
  good.geo_city = city
}
