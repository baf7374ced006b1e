import type { SelfDescribing } from '@sluicebox/protocol/sent-event'
import { dataOf, number, text, type Data, type Shop, type ShopSource } from './shop.ts'

const ENHANCED = 'iglu:com.google.analytics.enhanced-ecommerce/'
const ACTION = `${ENHANCED}action/`

/** Names of its actions in our vocabulary; other actions keep their names. */
const ACTION_NAMES: ReadonlyMap<string, string> = new Map([
  ['click', 'list_click'],
  ['detail', 'product_view'],
  ['add', 'add_to_cart'],
  ['remove', 'remove_from_cart'],
  ['checkout', 'checkout_step'],
  ['checkout_option', 'checkout_step'],
  ['purchase', 'transaction'],
])
/** Actions on one product. Other actions list every product that is shown or bought. */
const ON_ONE_PRODUCT = new Set(['click', 'detail', 'add', 'remove'])

/**
 * Reads enhanced e-commerce as Google Analytics defines it: the entities of any event, and the action of its own event.
 * Undefined if the event has neither.
 */
export function readEnhancedEcommerce({ event, entities }: ShopSource): Shop | undefined {
  const action = text(dataOf(event, ACTION)?.['action'])
  if (action === null && !entities.some(isEnhanced)) return undefined

  const products: Data[] = []
  const impressions: Data[] = []
  let order: Data | undefined
  let isPromotion = false
  for (const { schema, data } of entities) {
    if (!schema.startsWith(ENHANCED)) continue
    switch (schema.slice(ENHANCED.length, schema.indexOf('/', ENHANCED.length))) {
      case 'productFieldObject':
        products.push(data as Data)
        break
      case 'impressionFieldObject':
        impressions.push(data as Data)
        break
      case 'actionFieldObject':
        order = data as Data
        break
      case 'promoFieldObject':
        isPromotion = true
        break
    }
  }
  const [first] = products
  const product = products.length === 1 || (action !== null && ON_ONE_PRODUCT.has(action)) ? first : undefined
  const isPurchase = action === 'purchase'
  return {
    action: nameOf(action, isPromotion && impressions.length === 0 && products.length === 0),
    pageKind: null,
    productId: text(product?.['id']),
    category:
      text(first?.['category']) ??
      text(impressions[0]?.['category']) ??
      text(order?.['list']) ??
      text(impressions[0]?.['list']),
    price: number(product?.['price']),
    quantity: isPurchase ? sumOf(products, 'quantity') : number(product?.['quantity']),
    currency: text(order?.['currency']) ?? text((first ?? impressions[0])?.['currency']),
    // A checkout may state its total, but only a purchase is revenue.
    revenue: isPurchase ? number(order?.['revenue']) : null,
    orderId: isPurchase || action === 'refund' ? text(order?.['id']) : null,
  }
}

const isEnhanced = ({ schema }: SelfDescribing): boolean => schema.startsWith(ENHANCED)

/** A view counts as one of promotions only when nothing else was shown. */
function nameOf(action: string | null, isOfPromotions: boolean): string | null {
  if (action === 'view') return isOfPromotions ? 'promo_view' : 'list_view'
  return action === null ? null : (ACTION_NAMES.get(action) ?? action)
}

/** The sum over the products that have a value; null when none has. */
function sumOf(products: readonly Data[], field: string): number | null {
  const values = products.flatMap(product => number(product[field]) ?? [])
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0)
}
