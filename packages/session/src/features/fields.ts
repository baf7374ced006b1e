import type { SessionEvent } from '../session-event.ts'

// The fields of an event that features may read, by what may be done with them. Ids of visitors, sessions and events
// are in none of the lists: they can't become features.

/** Fields that may be compared with values, counted by value and put into sequences. */
export const TEXT_FIELDS = [
  'action',
  'page_kind',
  'category',
  'event_name',
  'page_path',
  'referrer_medium',
  'referrer_source',
  'mkt_medium',
  'mkt_source',
  'mkt_campaign',
  'browser_name',
  'os_name',
  'device_type',
  'language',
  'timezone',
  'geo_country',
  'app_id',
  'platform',
  'is_bot',
  'simulated',
] as const satisfies readonly (keyof SessionEvent)[]

/** Fields that features may only count by distinct values, or test for presence. */
export const COUNTED_FIELDS = ['product_id', 'search_term'] as const satisfies readonly (keyof SessionEvent)[]

export const NUMBER_FIELDS = [
  'price',
  'quantity',
  'revenue',
  'session_index',
  'viewport_width',
  'viewport_height',
  'scroll_y_max',
] as const satisfies readonly (keyof SessionEvent)[]

export type TextField = (typeof TEXT_FIELDS)[number]
export type CountedField = (typeof COUNTED_FIELDS)[number]
export type NumberField = (typeof NUMBER_FIELDS)[number]
export type Field = TextField | CountedField | NumberField

type Getter<T> = (event: SessionEvent) => T | null

// One small function per field, because a read by a computed name is several times slower.

/** The field as text; flags are "true" and "false". */
export const getText: Readonly<Record<TextField | CountedField, Getter<string>>> = {
  action: event => event.action,
  page_kind: event => event.page_kind,
  category: event => event.category,
  event_name: event => event.event_name,
  page_path: event => event.page_path,
  referrer_medium: event => event.referrer_medium,
  referrer_source: event => event.referrer_source,
  mkt_medium: event => event.mkt_medium,
  mkt_source: event => event.mkt_source,
  mkt_campaign: event => event.mkt_campaign,
  browser_name: event => event.browser_name,
  os_name: event => event.os_name,
  device_type: event => event.device_type,
  language: event => event.language,
  timezone: event => event.timezone,
  geo_country: event => event.geo_country,
  app_id: event => event.app_id,
  platform: event => event.platform,
  is_bot: event => (event.is_bot ? 'true' : 'false'),
  simulated: event => (event.simulated ? 'true' : 'false'),
  product_id: event => event.product_id,
  search_term: event => event.search_term,
}

/**
 * The field as a number; what is not a finite number counts as missing. Price and revenue are those in the base currency
 * where the event has one: an amount that could not be converted is missing, never one in another currency.
 */
export const getNumber: Readonly<Record<NumberField, Getter<number>>> = {
  price: event => finite(hasBase(event) ? event.price_base : event.price),
  quantity: event => finite(event.quantity),
  revenue: event => finite(hasBase(event) ? event.revenue_base : event.revenue),
  session_index: event => finite(event.session_index),
  viewport_width: event => finite(event.viewport_width),
  viewport_height: event => finite(event.viewport_height),
  scroll_y_max: event => finite(event.scroll_y_max),
}

/** Events from before the site had a base currency, and the golden sessions of bundles, have their amounts as they were sent. */
function hasBase({ base_currency }: SessionEvent): boolean {
  return typeof base_currency === 'string'
}

function finite(value: number | null): number | null {
  return Number.isFinite(value) ? value : null
}

export function isNumberField(field: Field): field is NumberField {
  return field in getNumber
}
