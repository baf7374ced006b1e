import { Reader, type CityResponse } from 'mmdb-lib'

// A database of addresses in MaxMind's format (MaxMind DB File Format Specification 2.0), with records as GeoIP2 has them:
// country.iso_code, subdivisions, city.names. What else is in a record is not read.

/** The location of an address, as far as the database knows it. */
export interface Location {
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null
  /** The largest subdivision of the country, ISO 3166-2: `US-CA`. */
  readonly region: string | null
  readonly city: string | null
}

export interface GeoDatabase {
  /** The location of an address in canonical form. An address that is not in the database has none. */
  locate(address: string): Location
  /** How the database describes itself: its type, and the day it was built. */
  readonly description: string
}

export const NO_LOCATION: Location = { country: null, region: null, city: null }

const MAJOR_VERSION = 2
/** Between the search tree and the data. */
const SEPARATOR_BYTES = 16
const CITY_LENGTH_MAX = 255
/** Networks of each family that are read at the start: all of a small database, a part of a large one. */
const NETWORKS_CHECKED = 20_000

/** Opens the bytes of a database. Throws with what is wrong when they are damaged, or not in this format. */
export function openGeoDatabase(bytes: Uint8Array): GeoDatabase {
  const reader = openReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  const { ipVersion, databaseType, buildEpoch } = reader.metadata
  checkNetworks(reader, 32, 0n)
  if (ipVersion === 6) checkNetworks(reader, 128, GLOBAL_IPV6)

  return {
    description: `${String(databaseType)}, built on ${buildEpoch.toISOString().slice(0, 10)}`,
    locate(address) {
      // In a tree of IPv4 the bits of an IPv6 address would lead to an unrelated network.
      if (ipVersion === 4 && address.includes(':')) return NO_LOCATION
      try {
        return locationOf(reader.get(address))
      } catch {
        // The database is damaged beyond the part that is checked at the start. The event continues without its
        // location.
        return NO_LOCATION
      }
    },
  }
}

function openReader(bytes: Buffer): Reader<CityResponse> {
  let reader: Reader<CityResponse>
  try {
    reader = new Reader<CityResponse>(bytes)
  } catch (error) {
    throw notADatabase((error as Error).message, error)
  }
  const {
    binaryFormatMajorVersion: version,
    nodeCount,
    ipVersion,
    searchTreeSize,
    buildEpoch,
  } = reader.metadata
  if (version !== MAJOR_VERSION) throw notADatabase(`its format has the version ${String(version)}`)
  if (ipVersion !== 4 && ipVersion !== 6)
    throw notADatabase(`its addresses are of version ${String(ipVersion)}`)
  if (Number.isNaN(buildEpoch.getTime())) throw notADatabase('it does not say when it was built')
  if (!(nodeCount > 0) || searchTreeSize + SEPARATOR_BYTES > bytes.length)
    throw new Error(
      `it is cut off: ${bytes.length} bytes are there, and its search tree alone has ${searchTreeSize}; copy it again`,
    )
  return reader
}

function notADatabase(why: string, cause?: unknown): Error {
  return new Error(
    `it is not a database in MaxMind's format (.mmdb), or it is damaged: ${why}; copy it again, or name another file`,
    {
      cause,
    },
  )
}

/** 2000::/3, where addresses are given out. */
const GLOBAL_IPV6 = 0x2000n << 112n

/** Reads one network after the other, from the address `first` on. Throws at the first that can't be read. */
function checkNetworks(reader: Reader<CityResponse>, bits: 32 | 128, first: bigint): void {
  let next = first
  for (let i = 0; i < NETWORKS_CHECKED && next < 1n << BigInt(bits); i++) {
    const address = addressText(next, bits)
    try {
      const [record, prefixBits] = reader.getWithPrefixLength(address)
      locationOf(record)
      next += 1n << BigInt(bits - prefixBits)
    } catch (error) {
      throw new Error(
        `it is damaged: what it has about ${address} can't be read (${(error as Error).message}); copy it again`,
        { cause: error },
      )
    }
  }
}

function addressText(value: bigint, bits: 32 | 128): string {
  const groupBits = bits === 32 ? 8 : 16
  const groups = Array.from({ length: bits / groupBits }, (_, i) =>
    BigInt.asUintN(groupBits, value >> BigInt(bits - groupBits * (i + 1))).toString(bits === 32 ? 10 : 16),
  )
  return groups.join(bits === 32 ? '.' : ':')
}

/** Records are not trusted: a database may have other fields, or fields of other types under these names. */
function locationOf(record: CityResponse | null): Location {
  const country = code(record?.country?.iso_code, /^[A-Z]{2}$/)
  if (record === null || country === null) return NO_LOCATION
  const subdivision = code(record.subdivisions?.[0]?.iso_code, /^[A-Z0-9]{1,3}$/)
  const names: Readonly<Record<string, unknown>> = { ...record.city?.names }
  const city = names['en'] ?? Object.values(names)[0]
  return {
    country,
    region: subdivision === null ? null : `${country}-${subdivision}`,
    city:
      typeof city === 'string' && city !== '' && city.length <= CITY_LENGTH_MAX ? city.toWellFormed() : null,
  }
}

function code(value: unknown, form: RegExp): string | null {
  return typeof value === 'string' && form.test(value) ? value : null
}
