import { MEDIA_RULES } from './default-media.ts'
import { CART, PAGE_RULES } from './default-pages.ts'
import type { PageKind } from '@sluicebox/protocol/page-kinds'
import type { Rule } from './rule.ts'

// The rules that ship: URLs, and the events that trackers send. A site's own rules are tried first.

/** Changes with the rules: every event carries it. */
export const DEFAULT_RULES_VERSION = '2026.11'

const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'
const PRODUCT_DATA: Rule['then'] = {
  productId: 'data:sku',
  category: 'data:category',
  price: 'data:unitPrice',
  quantity: 'data:quantity',
  currency: 'data:currency',
}
const STRUCT_PRODUCT: Rule['then'] = { productId: 'struct:label' }

/** By the event, whatever the page. */
const EVENT_RULES: readonly Rule[] = [
  {
    when: { event: 'add_to_cart', schema: `${SNOWPLOW}/add_to_cart/*` },
    then: { action: 'add_to_cart', ...PRODUCT_DATA },
  },
  {
    when: { event: 'remove_from_cart', schema: `${SNOWPLOW}/remove_from_cart/*` },
    then: { action: 'remove_from_cart', ...PRODUCT_DATA },
  },
  {
    when: { event: 'site_search', schema: `${SNOWPLOW}/site_search/*` },
    then: { action: 'search', searchTerm: 'data:terms' },
  },
  { when: { event: 'submit_form', schema: `${SNOWPLOW}/submit_form/*` }, then: { action: 'form_submit' } },
  { when: { event: 'screen_view' }, then: { action: 'page_view' } },
  {
    when: {
      event: 'link_click',
      target: [`/**/${CART}/add/**`, '/**/(add-to-cart|add_to_cart|addtocart)/**'],
    },
    then: { action: 'add_to_cart' },
  },
  {
    when: {
      event: 'event',
      structAction: [
        'add to cart',
        'add to basket',
        'add to bag',
        'addtocart',
        'addtobasket',
        'cart add',
        'basket add',
      ],
    },
    then: { action: 'add_to_cart', ...STRUCT_PRODUCT },
  },
  {
    when: {
      event: 'event',
      structAction: [
        'remove from cart',
        'remove from basket',
        'remove from bag',
        'removefromcart',
        'removefrombasket',
      ],
    },
    then: { action: 'remove_from_cart', ...STRUCT_PRODUCT },
  },
  {
    when: {
      event: 'event',
      structAction: ['product view', 'view product', 'view item', 'product detail', 'detail view'],
    },
    then: { action: 'product_view', ...STRUCT_PRODUCT },
  },
  {
    when: {
      event: 'event',
      structAction: ['list view', 'view item list', 'category view', 'product list view'],
    },
    then: { action: 'list_view' },
  },
  {
    when: { event: 'event', structAction: ['search', 'site search', 'internal search'] },
    then: { action: 'search', searchTerm: 'struct:label' },
  },
  {
    when: {
      event: 'event',
      structAction: ['checkout', 'checkout step', 'begin checkout', 'initiate checkout'],
    },
    then: { action: 'checkout_step' },
  },
  {
    when: {
      event: 'event',
      structAction: [
        'transaction',
        'purchase',
        'order',
        'order complete',
        'order completed',
        'checkout complete',
      ],
    },
    then: { action: 'transaction', orderId: 'struct:label', revenue: 'struct:value' },
  },
]

export const DEFAULT_RULES: readonly Rule[] = [...PAGE_RULES, ...EVENT_RULES, ...MEDIA_RULES]

/**
 * The action of viewing each kind of page. A confirmation counts as the transaction: a page that only buyers see must
 * not be a feature of a model that predicts purchases.
 */
export const PAGE_ACTIONS: Readonly<Partial<Record<PageKind, string>>> = {
  product: 'product_view',
  list: 'list_view',
  search: 'search',
  checkout: 'checkout_step',
  confirmation: 'transaction',
}

/** The kind of page that an action's name implies, used when the URL does not tell. */
export const ACTION_PAGES: Readonly<Record<string, PageKind>> = {
  product_view: 'product',
  list_view: 'list',
  search: 'search',
  checkout_step: 'checkout',
  transaction: 'confirmation',
}
