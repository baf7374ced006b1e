import { describe, expect, test } from 'vitest'
import { contexts, goodOf, pageView, unstruct } from '../testing/run.ts'
import type { GoodRecord } from '@sluicebox/event/records'

const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'
const SHOP = 'https://shop.example.com'

describe('the e-commerce events of the trackers', () => {
  const ecommerce = `${SNOWPLOW}.ecommerce`
  const entity = (name: string, data: object): object => ({
    schema: `${ecommerce}/${name}/jsonschema/1-0-0`,
    data,
  })
  const product = (id: string): object =>
    entity('product', { id, category: 'lamps', price: 9.5, currency: 'EUR', quantity: 2 })
  const action = (type: string, entities: object[], name?: string): GoodRecord =>
    goodOf(
      pageView({
        e: 'ue',
        url: `${SHOP}/x`,
        ue_pr: unstruct(`${ecommerce}/snowplow_ecommerce_action/jsonschema/1-0-2`, {
          type,
          ...(name === undefined ? {} : { name }),
        }),
        co: contexts(...entities),
      }),
    )

  test.each<[string, object[], Partial<GoodRecord>]>([
    [
      'product_view',
      [product('p-1')],
      { action: 'product_view', page_kind: 'product', product_id: 'p-1', price: 9.5 },
    ],
    [
      'add_to_cart',
      [product('p-1'), entity('cart', { total_value: 19, currency: 'EUR' })],
      {
        action: 'add_to_cart',
        page_kind: 'other',
        product_id: 'p-1',
        category: 'lamps',
        price: 9.5,
        quantity: 2,
        currency: 'EUR',
        revenue: null,
      },
    ],
    ['add_to_cart', [product('p-1'), product('p-2')], { action: 'add_to_cart', product_id: 'p-1' }],
    ['remove_from_cart', [product('p-1')], { action: 'remove_from_cart', product_id: 'p-1' }],
    [
      'list_view',
      [product('p-1'), product('p-2')],
      { action: 'list_view', page_kind: 'list', product_id: null, price: null, category: 'lamps' },
    ],
    ['list_click', [product('p-1')], { action: 'list_click', product_id: 'p-1' }],
    [
      'checkout_step',
      [entity('checkout_step', { step: 1 })],
      { action: 'checkout_step', page_kind: 'checkout' },
    ],
    [
      'transaction',
      [
        entity('transaction', {
          transaction_id: 'o-1',
          revenue: 79,
          currency: 'EUR',
          payment_method: 'card',
          total_quantity: 3,
        }),
        product('p-1'),
        product('p-2'),
      ],
      {
        action: 'transaction',
        page_kind: 'confirmation',
        order_id: 'o-1',
        revenue: 79,
        quantity: 3,
        currency: 'EUR',
        product_id: null,
      },
    ],
    [
      'refund',
      [entity('refund', { transaction_id: 'o-1', refund_amount: 5, currency: 'EUR' })],
      { action: 'refund', order_id: 'o-1', currency: 'EUR', revenue: null },
    ],
    ['trns_error', [], { action: 'transaction_error' }],
    [
      'trns_error',
      [
        entity('transaction', {
          transaction_id: 'o-1',
          revenue: 79,
          currency: 'EUR',
          payment_method: 'card',
          total_quantity: 3,
        }),
      ],
      { action: 'transaction_error', order_id: 'o-1', revenue: null },
    ],
  ])('%s', (type, entities, expected) => {
    expect(action(type, entities)).toMatchObject(expected)
  })

  test('a list without products is named by its name', () => {
    expect(action('list_view', [], 'recommended').category).toBe('recommended')
  })

  test.each([
    ['Product page', 'product'],
    ['home', 'home'],
    ['category', 'list'],
    ['search results', 'search'],
    ['basket', 'cart'],
    ['Order Confirmation', 'confirmation'],
    ['something', 'other'],
  ])('the entity that calls its page "%s" says %s', (type, kind) => {
    const event = goodOf(pageView({ url: `${SHOP}/x`, co: contexts(entity('page', { type })) }))
    expect(event.page_kind).toBe(kind)
  })

  test('entities speak of any event', () => {
    const event = goodOf(pageView({ url: `${SHOP}/product/other`, co: contexts(product('p-1')) }))
    expect(event).toMatchObject({ action: 'product_view', product_id: 'p-1', price: 9.5 })
  })
})
