import { describe, expect, test } from 'vitest'
import { goodOf, pageView, unstruct } from '../testing/run.ts'
import type { GoodRecord } from '@sluicebox/event/records'

const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'
const SHOP = 'https://shop.example.com'

describe('other events', () => {
  const struct = (changes: Record<string, unknown>): Record<string, unknown> =>
    pageView({ e: 'se', url: `${SHOP}/x`, ...changes })
  const own = (name: string, version: string, data: object): Record<string, unknown> =>
    pageView({
      e: 'ue',
      url: `${SHOP}/x`,
      ue_pr: unstruct(`${SNOWPLOW}/${name}/jsonschema/${version}`, data),
    })
  test.each<[string, Record<string, unknown>, Partial<GoodRecord>]>([
    ['a link click', own('link_click', '1-0-1', { targetUrl: `${SHOP}/y` }), { action: 'link_click' }],
    [
      'a link that puts into the cart',
      own('link_click', '1-0-1', { targetUrl: `${SHOP}/cart/add/7` }),
      { action: 'add_to_cart' },
    ],
    ['a link to nowhere', own('link_click', '1-0-1', { targetUrl: ':' }), { action: 'link_click' }],
    ['a form', own('submit_form', '1-0-0', { formId: 'f' }), { action: 'form_submit' }],
    [
      'a search',
      own('site_search', '1-0-0', { terms: ['red', 'lamp'] }),
      { action: 'search', search_term: 'red lamp', page_kind: 'search' },
    ],
    [
      'the older cart event',
      own('add_to_cart', '1-0-0', { sku: 'p-1', quantity: 2, unitPrice: 9.5, currency: 'EUR' }),
      { action: 'add_to_cart', product_id: 'p-1', quantity: 2, price: 9.5, currency: 'EUR' },
    ],
    [
      'a legacy order',
      pageView({ e: 'tr', tr_id: 'o-1', tr_tt: '79.00', tr_cu: 'EUR' }),
      { action: 'transaction', order_id: 'o-1', revenue: 79, currency: 'EUR' },
    ],
    [
      'a legacy item',
      pageView({ e: 'ti', ti_id: 'o-1', ti_sk: 'p-1', ti_ca: 'lamps', ti_pr: '9.50', ti_qu: '2' }),
      {
        action: 'transaction_item',
        order_id: 'o-1',
        product_id: 'p-1',
        category: 'lamps',
        price: 9.5,
        quantity: 2,
      },
    ],
    [
      'add-to-basket',
      struct({ se_ca: 'shop', se_ac: 'add-to-basket', se_la: 'p-1', se_pr: 'pcs', se_va: '2' }),
      { action: 'add_to_cart', product_id: 'p-1', struct_value: 2 },
    ],
    [
      'Add to Cart',
      struct({ se_ca: 'ecommerce', se_ac: 'Add to Cart' }),
      { action: 'add_to_cart', product_id: null },
    ],
    ['addToCart', struct({ se_ac: 'addToCart' }), { action: 'add_to_cart' }],
    [
      'a purchase',
      struct({ se_ac: 'purchase', se_la: 'o-1', se_va: '79.5' }),
      { action: 'transaction', order_id: 'o-1', revenue: 79.5 },
    ],
    [
      'a structured event of your own',
      struct({ se_ca: 'video', se_ac: 'Play it' }),
      { action: 'Play it', event_name: 'event' },
    ],
    ['a structured event with a strange action', struct({ se_ac: 'play/it' }), { action: 'struct' }],
    ['a structured event without action', struct({ se_ca: 'x' }), { action: 'struct' }],
  ])('%s', (_name, event, expected) => {
    expect(goodOf(event)).toMatchObject(expected)
  })
})
