import { asCollectedTime } from '@sluicebox/event/instants'
import type { GoodRecord } from '@sluicebox/event/records'
import { expect, test } from 'vitest'
import { compileFiles } from '../../files/files.ts'
import { rawRecord, run, testConfig, testEnricher } from '../../testing/run.ts'

const SETTING = { base: 'EUR', ratesFile: 'rates.csv', ageDaysMax: 10 }
const bytes = Buffer.from(
  'date,currency,rate\n2026-11-18,USD,1.25\n2026-11-20,USD,2\n2026-11-20,ZWL,0.000001\n',
)
const config = testConfig({ currency: SETTING })
const files = compileFiles({ rates: { name: 'rates.csv', bytes } }, config)
const enricher = testEnricher({ currency: SETTING }, { files })

interface Sale {
  readonly price?: number
  readonly revenue?: number
  readonly currency?: string
  readonly time?: string
}

function amountsOf(
  { price, revenue, currency, time }: Sale,
  by = enricher,
  collectedAt = '2026-11-20T12:00:00Z',
) {
  const event = { action: 'add_to_cart', time, product: { price, currency }, order: { revenue, currency } }
  const raw = rawRecord({
    path: '/v1/events',
    querystring: null,
    content_type: 'application/json',
    body: Buffer.from(JSON.stringify(event)),
    collected_at: asCollectedTime(Date.parse(collectedAt)),
  })
  const { base_currency, price_base, revenue_base, notes, ...good } = run([raw], by).good[0] as GoodRecord
  return {
    sent: [good.price, good.revenue, good.currency],
    made: [base_currency, price_base, revenue_base, ...notes],
  }
}

test.each<[what: string, sale: Sale, made: unknown[]]>([
  ['a price', { price: 10, currency: 'USD' }, ['EUR', 5, null]],
  ['a revenue', { revenue: 30, currency: 'USD' }, ['EUR', null, 15]],
  ['both', { price: 10, revenue: 30, currency: 'USD' }, ['EUR', 5, 15]],
  ['nothing', { price: 0, currency: 'USD' }, ['EUR', 0, null]],
  ['the base currency', { price: 0.1, currency: 'EUR' }, ['EUR', 0.1, null]],
  ['a code in lower case', { price: 10, currency: 'usd' }, ['EUR', 5, null]],
  ['an earlier date', { price: 10, currency: 'USD', time: '2026-11-19T23:00:00Z' }, ['EUR', 8, null]],
  ['no amount', { currency: 'USD' }, [null, null, null]],
  ['no amount and no currency', {}, [null, null, null]],
  ['no currency', { price: 10 }, ['EUR', null, null, 'currency is missing, so there is no amount in EUR']],
  [
    'a currency without a rate',
    { price: 10, currency: 'CHF' },
    ['EUR', null, null, 'currency is CHF, without a rate, so there is no amount in EUR'],
  ],
  [
    'a date before the first rate',
    { price: 10, currency: 'USD', time: '2026-11-17T23:00:00Z' },
    [
      'EUR',
      null,
      null,
      'currency is USD, whose first rate is later than the event, so there is no amount in EUR',
    ],
  ],
  [
    'an amount that becomes too large, and one that does not',
    { price: 1, revenue: 1e9, currency: 'ZWL' },
    ['EUR', 1_000_000, null, 'currency makes an amount of more than 1000000000000 EUR, which is left out'],
  ],
])('%s in the base currency', (_what, sale, made) => {
  const { sent, made: found } = amountsOf(sale)
  expect(found).toEqual(made)
  // What was sent stays as it was sent.
  const { price = null, revenue = null, currency = null } = sale
  expect(sent).toEqual([price, revenue, currency])
})

test('a rate that is too old is not used', () => {
  const usd = { price: 10, currency: 'USD' }
  expect(amountsOf(usd, enricher, '2026-11-30T23:59:00Z').made).toEqual(['EUR', 5, null])
  expect(amountsOf(usd, enricher, '2026-12-01T00:01:00Z').made).toEqual([
    'EUR',
    null,
    null,
    'currency is USD, whose last rate before the event is too old, so there is no amount in EUR',
  ])
})

test('without a file of rates nothing is converted and nothing noted', () => {
  expect(amountsOf({ price: 10, currency: 'USD' }, testEnricher()).made).toEqual([null, null, null])
})
