import { parseIso } from '@sluicebox/protocol/instant'

// The operator's file of exchange rates: CSV with the columns date, currency and rate, in this order. As the European
// Central Bank writes them, a rate is how many units of the currency one unit of the base currency is worth.

const HEADER = 'date,currency,rate'
const DATE = /^\d{4}-\d\d-\d\d$/
const DECIMAL = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i
/** A rate outside of these bounds is a mistake: the cheapest and the dearest currency are eight digits apart. */
const RATE_MIN = 1e-9
const RATE_MAX = 1e9
const DAY_MS = 86_400_000

/** Why an amount has no rate: the file has none for its currency, none that early, or none that late. */
export type NoRate = 'unknown_currency' | 'too_early' | 'too_old'

export interface Rates {
  /**
   * The rate of a currency at an instant, in epoch milliseconds: the newest of the same date (UTC) or an earlier one.
   * Codes are in upper case.
   */
  rateAt(currency: string, instantMs: number): number | NoRate
  /** How many currencies there are, and the dates of the oldest and the newest rate. */
  readonly description: string
}

/** The rates of one currency, in the order of their days since 1970. */
interface Series {
  readonly days: number[]
  readonly rates: number[]
}

interface Row {
  readonly day: number
  readonly currency: string
  readonly rate: number
}

/**
 * Compiles a file of rates into a lookup. A rate is used for `ageDaysMax` days after its date. Throws with the line and
 * the reason of the first fault.
 */
export function readRates(
  text: string,
  { base, ageDaysMax }: { readonly base: string; readonly ageDaysMax: number },
): Rates {
  const rows = readRows(text, base).sort((a, b) => a.day - b.day)
  const series = new Map<string, Series>([[base, { days: [-Infinity], rates: [1] }]])
  for (const { currency, day, rate } of rows) {
    if (currency === base) continue
    const { days, rates } = series.get(currency) ?? { days: [], rates: [] }
    days.push(day)
    rates.push(rate)
    series.set(currency, { days, rates })
  }
  const dates = [rows[0]?.day ?? 0, rows.at(-1)?.day ?? 0].map(dateText)
  return {
    description: `${series.size - 1} ${series.size === 2 ? 'currency' : 'currencies'} against ${base}, ${dates.join(' to ')}`,
    rateAt(currency, instantMs) {
      const found = series.get(currency)
      if (found === undefined) return 'unknown_currency'
      const day = Math.floor(instantMs / DAY_MS)
      const at = lastUpTo(found.days, day)
      if (at < 0) return 'too_early'
      return currency !== base && day - found.days[at]! > ageDaysMax ? 'too_old' : found.rates[at]!
    },
  }
}

function readRows(text: string, base: string): Row[] {
  const [header = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  if (cells(header).join(',').toLowerCase() !== HEADER)
    throw fault(1, `must be the header ${HEADER}, not ${shown(header)}`)
  const rows: Row[] = []
  const seen = new Map<string, { rate: number; line: number }>()
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue
    const row = readRow(line, i + 2, base)
    const key = `${row.day} ${row.currency}`
    const earlier = seen.get(key)
    if (earlier === undefined) {
      seen.set(key, { rate: row.rate, line: i + 2 })
      rows.push(row)
    } else if (earlier.rate !== row.rate)
      throw fault(
        i + 2,
        `gives ${row.currency} another rate for ${dateText(row.day)} than line ${earlier.line}; remove one of them`,
      )
  }
  if (rows.length === 0) throw new Error('it has no rates; write one per line, such as 2026-11-20,USD,1.0812')
  return rows
}

function readRow(line: string, number: number, base: string): Row {
  const found = cells(line)
  const [date = '', code = '', text = ''] = found
  if (found.length !== 3)
    throw fault(number, `has ${found.length} fields, where date, currency and rate are three: ${shown(line)}`)
  const instant = DATE.test(date) ? parseIso(date, { zone: 'optional' }) : undefined
  if (instant === undefined) throw fault(number, `has the date ${shown(date)}; write it as 2026-11-20`)
  const currency = currencyCode(code)
  if (currency === null)
    throw fault(number, `has the currency ${shown(code)}; write its ISO 4217 code, such as USD`)
  const rate = DECIMAL.test(text) ? Number(text) : NaN
  if (!(rate >= RATE_MIN && rate <= RATE_MAX))
    throw fault(
      number,
      `has the rate ${shown(text)}; write how many ${currency} one ${base} is worth, a number above 0 such as 1.0812`,
    )
  if (currency === base && rate !== 1)
    throw fault(number, `has the rate ${shown(text)} of ${base}, which is the base currency: its rate is 1`)
  return { day: instant / DAY_MS, currency, rate }
}

/** An ISO 4217 code in upper case, as it is or in lower case; null for anything else. */
export function currencyCode(text: string): string | null {
  const code = text.trim()
  return /^[A-Za-z]{3}$/.test(code) ? code.toUpperCase() : null
}

/** The fields of a line. None of ours contains a comma, so quotes around one mean nothing. */
function cells(line: string): string[] {
  return line.split(',').map(cell => cell.trim().replace(/^"(.*)"$/, '$1'))
}

/** The index of the last number that is not above `limit`; -1 when there is none. */
function lastUpTo(numbers: readonly number[], limit: number): number {
  let from = 0
  let to = numbers.length
  while (from < to) {
    const middle = (from + to) >> 1
    if (numbers[middle]! <= limit) from = middle + 1
    else to = middle
  }
  return from - 1
}

function fault(line: number, text: string): Error {
  return new Error(`line ${line} ${text}`)
}

function dateText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
