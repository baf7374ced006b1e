import { INSTANT_MS_MAX } from '@sluicebox/event/instants'
import { parseIso } from '@sluicebox/protocol/instant'

/** Reads a time as epoch milliseconds, from 1970 to 9999; returns a fault as text when it does not fit. */
export type ReadTime = (text: string) => number | string

type ReadMs = (text: string) => number

/** How many milliseconds one unit has, from the largest to the smallest. */
const UNITS = { epoch_s: 1000, epoch_ms: 1, epoch_us: 0.001 } as const
type Unit = keyof typeof UNITS

/**
 * No clickstream was recorded outside of these years. A number that only another unit moves into them is in that unit.
 */
const RECORDED_MS = { from: Date.UTC(1990), to: Date.UTC(2100) }

const TOKENS: Readonly<Record<string, string>> = {
  yyyy: '(?<year>\\d{4})',
  MM: '(?<month>\\d{2})',
  dd: '(?<day>\\d{2})',
  HH: '(?<hour>\\d{2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
  SSS: '(?<millisecond>\\d{3})',
}

/**
 * A reader for a time format: `iso` (ISO 8601; UTC where no zone is written), `epoch_s`, `epoch_ms`, `epoch_us`, or a
 * pattern of yyyy MM dd HH mm ss SSS in UTC, with other letters in quotes: `dd.MM.yyyy HH:mm` or
 * `yyyy-MM-dd HH:mm:ss 'UTC'`. Throws when the format is not one of these.
 */
export function timeFormat(format: string): ReadTime {
  const isUnit = Object.hasOwn(UNITS, format)
  const read: ReadMs = isUnit ? epoch(format as Unit) : format === 'iso' ? readIso : pattern(format)
  return text => {
    const ms = read(text.trim())
    const unit = isUnit ? otherUnit(format as Unit, ms) : undefined
    if (unit !== undefined) return `does not fit the time format ${format}: it looks like ${unit}`
    return ms >= 0 && ms <= INSTANT_MS_MAX
      ? ms
      : `does not fit the time format ${format}, or is not between 1970 and 9999`
  }
}

function epoch(unit: Unit): ReadMs {
  return text => (/^\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * UNITS[unit]) : NaN)
}

/** Returns the unit of a number that gives no plausible instant in `unit`. */
function otherUnit(unit: Unit, ms: number): Unit | undefined {
  const isPlausible = (instant: number): boolean => instant >= RECORDED_MS.from && instant < RECORDED_MS.to
  if (isPlausible(ms)) return undefined
  return (Object.keys(UNITS) as Unit[]).find(other => isPlausible((ms / UNITS[unit]) * UNITS[other]))
}

const readIso: ReadMs = text => parseIso(text, { zone: 'optional' }) ?? NaN

function pattern(format: string): ReadMs {
  let source = ''
  let rest = format
  while (rest.length > 0) {
    const token = Object.keys(TOKENS).find(name => rest.startsWith(name))
    const quoted = /^'([^']*)'/.exec(rest)
    if (token !== undefined) {
      source += TOKENS[token]
      rest = rest.slice(token.length)
    } else if (quoted !== null) {
      source += escape(quoted[1] as string)
      rest = rest.slice(quoted[0].length)
    } else if (/^[A-Za-z]/.test(rest)) {
      throw new Error(
        `the time format "${format}" has "${rest[0] as string}", which means nothing: use yyyy MM dd HH mm ss SSS, put other letters in quotes, or write iso, epoch_s, epoch_ms or epoch_us`,
      )
    } else {
      source += escape(rest[0] as string)
      rest = rest.slice(1)
    }
  }
  if (!source.includes('<year>') || !source.includes('<month>') || !source.includes('<day>'))
    throw new Error(`the time format "${format}" lacks the year, month or day: yyyy MM dd`)
  const regex = new RegExp(`^${source}$`)
  return text => {
    const groups = regex.exec(text)?.groups
    if (groups === undefined) return NaN
    const part = (name: string, otherwise: number): number =>
      groups[name] === undefined ? otherwise : Number(groups[name])
    const [year, month, day] = [part('year', 0), part('month', 1), part('day', 1)]
    const [hour, minute, second] = [part('hour', 0), part('minute', 0), part('second', 0)]
    if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return NaN
    const midnight = new Date(0)
    midnight.setUTCFullYear(year, month - 1, day)
    // 31 April would roll over into May.
    if (midnight.getUTCDate() !== day) return NaN
    return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + part('millisecond', 0)
  }
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
