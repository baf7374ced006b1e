import { AMOUNT_MAX, boundedAmount } from '@sluicebox/protocol/amounts'
import type { RawRecord } from '@sluicebox/event/records'
import { note, type SentEvent } from '@sluicebox/protocol/sent-event'
import type { Decision } from '../../actions/decide.ts'
import type { Columns } from '../columns.ts'
import { eventTime } from '../event-time.ts'
import { currencyCode, type NoRate, type Rates } from './rates.ts'

/** The operator's rates, and the currency that they convert to. */
export interface Conversion {
  readonly base: string
  readonly rateAt: Rates['rateAt']
}

const WHY_NOT: Readonly<Record<NoRate, string>> = {
  unknown_currency: 'without a rate',
  too_early: 'whose first rate is later than the event',
  too_old: 'whose last rate before the event is too old',
}

/**
 * Sets price and revenue in the base currency, by the rate of the event's date. Null where there is no rate, with a
 * note; null all three without a file of rates, and for an event without amounts.
 */
export function setBaseAmounts(
  good: Columns<'base_currency' | 'price_base' | 'revenue_base'>,
  {
    event,
    raw,
    decision: { currency, price, revenue },
    tools: { conversion },
  }: {
    readonly event: Pick<SentEvent, 'createdAt' | 'sentAt' | 'isTimeTrue' | 'notes'>
    readonly raw: Pick<RawRecord, 'collected_at'>
    readonly decision: Pick<Decision, 'currency' | 'price' | 'revenue'>
    readonly tools: { readonly conversion: Conversion | undefined }
  },
): void {
  good.base_currency = null
  good.price_base = null
  good.revenue_base = null
  if (conversion === undefined || (price === null && revenue === null)) return
  const { base } = conversion
  good.base_currency = base
  const rate = rateOf(currency, eventTime(event, raw.collected_at).eventTime, conversion)
  if (typeof rate === 'string') {
    note(event, 'currency', 'currency', `${rate}, so there is no amount in ${base}`)
    return
  }
  good.price_base = inBase(price, rate)
  good.revenue_base = inBase(revenue, rate)
  if ((price !== null && good.price_base === null) || (revenue !== null && good.revenue_base === null))
    note(
      event,
      'currency',
      'currency',
      `makes an amount of more than ${AMOUNT_MAX} ${base}, which is left out`,
    )
}

/** The rate, or why there is none. */
function rateOf(currency: string | null, instantMs: number, { rateAt }: Conversion): number | string {
  if (currency === null) return 'is missing'
  const code = currencyCode(currency)
  if (code === null) return 'is not an ISO 4217 code'
  const rate = rateAt(code, instantMs)
  return typeof rate === 'string' ? `is ${code}, ${WHY_NOT[rate]}` : rate
}

function inBase(amount: number | null, rate: number): number | null {
  return amount === null ? null : boundedAmount(amount / rate, AMOUNT_MAX)
}
