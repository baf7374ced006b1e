import type { GoodRecord } from '@sluicebox/event/records'
import { currencyCode } from './rates.ts'

// The labels under which the amounts of good events are counted. There are few values of each.

/**
 * `as_sent`: there is no file of rates. `unconverted`: the file has no rate for an amount of the event; `notes` says
 * why.
 */
type AmountOutcome = 'as_sent' | 'converted' | 'unconverted'

type Amounts = Pick<
  GoodRecord,
  'price' | 'revenue' | 'currency' | 'base_currency' | 'price_base' | 'revenue_base'
>

const CODES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/**
 * The currency of an event's amounts and what happened to them, with a space between; undefined for an event without
 * amounts. The currency is an ISO 4217 code, `none`, or `other` for what is not one.
 */
export function amountsSeen(good: Amounts): `${string} ${AmountOutcome}` | undefined {
  if (good.price === null && good.revenue === null) return undefined
  return `${labelOf(good.currency)} ${outcomeOf(good)}`
}

function labelOf(currency: string | null): string {
  if (currency === null) return 'none'
  // As most shops write it; the rest takes longer.
  if (CODES.has(currency)) return currency
  const code = currencyCode(currency)
  return code !== null && CODES.has(code) ? code : 'other'
}

function outcomeOf({ price, revenue, base_currency, price_base, revenue_base }: Amounts): AmountOutcome {
  if (base_currency === null) return 'as_sent'
  const isMissing = (price !== null && price_base === null) || (revenue !== null && revenue_base === null)
  return isMissing ? 'unconverted' : 'converted'
}

/**
 * Watches for unconverted amounts in several currencies: features would add and compare them as if they had one
 * currency. Calls `warn` once, with the codes seen so far.
 */
export function watchCurrencies(warn: (codes: readonly string[]) => void): (seen: Iterable<string>) => void {
  const codes = new Set<string>()
  let isDone = false
  return function watch(seen) {
    if (isDone) return
    for (const each of seen) {
      const [currency = '', outcome] = each.split(' ')
      if (outcome === 'as_sent' && CODES.has(currency)) codes.add(currency)
    }
    if (codes.size < 2) return
    isDone = true
    warn([...codes].sort())
  }
}
