import { AMOUNT_MAX, boundedAmount, QUANTITY_MAX } from '@sluicebox/protocol/amounts'
import type { Columns } from '../enrichments/columns.ts'
import type { EventName } from '../enrichments/event-name.ts'
import type { Page } from '../enrichments/urls/page.ts'
import { ACTION_NAME, type SentEvent } from '@sluicebox/protocol/sent-event'
import { ACTION_PAGES, PAGE_ACTIONS } from './defaults.ts'
import { readEcommerce } from './ecommerce.ts'
import { readEnhancedEcommerce } from './enhanced-ecommerce.ts'
import { NO_SHOP } from './shop.ts'
import type { PageKind } from '@sluicebox/protocol/page-kinds'
import type { Match, Rules } from './rules.ts'

/** The meaning of an event, in a vocabulary that does not change with the site. */
export interface Decision {
  readonly action: string
  readonly pageKind: PageKind
  readonly productId: string | null
  readonly category: string | null
  readonly price: number | null
  readonly quantity: number | null
  readonly currency: string | null
  readonly revenue: number | null
  readonly orderId: string | null
  readonly searchTerm: string | null
}

const ID_LENGTH_MAX = 255

/**
 * Decides the action, the kind of page and the subject of an event. The client's own words come first, then its
 * e-commerce entities, then a rule about the event, then one about the page.
 */
export function decide(
  event: SentEvent,
  { name, schema }: EventName,
  page: Page,
  pageMatch: Match | undefined,
  rules: Rules,
): Decision {
  const shop = readEcommerce(event) ?? readEnhancedEcommerce(event) ?? NO_SHOP
  const urlKind = (event.pageKind as PageKind | null) ?? shop.pageKind ?? pageMatch?.pageKind ?? 'other'
  // The sender of an event of /v1/events has named its action.
  const match =
    event.type === 'action' ? undefined : rules.matchEvent({ event, name, schema, page, pageKind: urlKind })
  const kind = match?.pageKind ?? urlKind
  const action =
    event.action ??
    shop.action ??
    match?.action ??
    viewAction(event, name, kind, pageMatch) ??
    ownName(event, name)
  return {
    action,
    pageKind: kind === 'other' && Object.hasOwn(ACTION_PAGES, action) ? ACTION_PAGES[action]! : kind,
    productId: short(event.productId ?? shop.productId ?? match?.productId ?? pageMatch?.productId),
    category: short(event.category ?? shop.category ?? match?.category ?? pageMatch?.category),
    price: boundedAmount(event.price ?? shop.price ?? match?.price ?? pageMatch?.price, AMOUNT_MAX),
    quantity: boundedAmount(
      event.quantity ?? shop.quantity ?? match?.quantity ?? pageMatch?.quantity,
      QUANTITY_MAX,
    ),
    currency: event.currency ?? shop.currency ?? match?.currency ?? pageMatch?.currency ?? null,
    revenue: boundedAmount(event.revenue ?? shop.revenue ?? match?.revenue ?? pageMatch?.revenue, AMOUNT_MAX),
    orderId: short(event.orderId ?? shop.orderId ?? match?.orderId ?? pageMatch?.orderId),
    searchTerm: event.searchTerm ?? match?.searchTerm ?? pageMatch?.searchTerm ?? null,
  }
}

/** Returns the action of viewing this page; null for events that are not views. */
function viewAction(
  event: SentEvent,
  name: string,
  kind: PageKind,
  pageMatch: Match | undefined,
): string | null {
  if (event.type !== 'page_view') return null
  return pageMatch?.action ?? PAGE_ACTIONS[kind] ?? name
}

/** Returns the name that the client gave the event. For a structured event this is its action, if it can be a name. */
function ownName(event: SentEvent, name: string): string {
  if (event.type === 'struct')
    return event.structAction !== null && ACTION_NAME.test(event.structAction) ? event.structAction : 'struct'
  return ACTION_NAME.test(name) ? name : 'custom'
}

/** Longer values are not ids. The event still holds what was sent. */
function short(value: string | null | undefined): string | null {
  return value === undefined || value === null || value.length > ID_LENGTH_MAX ? null : value
}

type DecisionColumns =
  | 'action'
  | 'page_kind'
  | 'product_id'
  | 'category'
  | 'price'
  | 'quantity'
  | 'currency'
  | 'revenue'
  | 'order_id'
  | 'search_term'

/** Sets the columns of a decision. */
export function setDecision(
  good: Columns<DecisionColumns>,
  { decision }: { readonly decision: Decision },
): void {
  good.action = decision.action
  good.page_kind = decision.pageKind
  good.product_id = decision.productId
  good.category = decision.category
  good.price = decision.price
  good.quantity = decision.quantity
  good.currency = decision.currency
  good.revenue = decision.revenue
  good.order_id = decision.orderId
  good.search_term = decision.searchTerm
}
