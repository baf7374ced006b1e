import { blankGood } from '@sluicebox/event/blank'
import type { GoodRecord } from '@sluicebox/event/records'

/** The fields of a good record that sessions and features read. */
export type SessionEvent = Pick<GoodRecord, (typeof SESSION_FIELDS)[number]>

/** For `createCodec`: the other fields of a good record need not be built. */
export const SESSION_FIELDS = [
  'kind',
  'collected_at',
  'created_at',
  'event_time',
  'visitor',
  'event_id',
  'session_id',
  'session_index',
  'action',
  'page_kind',
  'product_id',
  'category',
  'price',
  'quantity',
  'revenue',
  'base_currency',
  'price_base',
  'revenue_base',
  'search_term',
  'page_path',
  'referrer_medium',
  'referrer_source',
  'mkt_medium',
  'mkt_source',
  'mkt_campaign',
  'browser_name',
  'os_name',
  'device_type',
  'is_bot',
  'language',
  'timezone',
  'geo_country',
  'viewport_width',
  'viewport_height',
  'scroll_y_max',
  'event_name',
  'app_id',
  'platform',
  'event_data',
  'simulated',
] as const satisfies readonly (keyof GoodRecord)[]

/** Returns an event of which nothing is known; `changes` override its fields. */
export function blankSessionEvent(changes: Partial<SessionEvent> = {}): SessionEvent {
  return blankGood(changes)
}
