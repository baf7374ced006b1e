import type { SelfDescribing } from '@sluicebox/protocol/sent-event'
import { normalName } from './patterns.ts'
import type { PageKind } from '@sluicebox/protocol/page-kinds'
import { dataOf, number, text, type Data, type Shop, type ShopSource } from './shop.ts'

const ECOMMERCE = 'iglu:com.snowplowanalytics.snowplow.ecommerce/'
const ACTION = `${ECOMMERCE}snowplow_ecommerce_action/`

// Other actions keep the names of the schema.
const ACTION_NAMES: Readonly<Record<string, string>> = { trns_error: 'transaction_error' }
/** Actions on one product. Other actions list every product that is shown or bought. */
const ON_ONE_PRODUCT = new Set(['product_view', 'list_click', 'add_to_cart', 'remove_from_cart'])

/**
 * Reads Snowplow's e-commerce: the entities of any event, and the action of its own event. Undefined if the event has
 * neither.
 */
export function readEcommerce({ event, entities }: ShopSource): Shop | undefined {
  const action = dataOf(event, ACTION)
  if (action === undefined && !entities.some(isShop)) return undefined

  const products: Data[] = []
  let cart: Data | undefined
  let transaction: Data | undefined
  let refund: Data | undefined
  let pageType: unknown
  for (const { schema, data } of entities) {
    if (!schema.startsWith(ECOMMERCE)) continue
    switch (schema.slice(ECOMMERCE.length, schema.indexOf('/', ECOMMERCE.length))) {
      case 'product':
        products.push(data as Data)
        break
      case 'cart':
        cart = data as Data
        break
      case 'transaction':
        transaction = data as Data
        break
      case 'refund':
        refund = data as Data
        break
      case 'page':
        pageType = (data as Data)['type']
        break
    }
  }
  const type = text(action?.['type'])
  const first = products[0]
  // An event with several products is about none in particular, unless its action is on one product.
  const product = products.length === 1 || (type !== null && ON_ONE_PRODUCT.has(type)) ? first : undefined
  return {
    action: type === null ? null : Object.hasOwn(ACTION_NAMES, type) ? ACTION_NAMES[type]! : type,
    pageKind: typeof pageType === 'string' ? kindOfPage(pageType) : null,
    productId: text(product?.['id']),
    category: text(first?.['category']) ?? text(action?.['name']),
    price: number(product?.['price']),
    quantity: number(transaction?.['total_quantity']) ?? number(product?.['quantity']),
    currency:
      text(transaction?.['currency']) ??
      text(first?.['currency']) ??
      text(refund?.['currency']) ??
      text(cart?.['currency']),
    // An order that failed earns nothing.
    revenue: type === 'trns_error' ? null : number(transaction?.['revenue']),
    orderId: text(transaction?.['transaction_id']) ?? text(refund?.['transaction_id']),
  }
}

const isShop = ({ schema }: SelfDescribing): boolean => schema.startsWith(ECOMMERCE)

/** The words that a site uses for its pages, in the order in which they decide. */
const PAGE_WORDS: readonly (readonly [PageKind, RegExp])[] = [
  ['confirmation', /confirm|thank|success|order_complete/],
  ['checkout', /checkout|payment|shipping|delivery|billing/],
  ['cart', /cart|basket|(?:^|_)bag(?:_|$)/],
  ['search', /search/],
  ['list', /list|categor|collection|catalog|plp|department|brand/],
  ['product', /product|detail|pdp|item/],
  ['account', /account|login|sign|register|profile|wish/],
  ['home', /home|start|index|landing/],
  ['content', /content|blog|article|info|about|help|contact|faq|static/],
]

function kindOfPage(type: string): PageKind | null {
  const name = normalName(type)
  return PAGE_WORDS.find(([, words]) => words.test(name))?.[0] ?? null
}
