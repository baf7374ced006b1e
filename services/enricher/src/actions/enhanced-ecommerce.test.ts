import { describe, expect, test } from 'vitest'
import type { GoodRecord } from '@sluicebox/event/records'
import { contexts, goodOf, pageView, unstruct } from '../testing/run.ts'

const ENHANCED = 'iglu:com.google.analytics.enhanced-ecommerce'

const entity = (name: string, data: object): object => ({
  schema: `${ENHANCED}/${name}/jsonschema/1-0-0`,
  data,
})
const product = (id: string, more: object = {}): object =>
  entity('productFieldObject', { id, category: 'lamps', price: 9.5, quantity: 2, currency: 'EUR', ...more })
const impression = (id: string): object =>
  entity('impressionFieldObject', { id, list: 'bestsellers', currency: 'EUR' })
const order = (data: object): object => entity('actionFieldObject', data)
const promotion = entity('promoFieldObject', { id: 'spring', name: 'Spring' })

function action(name: string, entities: object[]): GoodRecord {
  const url = 'https://shop.example.com/x'
  const event = unstruct(`${ENHANCED}/action/jsonschema/1-0-0`, { action: name })
  return goodOf(pageView({ e: 'ue', url, ue_pr: event, co: contexts(...entities) }))
}

describe('enhanced e-commerce', () => {
  test.each<[string, object[], Partial<GoodRecord>]>([
    [
      'click',
      [product('p-1'), order({ list: 'bestsellers' })],
      { action: 'list_click', product_id: 'p-1', category: 'lamps', price: 9.5, page_kind: 'other' },
    ],
    [
      'detail',
      [product('p-1'), impression('p-2')],
      { action: 'product_view', page_kind: 'product', product_id: 'p-1', price: 9.5, currency: 'EUR' },
    ],
    [
      'add',
      [product('p-1'), product('p-2')],
      { action: 'add_to_cart', product_id: 'p-1', price: 9.5, quantity: 2, revenue: null },
    ],
    ['remove', [product('p-1')], { action: 'remove_from_cart', product_id: 'p-1', quantity: 2 }],
    [
      'checkout',
      [product('p-1'), product('p-2'), order({ step: 1, revenue: 19 })],
      { action: 'checkout_step', page_kind: 'checkout', product_id: null, revenue: null, order_id: null },
    ],
    ['checkout_option', [order({ step: 2, option: 'card' })], { action: 'checkout_step' }],
    [
      'purchase',
      [product('p-1'), product('p-2', { quantity: 1 }), order({ id: 'o-1', revenue: 28.5, currency: 'EUR' })],
      {
        action: 'transaction',
        page_kind: 'confirmation',
        order_id: 'o-1',
        revenue: 28.5,
        quantity: 3,
        currency: 'EUR',
        product_id: null,
        price: null,
      },
    ],
    [
      'purchase',
      [product('p-1', { quantity: undefined }), order({ id: 'o-2', revenue: 9.5 })],
      { action: 'transaction', order_id: 'o-2', product_id: 'p-1', quantity: null, currency: 'EUR' },
    ],
    ['refund', [order({ id: 'o-1', revenue: 5 })], { action: 'refund', order_id: 'o-1', revenue: null }],
    ['promo_click', [promotion], { action: 'promo_click', product_id: null }],
    ['view', [promotion], { action: 'promo_view', page_kind: 'other' }],
    [
      'view',
      [impression('p-1'), impression('p-2'), promotion],
      { action: 'list_view', page_kind: 'list', product_id: null, category: 'bestsellers' },
    ],
  ])('%s of %j', (name, entities, expected) => {
    expect(action(name, entities)).toMatchObject(expected)
  })

  test('its entities speak of any event', () => {
    const event = goodOf(
      pageView({ url: 'https://shop.example.com/product/x', co: contexts(product('p-1')) }),
    )
    expect(event).toMatchObject({ action: 'product_view', product_id: 'p-1', price: 9.5 })
  })

  test.each([null, 7, [], { action: 7 }])('data of a later version may be %j', data => {
    const ref = `${ENHANCED}/action/jsonschema/1-9-0`
    const event = goodOf(pageView({ e: 'ue', ue_pr: unstruct(ref, data), co: contexts(product('p-1')) }))
    expect(event).toMatchObject({ action: 'action', product_id: 'p-1' })
  })

  test('a product that is broken is set aside, and the action stays', () => {
    const event = action('add', [product('p-1', { price: 'nine' })])
    expect(event).toMatchObject({ action: 'add_to_cart', product_id: null, price: null })
    expect(event.notes).toHaveLength(1)
  })
})
