const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:\s?([Zz]|[+-]\d\d(?::?\d\d)?))?)?$/

/**
 * An ISO 8601 date or time as epoch milliseconds; undefined for anything else, such as 30 February, 24:01, a year beyond 9999,
 * or text after the time. UTC if no zone is written, unless `zone` is required. Fractions beyond milliseconds are cut.
 */
export function parseIso(text: string, { zone }: { zone: 'optional' | 'required' }): number | undefined {
  const match = ISO.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset] = match
  if (offset === undefined && zone === 'required') return undefined
  const [y, mo, d, h, mi] = [year, month, day, hour, minute].map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ]
  // A leap second is the first moment of the next minute.
  const s = Number(second)
  if (mo < 1 || mo > 12 || d < 1 || h > 23 || mi > 59 || s > 60) return undefined
  const midnight = new Date(0)
  midnight.setUTCFullYear(y, mo - 1, d)
  if (midnight.getUTCMonth() !== mo - 1) return undefined
  const offsetMs = offsetOf(offset)
  if (offsetMs === undefined) return undefined
  const ms = Number(fraction.padEnd(3, '0').slice(0, 3))
  return midnight.getTime() + ((h * 60 + mi) * 60 + s) * 1000 + ms - offsetMs
}

function offsetOf(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = zone.length > 3 ? Number(zone.slice(-2)) : 0
  if (hours > 15 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}
